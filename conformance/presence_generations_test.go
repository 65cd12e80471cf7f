package main

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cinnabar/hub"
)

// TestPresenceInBothGenerations: one change of a subscription is shown to each
// observer in the words of its own generation, whichever the subscriber's is
// (differences C5 to C7).
func TestPresenceInBothGenerations(t *testing.T) {
	for name, run := range map[string]func(*T){
		"events of a 1.0 subscriber": (*T).showsCurrentToLegacy,
		"events of a 0.x subscriber": (*T).showsLegacyToCurrent,
		"payloads":                   (*T).showsPayloads,
		"replays":                    (*T).replaysInBoth,
		"paths":                      (*T).listsByCredential,
		"cookies":                    (*T).listsByCookie,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := keySharing{generations: true}.start(t, func(c *hub.Config) { c.Subscriptions = true })
			r := judge(t.Context(), target, Case{Run: run}, &Entry{}, current)
			for _, why := range r.Why {
				t.Error(why)
			}
		})
	}
}

// old returns the same run in the words of 0.x.
func (t *T) old() *T {
	old := *t
	old.Gen = legacy
	return &old
}

func (t *T) showsCurrentToLegacy() {
	was, is, a := t.old().observe(), t.observe(), t.Topic("a")
	s := t.Open(Request{Query: Form("match", a, "match_urlpattern", a, "match", t.Topic("b")), Token: t.SubscriberToken()})
	created := is.began("to 1.0: a stream by match and match_urlpattern on one string, and match on another", 3)
	shown := was.began("to 0.x: the same stream", 2)
	t.sameEvents(created, shown)
	if !slices.ContainsFunc(shown, func(c change) bool { return c.text("topic") == a }) {
		t.Errorf("to 0.x: events %v, want one with topic %s for the two types", shown, a)
	}
	s.Close()
	t.sameEvents(is.ended("to 1.0: the stream is left", 3), was.ended("to 0.x: the stream is left", 2))
	was.none("to 0.x")
	is.none("to 1.0")
}

func (t *T) showsLegacyToCurrent() {
	was, is := t.old().observe(), t.observe()
	types := map[string]string{t.Topic("a"): "exact", t.Topic("{id}"): "uritemplate"}
	s := t.Open(Request{Query: Form("topic", t.Topic("a"), "topic", t.Topic("{id}"), "topic", t.Topic("a")), Token: t.old().SubscriberToken()})
	created := is.began("to 1.0: a 0.x stream on two selectors", 2)
	t.sameEvents(created, was.began("to 0.x: the same stream", 2))
	for _, c := range created {
		if got, want := c.text("match_type"), types[c.text("match")]; got != want {
			t.Errorf("to 1.0: a 0.x subscription to %s has match_type %s, want %s", c.text("match"), got, want)
		}
		if doc := t.listed(c.text("id")); !reflect.DeepEqual(doc, c.doc) {
			t.Errorf("GET %s: %s, want what the event has: %s", c.text("id"), inJSON(doc), short(c.Data))
		}
	}
	s.Close()
	t.sameEvents(is.ended("to 1.0: the stream is left", 2), was.ended("to 0.x: the stream is left", 2))
	was.none("to 0.x")
	is.none("to 1.0")
}

// sameEvents asserts that what 0.x is shown are events that 1.0 is shown, too,
// each in the words of its generation and with one id.
func (t *T) sameEvents(is, was []change) {
	ids := make(map[string]change)
	for _, c := range is {
		ids[c.ID] = c
		if types := c.fields("event"); !slices.Equal(types, []string{"mercure"}) || c.doc["type"] != "subscription" || c.doc["@context"] != nil {
			t.Errorf("to 1.0: event %q with data %s, want a 1.0 document of type mercure", types, short(c.Data))
		}
	}
	for _, c := range was {
		if types := c.fields("event"); types != nil || c.doc["type"] != "Subscription" || c.doc["@context"] == nil {
			t.Errorf("to 0.x: event %q with data %s, want a 0.x document without a type", types, short(c.Data))
		}
		same, ok := ids[c.ID]
		if !ok || same.text("match") != c.text("topic") || same.text("subscriber") != c.text("subscriber") {
			t.Errorf("the event %s is %s to 0.x and %s to 1.0, want one change", c.ID, short(c.Data), short(same.Data))
		}
	}
}

func (t *T) showsPayloads() {
	old := t.old()
	was, is := old.observe(), t.observe()
	for _, payload := range []any{"text", []any{1}, Claims{"a": 1}} {
		header, claims := old.Claims(Grant{})
		claims["mercure"] = Claims{"payload": payload}
		s := t.Open(Request{Query: Form("topic", t.Topic("a")), Token: t.Sign(Subscriber, header, claims)})
		shown := payload
		if _, object := payload.(Claims); !object {
			shown = nil // which 1.0 does not have
		}
		t.samePayload("0.x to 1.0", is.began("to 1.0", 1)[0].doc, shown)
		t.samePayload("0.x to 0.x", was.began("to 0.x", 1)[0].doc, payload)
		s.Close()
		is.ended("to 1.0", 1)
		was.ended("to 0.x", 1)
	}
	token := t.mint(Subscriber, subscribeAll().With("payload", Claims{"b": 2}))
	t.Open(Request{Query: Form("match", t.Topic("a")), Token: token})
	t.samePayload("1.0 to 0.x", was.began("to 0.x", 1)[0].doc, Claims{"b": 2})
	t.samePayload("1.0 to 1.0", is.began("to 1.0", 1)[0].doc, Claims{"b": 2})
}

func (t *T) replaysInBoth() {
	old := t.old()
	was, is := old.observe(), t.observe()
	before := t.Publish("topic", is.sentinel)
	t.Open(Request{Query: Form("match", t.Topic("a"), "match_urlpattern", t.Topic("a")), Token: t.SubscriberToken()}).Close()
	old.Subscribe(old.SubscriberToken(), t.Topic("{b}")).Close()
	live := map[string][]change{
		current: append(is.began("to 1.0", 3), is.ended("to 1.0", 3)...),
		legacy:  append(was.began("to 0.x", 2), was.ended("to 0.x", 2)...),
	}
	for gen, want := range live {
		again := t.observeAfter(before)
		if gen == legacy {
			again = old.observeAfter(before)
		}
		got := append(again.began("replayed to "+gen, len(want)/2), again.ended("replayed to "+gen, len(want)/2)...)
		for i := range want {
			if !slices.Equal(got[i].Lines, want[i].Lines) {
				t.Errorf("replayed to %s: %q, want what came live: %q", gen, got[i].Lines, want[i].Lines)
			}
		}
		again.none("replayed to " + gen)
	}
}

// listsByCredential: a path of two segments means another thing in each
// generation, and the token says which (differences C5).
func (t *T) listsByCredential() {
	old := t.old()
	_, created := t.observe().subscribes(t.Topic("a"))
	o := old.observe()
	old.Subscribe(old.SubscriberToken(), "exact", t.Topic("b"))
	by := o.began("a 0.x stream", 1)[0].text("subscriber")
	was := o.await("a 0.x stream on the topic exact", 1, func(c change) bool {
		return c.text("subscriber") == by && c.about("exact")
	})[0]
	if doc := t.listed(created[0].parent()); doc["type"] != "subscriptions" {
		t.Errorf("GET %s with a 1.0 token: %s, want the collection of the matcher", created[0].parent(), inJSON(doc))
	}
	t.WantStatus("GET "+created[0].parent()+" with a 0.x token", old.list(created[0].parent()), http.StatusNotFound)
	if doc := old.listed(was.text("id")); doc["type"] != "Subscription" || doc["topic"] != "exact" {
		t.Errorf("GET %s with a 0.x token: %s, want the subscription", was.text("id"), inJSON(doc))
	}
	for _, item := range t.items(was.text("id")) { // to 1.0, those whose matcher is a subscriber's identifier
		t.Errorf("GET %s with a 1.0 token: lists %s, want nothing", was.text("id"), inJSON(item))
	}
	for _, path := range []string{created[0].text("id"), strings.Replace(created[0].parent(), "/exact/", "/uritemplate/", 1) + "/x"} {
		t.WantStatus("GET "+path+" with a 0.x token", old.list(path), http.StatusNotFound)
	}
}

// listsByCookie: of two cookies that of 1.0 counts, but where only 0.x is meant
// (differences C5).
func (t *T) listsByCookie() {
	_, created := t.observe().subscribes(t.Topic("a"))
	cookies := http.Header{"Cookie": {t.Cookie(t.SubscriberToken()).Get("Cookie") + "; " + t.old().Cookie(t.old().SubscriberToken()).Get("Cookie")}}
	root, one := t.hubPath()+"/subscriptions", t.hubPath()+"/subscriptions/"+expanded(t.Topic("a"))
	for _, row := range []struct{ path, accept, want string }{
		{root, "", "application/json"},
		{root, "*/*", "application/json"},
		{root, "application/ld+json", "application/ld+json"},
		{root, "application/ld+json, application/json", "application/json"},
		{one, "", "application/ld+json"},
		{created[0].parent(), "", "application/json"},
		{created[0].text("id"), "", "application/json"},
	} {
		header := cookies.Clone()
		if row.accept != "" {
			header.Set("Accept", row.accept)
		}
		a := t.Do(Request{At: row.path, Header: header})
		t.WantStatus("GET "+row.path, a, http.StatusOK)
		if got := a.Header.Get("Content-Type"); got != row.want {
			t.Errorf("GET %s with both cookies and Accept %q: Content-Type %s, want %s", row.path, row.accept, got, row.want)
		}
		for _, name := range []string{"Authorization", "Cookie", "Accept"} {
			t.wantListed("GET "+row.path, a, "Vary", name)
		}
	}
}
