package main

import (
	"net/http"
	"regexp"
	"strings"
)

// publishFieldCases: data, type and retry of an update.
var publishFieldCases = []Case{
	{
		ID:    "PUB-data-optional",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			a := t.Post(t.PublisherToken(), Form("topic", topic))
			t.succeeds("publishing without data", a)
			if e := s.Next(); e.ID != a.Body || e.Data != "" {
				t.Errorf("the event has id %q and data %q, want %q and none", e.ID, short(e.Data), a.Body)
			}
		},
	},
	{
		ID: "PUB-data-utf8",
		Run: func(t *T) {
			t.refused(t.beside("data=%80", "data=a%ED%A0%80", "data=a%C3")...)
		},
	},
	{
		ID:    "PUB-data-opaque",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			for _, data := range []string{
				"\x00\x01{not json",
				"a\vb\fc\x7f\u0085\u2028\u2029d\x1b[0m", // no line breaks, all of them
				"\ufeff\u200b\u00ad%41&amp;+ <script>",
			} {
				t.accepted(Form("topic", topic, "data", data))
				if e := s.Next(); e.Data != data {
					t.Errorf("data %q arrived as %q", data, e.Data)
				}
			}
		},
	},
	{
		ID: "PUB-type-control-400",
		Run: func(t *T) {
			t.refused(t.beside("type=a%0Adata:+x", "type=a%0D", "type=a%00", "type=%09a", "type=a%7F", "type=a%C2%80", "type=a%C2%9F")...)
		},
	},
	{
		ID: "PUB-type-cf-400",
		Run: func(t *T) {
			t.refused(t.beside("type=a%C2%ADb", "type=a%E2%80%8Bb", "type=%EF%BB%BFa")...)
		},
	},
	{
		ID: "PUB-type-mercure-400",
		Run: func(t *T) {
			topic := t.Topic("a")
			for _, granted := range []string{"*", topic} {
				token := t.Token(Publisher, Grant{Publish: []string{granted}})
				t.WantStatus("publishing type=mercure with a grant on "+granted,
					t.Post(token, Form("topic", topic, "type", "mercure")), http.StatusBadRequest)
			}
			t.accepted(t.beside("type=Mercure", "type=mercure2")...)
		},
	},
	{
		ID: "PUB-retry-digits-400",
		Run: func(t *T) {
			t.refused(t.beside("retry=-1", "retry=%2B5", "retry=1.5", "retry=%205", "retry=5%20", "retry=%D9%A5", "retry=1s", "retry=0x5")...)
		},
	},
	{
		ID:    "PUB-retry-big",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			digits := regexp.MustCompile(`^[0-9]+$`)
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			for _, retry := range []string{"99999999999999999999", "007", strings.Repeat("9", 100)} {
				t.accepted(Form("topic", topic, "retry", retry))
				if e := s.Next(); !digits.MatchString(e.Retry) {
					t.Errorf("publishing retry=%s: the stream shows retry %q, want digits", retry, e.Retry)
				}
			}
		},
	},
}

// publishPrivateCases: what makes an update private.
var publishPrivateCases = []Case{
	{
		ID:    "PUB-private-presence",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.isPrivate("private=on", "private=", "private") },
	},
	{
		ID:    "PUB-private-value-ignored",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.isPrivate("private=false", "private=0", "private=off", "private=no", "private=null") },
	},
	{
		ID:    "PUB-0x-private-presence",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.isPrivate("private=", "private=0", "private", "private=on") },
	},
}

// isPrivate asserts that updates with these fields, as written on the wire,
// reach a stream whose token grants their topic, and no other.
func (t *T) isPrivate(fields ...string) {
	topic := t.Topic("a")
	granted := t.Subscribe(t.Token(Subscriber, Grant{Subscribe: []string{topic}}), topic)
	others := t.Subscribe(t.Token(Subscriber, Grant{Subscribe: []string{t.Topic("b")}}), topic)
	for _, form := range t.beside(fields...) {
		a := t.Post(t.PublisherToken(), form)
		t.succeeds("publishing "+form, a)
		granted.Want("the granted stream, after "+form, a.Body)
		others.Silent("the stream without a grant, after "+form, topic)
		granted.Next() // the sentinel
	}
}
