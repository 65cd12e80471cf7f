package main

import (
	"net/http"
	"slices"
)

// replayCases: reconnection and history.
var replayCases = slices.Concat(replayRequestCases, replayContentCases, replayCursorCases)

// replayRequestCases: where a request carries its cursor.
var replayRequestCases = []Case{
	{
		ID:    "REPLAY-header",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic, ids := t.published(3)
			s := t.resumeByHeader(t.SubscriberToken(), ids[0], topic)
			s.OnlyThen("after a Last-Event-ID header", topic, ids[1:]...)
		},
	},
	{
		ID:      "REPLAY-header-utf8",
		Needs:   []Need{SubscriberKey},
		Applies: (*T).honoursIDs,
		Run: func(t *T) {
			topic, cafe := t.Topic("a"), "café-"+t.run
			t.Publish("topic", topic)
			t.Publish("topic", topic, "id", cafe)
			next := t.Publish("topic", topic)
			s := t.resumeByHeader(t.SubscriberToken(), cafe, topic)
			s.OnlyThen("after a Last-Event-ID header in UTF-8", topic, next)
		},
	},
	{
		ID:    "REPLAY-query",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.resumesByQuery("last_event_id") },
	},
	{
		ID:    "REPLAY-0x-query",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.resumesByQuery("lastEventID") },
	},
	{
		ID:    "REPLAY-header-precedence",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic, ids := t.published(3)
			later := t.resumeByBoth(t.SubscriberToken(), ids[1], ids[0], topic)
			earlier := t.resumeByBoth(t.SubscriberToken(), ids[0], ids[1], topic)
			later.OnlyThen("header EV2, query EV1", topic, ids[2])
			earlier.Want("header EV1, query EV2", ids[1:]...)
		},
	},
	{
		ID:    "REPLAY-earliest",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic, history := t.published(2)
			s := t.Resume(t.SubscriberToken(), "earliest", topic)
			switch got := idsOf(s.Until(topic)); {
			case len(got) == 0: // declined by policy
			case !slices.Equal(got, history):
				t.Errorf("earliest: replayed %q, want the full history %q or nothing", got, history)
			case s.cursor() != "earliest":
				t.Errorf("earliest: %s is %q, want earliest since the request was honoured", t.CursorHeader(), s.cursor())
			}
		},
	},
	{
		ID:    "REPLAY-earliest-header",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic, _ := t.published(2)
			byQuery, byHeader := t.Resume(t.SubscriberToken(), "earliest", topic), t.resumeByHeader(t.SubscriberToken(), "earliest", topic)
			end := t.Publish("topic", topic)
			want, got := idsOf(byQuery.before(end)), idsOf(byHeader.before(end))
			if !slices.Equal(got, want) {
				t.Errorf("earliest in the header: replayed %q, want %q as by the query", got, want)
			}
			if byHeader.cursor() != byQuery.cursor() {
				t.Errorf("earliest in the header: %s is %q, want %q as by the query", t.CursorHeader(), byHeader.cursor(), byQuery.cursor())
			}
		},
	},
}

// resumesByQuery asserts that a query parameter carries a cursor.
func (t *T) resumesByQuery(param string) {
	topic, ids := t.published(3)
	s := t.Open(Request{Query: t.Topics(topic) + "&" + Form(param, ids[0]), Token: t.SubscriberToken()})
	s.OnlyThen("after "+param, topic, ids[1:]...)
}

// Resume opens a stream on topics after a cursor in the judged generation's
// own query parameter.
func (t *T) Resume(token, cursor string, topics ...string) *Stream {
	return t.Open(Request{Query: t.Topics(topics...) + "&" + Form(t.CursorParam(), cursor), Token: token})
}

func (t *T) resumeByHeader(token, cursor string, topics ...string) *Stream {
	return t.Open(Request{Query: t.Topics(topics...), Token: token, Header: http.Header{"Last-Event-ID": {cursor}}})
}

func (t *T) resumeByBoth(token, header, query string, topics ...string) *Stream {
	return t.Open(Request{
		Query: t.Topics(topics...) + "&" + Form(t.CursorParam(), query), Token: token,
		Header: http.Header{"Last-Event-ID": {header}},
	})
}

// honoursIDs reports whether the hub uses the ids that publishers bring, which
// it tells in its answers.
func (t *T) honoursIDs() bool {
	id := "urn:x:" + t.run
	return t.Publish("topic", t.Topic("ids"), "id", id) == id
}

// cursor is what the hub answered a stream's cursor with, "" for nothing.
func (s *Stream) cursor() string { return s.Header.Get(s.t.CursorHeader()) }

// before returns the events that come before one with an id.
func (s *Stream) before(id string) (events []Event) {
	for {
		e := s.Next()
		if e.ID == id {
			return events
		}
		events = append(events, e)
	}
}

func idsOf(events []Event) (all []string) {
	for _, e := range events {
		all = append(all, e.ID)
	}
	return all
}
