package main

import (
	"net/http"
	"regexp"
	"strings"
)

// publishIDCases: the id of an update, brought or made.
var publishIDCases = []Case{
	{
		ID:    "PUB-id-used",
		Needs: []Need{SubscriberKey},
		Run:   (*T).broughtID,
	},
	{
		ID:    "PUB-id-substitute",
		Needs: []Need{SubscriberKey},
		Run:   (*T).broughtID,
	},
	{
		ID: "PUB-id-hash-400",
		Run: func(t *T) {
			t.refused(t.beside("id=%23a", "id=%23")...)
			t.accepted(t.beside("id=" + t.run + "a%23")...)
		},
	},
	{
		ID: "PUB-id-earliest-400",
		Run: func(t *T) {
			t.refused(t.beside("id=earliest")...)
			t.accepted(t.beside("id=Earliest", "id=earliest2")...)
		},
	},
	{
		ID: "PUB-id-control-400",
		Run: func(t *T) {
			t.refused(t.beside("id=a%0Ab", "id=a%0D", "id=a%00", "id=%1Fa", "id=a%7F", "id=a%C2%80", "id=a%C2%85", "id=a%C2%9Fb")...)
		},
	},
	{
		ID: "PUB-id-cf-400",
		Run: func(t *T) {
			t.refused(t.beside("id=a%E2%80%8B", "id=a%C2%ADb", "id=%EF%BB%BFa", "id=a%F3%A0%80%A0")...)
		},
	},
	{
		ID: "PUB-id-checked-even-if-ignored",
		Run: func(t *T) {
			t.refused(t.beside("id=a%0A")...)
		},
	},
	{
		ID:  "PUB-id-generated",
		Run: (*T).generatedIDs,
	},
	{
		ID:  "PUB-0x-id-generated",
		Run: (*T).generatedIDs,
	},
	{
		ID:  "PUB-0x-id-fragment",
		Run: (*T).generatedIDs,
	},
	{
		ID:    "PUB-id-empty",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			a := t.Post(t.PublisherToken(), Form("topic", topic, "id", ""))
			if a.Status == http.StatusBadRequest {
				s.Silent("a publish refused for its empty id", topic)
				return
			}
			t.succeeds("publishing an empty id", a)
			e := s.Next()
			if a.Body == "" || e.ID != a.Body {
				t.Errorf("the body is %q and the event's id %q, want one generated id", a.Body, e.ID)
			}
			for _, l := range e.Lines {
				if name, value, _ := strings.Cut(l, ":"); name == "id" && strings.TrimSpace(value) == "" {
					t.Errorf("the event has the line %q, which erases the client's cursor", l)
				}
			}
		},
	},
	{
		ID: "PUB-0x-id-refused",
		Run: func(t *T) {
			a := t.Post(t.PublisherToken(), Form("topic", t.Topic("a"), "id", "#a"))
			if a.Status < 400 || a.Status > 499 {
				t.Errorf("publishing id=#a: status %d, want one from 400 to 499", a.Status)
			}
		},
	},
}

// broughtID asserts that answer and event agree on an id: the publisher's, or
// one of the hub's own.
func (t *T) broughtID() {
	topic, brought := t.Topic("a"), "urn:x:"+t.run
	s := t.Subscribe(t.SubscriberToken(), topic)
	id := t.Publish("topic", topic, "id", brought)
	if e := s.Next(); e.ID != id {
		t.Errorf("the event's id is %q, want %q as in the answer", e.ID, id)
	}
	if id != brought && !isGenerated(id) {
		t.Errorf("the id is %q, want %q or one that the hub generated", id, brought)
	}
}

// generatedIDs asserts that ids the hub makes differ, and are IRIs or
// fragments.
func (t *T) generatedIDs() {
	first, second := t.Publish("topic", t.Topic("a")), t.Publish("topic", t.Topic("a"))
	if first == second {
		t.Errorf("two updates got the same id %q", first)
	}
	for _, id := range []string{first, second} {
		if !isGenerated(id) {
			t.Errorf("the generated id %q is neither an IRI nor a fragment", id)
		}
	}
}

// An IRI begins with a scheme, a fragment with "#"; what follows are the
// characters of RFC 3987, roughly: all beyond ASCII count.
var iri = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:([\w.~:/?\[\]@!$&'()*+,;=\-]|%[0-9A-Fa-f]{2}|[^\x00-\x{9f}])*)?(#([\w.~:/?@!$&'()*+,;=\-]|%[0-9A-Fa-f]{2}|[^\x00-\x{9f}])*)?$`)

func isGenerated(id string) bool { return id != "" && iri.MatchString(id) }
