package main

import "net/http"

// replayCursorCases: what the answer says about the cursor.
var replayCursorCases = []Case{
	{
		ID:    "REPLAY-cursor-header",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.answersCursors("Mercure-Last-Event-ID", "last_event_id") },
	},
	{
		ID:    "REPLAY-0x-cursor-header",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.answersCursors("Last-Event-ID", "lastEventID") },
	},
	{
		ID:    "REPLAY-cursor-value",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			// On a stream of everything, every event matches and is readable.
			ev := t.Publish("topic", t.Topic("a"))
			t.Resume(t.SubscriberToken(), ev, "*").wantCursor("resumed from the newest event", ev)
			next := t.Publish("topic", t.Topic("b"))
			t.Resume(t.SubscriberToken(), ev, "*").wantCursor("resumed from a retained event", ev)
			t.Resume(t.SubscriberToken(), next, "*").wantCursor("resumed from the newest event", next)
		},
	},
	{
		ID:    "REPLAY-0x-cursor-value",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			ev := t.Publish("topic", t.Topic("a"))
			t.Publish("topic", t.Topic("b"))
			t.Resume(t.SubscriberToken(), ev, "*").wantCursor("resumed from a retained event", ev)
			t.Resume(t.SubscriberToken(), t.unknown(), "*").wantCursor("resumed from an unknown id", "earliest")
		},
	},
	{
		ID:    "REPLAY-cursor-earliest",
		Needs: []Need{SubscriberKey, Variant("fresh")},
		Run: func(t *T) {
			topic := t.Topic("a")
			t.Publish("topic", topic)
			t.Resume(t.SubscriberToken(), t.unknown(), topic).wantCursor("resumed from an unknown id", "earliest")
			fresh := t.On("fresh")
			fresh.Resume(fresh.SubscriberToken(), fresh.unknown(), topic).wantCursor("resumed on a fresh hub", "earliest")
			fresh.Resume(fresh.SubscriberToken(), "earliest", topic).wantCursor("resumed from earliest on a fresh hub", "earliest")
		},
	},
	{
		ID:    "REPLAY-cursor-not-last-event-id",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Resume(t.SubscriberToken(), t.Publish("topic", topic), topic)
			if s.cursor() == "" {
				t.Errorf("resumed: no %s in the answer", t.CursorHeader())
			}
			if got := s.Header.Values("Last-Event-ID"); len(got) > 0 {
				t.Errorf("resumed: Last-Event-ID %q in the answer, want it absent", got)
			}
		},
	},
	{
		ID:      "REPLAY-cursor-with-body",
		Needs:   []Need{SubscriberKey},
		Applies: offersQuery,
		Run: func(t *T) {
			topic := t.Topic("a")
			ev := t.Publish("topic", topic)
			s := t.Open(Request{Method: "QUERY", Token: t.SubscriberToken(), Form: Form("match", topic, "last_event_id", ev)})
			s.wantCursor("a cursor in a body", ev)
		},
	},
}

// answersCursors asserts that a response field answers every cursor, known or
// not, in the header and in a parameter.
func (t *T) answersCursors(field, param string) {
	topic := t.Topic("a")
	for what, id := range map[string]string{
		"a known id": t.Publish("topic", topic), "earliest": "earliest", "an unknown id": t.unknown(), "an empty value": "",
	} {
		for where, r := range map[string]Request{
			"the header": {Query: t.Topics(topic), Header: http.Header{"Last-Event-ID": {id}}},
			param:        {Query: t.Topics(topic) + "&" + Form(param, id)},
		} {
			r.Token = t.SubscriberToken()
			a := t.Do(r)
			t.WantStatus(what+" in "+where, a, http.StatusOK)
			if a.Header.Get(field) == "" {
				t.Errorf("%s in %s: the answer has no %s", what, where, field)
			}
		}
	}
}
