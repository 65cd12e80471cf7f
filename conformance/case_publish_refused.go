package main

import (
	"fmt"
	"net/http"
	"strings"
)

// refusedPublishCases: what a refused publish, or a hostile one, leaves behind.
var refusedPublishCases = []Case{
	{
		ID:    "PUB-rejected-not-dispatched",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			live := t.Subscribe(t.SubscriberToken(), "*")
			before := t.Publish("topic", topic, "data", "before")
			marks := t.publishRefused(topic)
			live.without("live", topic, marks)
			replay := t.Open(Request{
				Query: t.Topics("*") + "&" + Form(t.CursorParam(), before),
				Token: t.SubscriberToken(),
			})
			replay.without("on replay", topic, marks)
		},
	},
	{
		ID:    "PUB-no-sse-injection",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			for _, sep := range []string{"\n", "\r", "\r\n", "\x00"} {
				forgery := "7" + sep + "event: forged" + sep + "data: forged" + sep + sep + "data: forged" + sep + sep
				for _, field := range []string{"topic", "id", "type", "retry"} {
					a := t.Post(t.PublisherToken(), Form("topic", topic, "data", "x", field, forgery))
					if !t.Legacy() {
						t.WantStatus(fmt.Sprintf("publishing %s=%q", field, forgery), a, http.StatusBadRequest)
					}
				}
				t.Publish("topic", topic, "data", forgery)
			}
			for _, e := range s.Until(topic) {
				s.wantNoForgery(e.Lines)
			}
			s.wantNoForgery(s.allNotes())
		},
	},
}

// publishRefused makes publishes that a hub refuses, each with data of its
// own, and returns the data of those that were refused: in 1.0 all, in 0.x,
// where some break rules of 1.0 only, at least those that break its own.
func (t *T) publishRefused(topic string) (marks []string) {
	publisher := t.PublisherToken()
	foreign := t.Cookie(publisher)
	foreign.Set("Origin", "https://attacker.example")
	partly := t.Token(Publisher, Grant{Publish: []string{topic}})
	plain := Form("topic", topic) + "&data=MARK"
	requests := []Request{
		{Form: plain},
		{Form: plain, Token: "garbage"},
		{Form: plain, Token: t.Token(Publisher, Grant{Publish: []string{t.Topic("b")}})},
		{Form: plain + "&" + Form("topic", t.Topic("b")), Token: partly},
		{Form: Form("topic", t.Topic("b")) + "&" + plain, Token: partly},
		{Form: "data=MARK", Token: publisher},
		{Body: plain, Type: "application/json", Token: publisher},
		{Form: plain, Header: foreign},
	}
	own := len(requests)
	for _, field := range []string{
		"topic=*", Form("topic", t.hubPath()+"/x"), "topic=%23general", "topic=a%0Ab", "topic=%C3%28", "topic=a%E2%80%8B",
		"id=%23a", "id=earliest", "id=a%0A", "id=a%E2%80%8B", "type=a%0D", "type=a%C2%AD", "type=mercure",
		"retry=-1", "retry=1s", "%FF=x",
	} {
		requests = append(requests, Request{Form: plain + "&" + field, Token: publisher})
	}
	for _, topic := range []string{"*", t.hubPath(), "#" + t.run} {
		requests = append(requests, Request{Form: Form("topic", topic) + "&data=MARK", Token: publisher})
	}
	requests = append(requests, Request{Form: plain + "%FF", Token: publisher})

	for i, r := range requests {
		mark := fmt.Sprintf("refused-%s-%02d", t.run, i)
		r.Method = http.MethodPost
		r.Form = strings.ReplaceAll(r.Form, "MARK", mark)
		r.Body = strings.ReplaceAll(r.Body, "MARK", mark)
		a := t.Do(r)
		if a.Status >= 400 {
			marks = append(marks, mark)
		} else if i < own || !t.Legacy() {
			t.Errorf("publishing %s: status %d, want a refusal", r.Form+r.Body, a.Status)
		}
	}
	return marks
}

// without asserts that no event before a sentinel on the topic, which the
// stream matches, carries one of the marks in its data.
func (s *Stream) without(when, topic string, marks []string) {
	for _, e := range s.Until(topic) {
		for _, mark := range marks {
			if strings.Contains(e.Data, mark) {
				s.t.Errorf("%s a refused update was dispatched: %q", when, e.Lines)
			}
		}
	}
}

// allNotes returns the lines outside of events that came so far.
func (s *Stream) allNotes() (lines []string) {
	for {
		select {
		case l := <-s.notes:
			lines = append(lines, l)
		default:
			return lines
		}
	}
}

func (s *Stream) wantNoForgery(lines []string) {
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		if (name == "event" || name == "data") && strings.TrimPrefix(value, " ") == "forged" {
			s.t.Errorf("the stream holds the forged line %q", l)
		}
	}
}
