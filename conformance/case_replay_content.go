package main

import "slices"

// replayContentCases: what is replayed, to whom, and how it goes on.
var replayContentCases = []Case{
	{
		ID:       "REPLAY-after",
		Needs:    []Need{SubscriberKey},
		Restarts: true,
		Run: func(t *T) {
			topic, ids := t.published(3)
			s := t.Resume(t.SubscriberToken(), ids[0], topic)
			s.Want("resumed from A", ids[1:]...)
			ids = append(ids, t.Publish("topic", topic), t.Publish("topic", topic))
			s.Want("resumed from A, live", ids[3:]...)
			if t.restarts() {
				// Nothing is published in between: what is retained is so by itself.
				s = t.Resume(t.SubscriberToken(), ids[0], topic)
				s.Want("resumed from A after a restart", ids[1:]...)
			}
		},
	},
	{
		ID:    "REPLAY-hub-wide-cursor",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			x, y := t.Topic("x"), t.Topic("y")
			a, b := t.Publish("topic", x, "private", "on"), t.Publish("topic", y)
			s := t.Resume(t.Token(Subscriber, Grant{Subscribe: []string{y}}), a, y)
			s.wantCursor("resumed from A, which is on another topic and private", a)
			s.OnlyThen("resumed from A, which is on another topic and private", y, b)
		},
	},
	{
		ID:    "REPLAY-order-gapless",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.resumesGapless() },
	},
	{
		ID:    "REPLAY-full-event",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			live := t.Subscribe(t.SubscriberToken(), topic)
			before := t.Publish("topic", topic)
			id := t.Publish("topic", topic, "type", "chapter", "retry", "2500", "data", "one\n two\n\nthree\n")
			live.Want("live", before)
			want, got := live.Next(), t.Resume(t.SubscriberToken(), before, topic).Next()
			if want.ID != id || want.Type != "chapter" || want.Retry != "2500" || want.Data != "one\n two\n\nthree\n" {
				t.Errorf("live: %+v, want id %s and the type, retry and data published", want, id)
			}
			if got.ID != want.ID || got.Type != want.Type || got.Retry != want.Retry || got.Data != want.Data {
				t.Errorf("replayed: %q, want as live %q", got.Lines, want.Lines)
			}
		},
	},
	{
		ID:    "REPLAY-alternate-topics",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			before := t.Publish("topic", t.Topic("c"))
			id := t.Publish("topic", a, "topic", b)
			past := t.Resume(t.SubscriberToken(), id, a)
			byEither := map[string]*Stream{
				"by the alternate topic": t.Resume(t.SubscriberToken(), before, b),
				"by the canonical topic": t.Resume(t.SubscriberToken(), before, a),
				"by both topics":         t.Resume(t.SubscriberToken(), before, a, b),
			}
			end := t.Publish("topic", a, "topic", b)
			for what, s := range byEither {
				if got := idsOf(s.before(end)); !slices.Equal(got, []string{id}) {
					t.Errorf("%s: replayed %q, want %q once", what, got, id)
				}
			}
			if got := idsOf(past.before(end)); len(got) > 0 {
				t.Errorf("resumed from the update itself: replayed %q, want nothing", got)
			}
		},
	},
	{
		ID:    "REPLAY-reauthorize",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("t")
			granted, ungranted := t.Token(Subscriber, Grant{Subscribe: []string{topic}}), t.Token(Subscriber, Grant{})
			one := t.Subscribe(granted, topic)
			before := t.Publish("topic", topic)
			ev := t.Publish("topic", topic, "private", "on")
			one.Want("stream 1 with the grant", before, ev)
			one.Close()
			t.Resume(ungranted, before, topic).Silent("reconnected without the grant", topic)
			t.Resume(granted, before, topic).Want("reconnected with the grant", ev)
		},
	},
	{
		ID:    "REPLAY-private-withheld",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.replaysPublicOnly() },
	},
	{
		ID:    "REPLAY-0x-private-withheld",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.replaysPublicOnly()
			topic := t.Topic("e")
			t.Publish("topic", topic)
			private := t.Publish("topic", topic, "private", "on")
			t.Publish("topic", topic)
			if got := idsOf(t.Resume("", "earliest", topic).Until(topic)); slices.Contains(got, private) {
				t.Errorf("anonymous from earliest: replayed %q, want the private %s absent", got, private)
			}
		},
	},
	{
		ID:      "REPLAY-duplicate-id",
		Needs:   []Need{SubscriberKey},
		Applies: (*T).honoursIDs,
		Run: func(t *T) {
			topic, x := t.Topic("a"), "urn:x:twice:"+t.run
			b, d := t.publishTwice(topic, x)
			t.Resume(t.SubscriberToken(), x, topic).OnlyThen("resumed from a reused id", topic, b, x, d)
		},
	},
	{
		ID:      "REPLAY-duplicate-id-all",
		Needs:   []Need{SubscriberKey},
		Applies: (*T).honoursIDs,
		Run: func(t *T) {
			topic, x := t.Topic("a"), "urn:x:twice:"+t.run
			t.publishTwice(topic, x)
			if got := idsOf(t.Resume(t.SubscriberToken(), x, topic).Until(topic)); !slices.Contains(got, x) {
				t.Errorf("resumed from a reused id: replayed %q, want the later update with that id among them", got)
			}
		},
	},
	{
		ID:    "REPLAY-discard",
		Needs: []Need{SubscriberKey, Variant("small")},
		Run: func(t *T) {
			t = t.On("small")
			topic, history := t.published(5)
			s := t.Resume(t.SubscriberToken(), history[0], topic)
			s.wantCursor("resumed from a discarded event", "earliest")
			if got := idsOf(s.Until(topic)); slices.Contains(got, history[1]) {
				t.Errorf("resumed in a history of 2: of %q were replayed %q, want the oldest missing", history, got)
			}
		},
	},
	{
		ID:    "REPLAY-unknown-cursor",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic, ids := t.published(2)
			s := t.Resume(t.SubscriberToken(), t.unknown(), topic)
			s.wantCursor("resumed from an unknown id", "earliest")
			s.OnlyThen("resumed from an unknown id", topic, ids...)
		},
	},
	{
		ID:    "REPLAY-cursor-may-leak",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic, secret := t.Topic("a"), "secret-"+t.run
			private := t.Publish("topic", topic, "private", "on", "data", secret)
			next := t.Publish("topic", topic)
			// Whatever the cursor says: the content never appears.
			t.Resume("", private, topic).OnlyThen("anonymous, resumed from a private id", topic, next)
			for _, e := range t.Resume("", "earliest", topic).Until(topic) {
				if e.ID == private || e.Data == secret {
					t.Errorf("anonymous from earliest: got the private event %q", e.Lines)
				}
			}
		},
	},
}

// unknown returns an id that no update has.
func (t *T) unknown() string { return "urn:x:unknown:" + t.run }

// publishTwice publishes A(id=x), B, C(id=x), D and returns the ids of B and D.
func (t *T) publishTwice(topic, x string) (b, d string) {
	t.Publish("topic", topic, "id", x)
	b = t.Publish("topic", topic)
	t.Publish("topic", topic, "id", x)
	return b, t.Publish("topic", topic)
}

// replaysPublicOnly resumes as a stranger from before a private event.
func (t *T) replaysPublicOnly() {
	topic := t.Topic("a")
	before := t.Publish("topic", topic)
	t.Publish("topic", topic, "private", "on")
	public := t.Publish("topic", topic)
	t.Resume("", before, topic).OnlyThen("anonymous, resumed from before a private event", topic, public)
}

// resumesGapless publishes without a pause and resumes from the first update
// again and again: every stream has to show every update after it once, in the
// order of publication.
func (t *T) resumesGapless() {
	const updates, streams = 400, 16
	topic := t.Topic("a")
	first := t.Publish("topic", topic)
	published := make(chan string, updates)
	go func() {
		defer close(published) // also where a publish fails: that is noted, and ends this goroutine alone
		for range updates {
			published <- t.Publish("topic", topic)
		}
	}()
	var want []string
	var resumed []*Stream
	for id := range published {
		want = append(want, id)
		if len(want)%(updates/streams) == 0 {
			resumed = append(resumed, t.Resume(t.SubscriberToken(), first, topic))
		}
	}
	want = append(want, t.Publish("topic", topic)) // after which a duplicate cannot come
	for _, s := range resumed {
		s.Want("resumed while updates are published", want...)
	}
}
