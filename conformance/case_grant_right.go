package main

import (
	"maps"
	"time"
)

// rightCases: what publishers and subscribers may do by their grants.
var rightCases = []Case{
	{
		ID: "AUTH-publish-all-topics",
		Run: func(t *T) {
			both := Form("topic", t.Topic("a"), "topic", t.Topic("b"))
			a, b := grant("publish", t.Topic("a")), grant("publish", t.Topic("b"))
			t.WantStatus("publishing to a and b with a grant on a", t.Post(t.mint(Publisher, a), both), 403)
			t.WantStatus("publishing to a and b with a grant on b", t.Post(t.mint(Publisher, b), both), 403)
			t.WantStatus("publishing to a and b with two details", t.Post(t.mint(Publisher, a, b), both), 200)
		},
	},
	{
		ID:    "AUTH-publish-partial",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			onA, onB := t.Subscribe(t.SubscriberToken(), t.Topic("a")), t.Subscribe(t.SubscriberToken(), t.Topic("b"))
			token := t.mint(Publisher, grant("publish", t.Topic("a")))
			for _, form := range []string{
				Form("topic", t.Topic("a"), "topic", t.Topic("b")),
				Form("topic", t.Topic("b"), "topic", t.Topic("a"), "private", "on"),
			} {
				t.WantStatus("publishing to a and b with a grant on a", t.Post(token, form), 403)
			}
			onA.Silent("a refused update on the granted topic", t.Topic("a"))
			onB.Silent("a refused update on the other topic", t.Topic("b"))
		},
	},
	{
		ID: "AUTH-publish-403",
		Run: func(t *T) {
			a := t.Post(t.mint(Publisher, grant("publish", t.Topic("a"))), Form("topic", t.Topic("a"), "topic", t.Topic("b")))
			t.WantRefusal("publishing to a and b with a grant on a", a, 403, "insufficient_scope")
		},
	},
	{
		ID: "AUTH-publish-public-too",
		Run: func(t *T) {
			t.mayNotPublish("a grant on another topic, publicly", []any{grant("publish", t.Topic("other"))}, t.Topic("a"))
			t.mayNotPublish("no grant, publicly", nil, t.Topic("a"))
		},
	},
	{
		ID:    "AUTH-subscribe-any-topic",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			s := t.Subscribe(t.mint(Subscriber, grant("subscribe", t.Topic("b"))), t.Topic("a"))
			t.Publish("topic", t.Topic("a"), "private", "on")
			second := t.Publish("topic", t.Topic("a"), "topic", t.Topic("b"), "private", "on")
			first := t.Publish("topic", t.Topic("b"), "topic", t.Topic("a"), "private", "on")
			s.OnlyThen("private updates on a, with and without the granted b", t.Topic("a"), second, first)
		},
	},
	{
		ID:    "AUTH-subscribe-none",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			s := t.Subscribe(t.mint(Subscriber, grant("subscribe", t.Topic("c"))), "*")
			private := t.Publish("topic", t.Topic("a"), "topic", t.Topic("b"), "private", "on")
			s.Never("a private update on a and b to a grant on c", t.Topic("sentinel"), private)
		},
	},
	{
		ID:    "AUTH-subscribe-routing-needed",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			s := t.Subscribe(t.SubscriberToken(), t.Topic("a"))
			t.Publish("topic", t.Topic("b"), "private", "on")
			s.Silent("a granted private update on another topic", t.Topic("a"))
		},
	},
	{
		ID:    "AUTH-subscribe-action-only",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			s := t.Subscribe(t.mint(Subscriber, grant("publish", "*")), t.Topic("a"))
			t.Publish("topic", t.Topic("a"), "private", "on")
			s.Silent("a private update to a token that may publish it", t.Topic("a"))
		},
	},
}

// grant is a detail with one action on one topic, matched exactly.
func grant(action, topic string) Claims { return Detail([]string{action}, Matcher("", topic)) }

// transit is how late the end of a stream may be seen: the way to here, and a
// busy machine.
const transit = time.Second

// lifetimeCases: how long a stream lasts.
var lifetimeCases = []Case{
	{
		ID:    "AUTH-exp-close",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			exp := time.Unix(time.Now().Unix()+5, 0)
			token := func(details ...any) string {
				header, claims := t.CurrentClaims(details...)
				return t.Sign(Subscriber, header, claims.With("exp", exp.Unix()))
			}
			busy := map[string]*Stream{
				"a stream with a grant":               t.Subscribe(token(subscribeAll()), t.Topic("a")),
				"a stream with a token in the cookie": t.openBy(t.page(token(subscribeAll())), t.Topic("a")),
				"a stream of public updates alone":    t.Subscribe(token(), t.Topic("a")),
			}
			streams := map[string]*Stream{
				"an idle stream":                         t.Subscribe(token(subscribeAll()), t.Topic("idle")),
				"an idle stream of public updates alone": t.Subscribe(token(), t.Topic("idle")),
			}
			public := t.Publish("topic", t.Topic("a"))
			for what, s := range busy {
				s.Want("a public update to "+what, public)
			}
			maps.Copy(streams, busy)
			for what, s := range streams {
				if _, ended := s.End(time.Until(exp.Add(transit))); !ended {
					t.Errorf("%s is open at its token's exp, want it ended by then", what)
				}
			}
		},
	},
	{
		ID:    "AUTH-max-lifetime",
		Needs: []Need{SubscriberKey, Variant("short")},
		Run: func(t *T) {
			t = t.On("short")
			streams := map[string]*Stream{
				"a stream with a token":      t.Subscribe(t.SubscriberToken(), t.Topic("a")),
				"a stream without any token": t.Subscribe("", t.Topic("a")),
			}
			start := time.Now()
			for what, s := range streams {
				_, ended := s.End(time.Until(start.Add(t.MaxLifetime + transit)))
				switch age := time.Since(start); {
				case !ended:
					t.Errorf("%s is open after %v, want it ended at the maximum lifetime of %v", what, age, t.MaxLifetime)
				case age < t.MaxLifetime/2:
					t.Errorf("%s ended after %v, want it to last for the maximum lifetime of %v", what, age, t.MaxLifetime)
				}
			}
		},
	},
}
