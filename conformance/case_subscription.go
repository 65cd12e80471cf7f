package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// subscriptionCases: active subscriptions, their events and the API that lists
// them.
var subscriptionCases = slices.Concat(
	offeredCases, eventCases, eventTopicCases, subscriberCases, documentOfEventCases, unionCases, payloadCases,
	listingCases, listingGrantCases, collectionCases, listingCursorCases,
)

// offeredCases: whether there is such a thing.
var offeredCases = append(ifThere((*T).hasPresence,
	Case{
		ID: "SUBS-advertise",
		Run: func(t *T) {
			if member := t.metadata()["mercure_subscriptions"]; member != true {
				t.Errorf("mercure_subscriptions is %v, want true where subscriptions are listed", member)
			}
		},
	},
	Case{
		ID: "SUBS-api-offered",
		Run: func(t *T) {
			t.WantStatus("listing subscriptions with a token that grants everything", t.list("/subscriptions"), http.StatusOK)
		},
	},
), Case{
	ID:    "SUBS-optional",
	Needs: []Need{SubscriberKey, Variant("no_subscriptions")},
	Run: func(t *T) {
		t = t.On("no_subscriptions")
		t.WantStatus("listing subscriptions where there is no such feature", t.list("/subscriptions"), http.StatusNotFound)
		if t.Legacy() || !t.hasMetadata() {
			return
		}
		if member, given := t.metadata()["mercure_subscriptions"]; given {
			t.Errorf("mercure_subscriptions is %v where there is no such feature, want none", member)
		}
	},
})

// eventCases: when there is an event, and who gets it.
var eventCases = ifThere((*T).hasPresence,
	Case{
		ID: "SUBS-event-created",
		Run: func(t *T) {
			o, topics := t.observe(), []string{t.Topic("a"), t.Topic("b"), t.Topic("c")}
			_, created := o.subscribes(topics...)
			for _, topic := range topics {
				n := 0
				for _, c := range created {
					if c.about(topic) && c.is(true) {
						n++
					}
				}
				if n != 1 {
					t.Errorf("opening a stream on %s: %d events with active true, want 1", topic, n)
				}
			}
			o.none("after an event for each subscription")
		},
	},
	Case{
		ID:    "SUBS-event-terminated",
		Needs: []Need{Variant("short")},
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			o := t.observe()
			s, _ := o.subscribes(a, b)
			s.Close()
			o.wantEnds("a stream that its client left", a, b)

			exp := time.Now().Add(2 * time.Second)
			header, claims := t.Claims(Grant{Subscribe: []string{"*"}})
			token := t.Sign(Subscriber, header, claims.With("exp", exp.Unix()))
			t.Subscribe(token, a, b)
			o.began("opening a stream with a token about to expire", 2)
			o.wantEnds("a stream whose token expired", a, b)
			o.none("after an event for each end")

			short := t.On("short")
			if short.hasPresence() {
				o = short.observe()
				short.Publish("topic", o.sentinel) // something to resume from when the observer ends first
				o.subscribes(a, b)
				o.wantEnds("a stream at its maximum lifetime", a, b)
			}
		},
	},
	Case{
		ID:    "SUBS-private",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			o := t.observe()
			strangers := map[string]*Stream{
				"without a token": t.Open(Request{Query: t.Topics("*")}),
				"with a token for something else": t.Open(Request{
					Query: t.Topics("*"), Token: t.Token(Subscriber, Grant{Subscribe: []string{t.Topic("a")}}),
				}),
			}
			s, _ := o.subscribes(t.Topic("a"))
			s.Close()
			o.ended("a stream that its client left", 1)
			for what, stranger := range strangers {
				for _, e := range stranger.Until(t.Topic("sentinel")) {
					if strings.Contains(e.Data, t.Topic("a")) {
						t.Errorf("a stream on * %s gets the subscription event %s, want none", what, short(e.Data))
					}
				}
			}
		},
	},
	Case{
		ID: "SUBS-event-type",
		Run: func(t *T) {
			o := t.observe()
			before := t.Publish("topic", o.sentinel)
			s, created := o.subscribes(t.Topic("a"))
			s.Close()
			t.wantType("a live event", "mercure", append(created, o.ended("a stream that its client left", 1)...))
			again := t.observeAfter(before)
			for _, e := range again.stream.Until(o.sentinel) {
				again.add(e)
			}
			t.wantType("a replayed event", "mercure", again.ofRun())
		},
	},
	Case{ID: "SUBS-event-type-exclusive", By: []string{"PUB-type-mercure-400"}},
	Case{
		ID: "SUBS-0x-default-event",
		Run: func(t *T) {
			o := t.observe()
			_, created := o.subscribes(t.Topic("a"))
			for _, c := range created {
				if types := c.fields("event"); types != nil {
					t.Errorf("a subscription event has the type %q, want none", types)
				}
			}
		},
	},
	Case{
		ID: "SUBS-event-authz",
		Run: func(t *T) {
			root := t.hubPath() + "/subscriptions"
			subscribe := func(m Claims) string { return t.mint(Subscriber, Detail([]string{"subscribe"}, m)) }
			o := t.observe()
			granted, others := make(map[string]*observer), make(map[string]*observer)
			for what, m := range map[string]Claims{
				"a relative pattern":  Matcher("urlpattern", root+"/:t/:m/:s"),
				"an absolute pattern": Matcher("urlpattern", t.hubOrigin()+root+"/:t/:m/:s"),
			} {
				granted[what] = t.observeWith(subscribe(m))
			}
			for what, m := range map[string]Claims{
				"another subtree":        Matcher("urlpattern", root+"/urlpattern/:m/:s"),
				"the collection":         Matcher("exact", root),
				"the topic":              Matcher("exact", t.Topic("a")),
				"the events of another":  Matcher("exact", t.subscriptionPath("exact", t.Topic("a"), "urn:x:other")),
				"events of another host": Matcher("urlpattern", "https://other.example"+root+"/*"),
			} {
				others[what] = t.observeWith(subscribe(m))
			}
			o.subscribes(t.Topic("a"))
			for what, g := range granted {
				g.began("a grant by "+what, 1)
			}
			for what, g := range others {
				g.none("a grant of " + what)
			}
			publisher := t.observeWith(t.mint(Subscriber, Detail([]string{"publish"}, Matcher("", "*"))))
			o.subscribes(t.Topic("b"))
			publisher.none("a grant to publish")
		},
	},
	Case{
		ID: "SUBS-event-in-history",
		Run: func(t *T) {
			o, topic := t.observe(), t.Topic("a")
			before := t.Publish("topic", o.sentinel)
			if t.hasAPI() {
				before = t.cursorOf(t.list("/subscriptions"))
			}
			_, created := o.subscribes(topic)
			again := t.observeAfter(before).began("resuming from a cursor of before a stream was opened", 1)[0]
			if id := created[0].ID; id == "" || again.ID != id {
				t.Errorf("the replayed event of a subscription has id %q, want that of the live one, %q", again.ID, id)
			}
		},
	},
)

// wantEnds asserts that the subscriptions on topics end, and nothing else of
// the run.
func (o *observer) wantEnds(what string, topics ...string) {
	var got []string
	for _, c := range o.ended(what, len(topics)) {
		got = append(got, c.text("match")+c.text("topic"))
	}
	slices.Sort(got)
	if !slices.Equal(got, slices.Sorted(slices.Values(topics))) {
		o.t.Errorf("%s: events with active false for %q, want one for each of %q", what, got, topics)
	}
}

// wantType asserts the event field of subscription events.
func (t *T) wantType(what, kind string, all []change) {
	for _, c := range all {
		if types := c.fields("event"); !slices.Equal(types, []string{kind}) {
			t.Errorf("%s of a subscription has the event fields %q, want %q: %s", what, types, kind, short(fmt.Sprint(c.Lines)))
		}
	}
}
