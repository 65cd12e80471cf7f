package main

import (
	"net/http"
	"strings"
	"time"
)

// streamEndCases: streams that are idle, and that end.
var streamEndCases = []Case{
	{
		ID:    "SSE-keepalive",
		Needs: []Need{Heartbeat, Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			limit := t.Heartbeat + t.Patience
			for deadline := time.Now().Add(limit); ; {
				line, ok := s.Note(time.Until(deadline))
				if !ok {
					t.Fatalf("no comment on an idle stream within %v, the interval is %v", limit, t.Heartbeat)
				}
				if strings.HasPrefix(line, ":") {
					break
				}
			}
			s.Silent("the comments of an idle stream", topic)
		},
	},
	{
		ID:    "SSE-clean-end",
		Needs: []Need{Variant("short"), Anonymous},
		Run: func(t *T) {
			short := t.On("short")
			topic := t.Topic("a")
			s := short.Subscribe("", topic)
			var ids []string
			limit := short.MaxLifetime + short.Patience
			pace := time.NewTicker(20 * time.Millisecond) // so that the end falls among events
			defer pace.Stop()
			for deadline := time.Now().Add(limit); !s.over(); <-pace.C {
				if time.Now().After(deadline) {
					t.Fatalf("the stream still goes on %v after it was opened, its maximum lifetime is %v", limit, short.MaxLifetime)
				}
				ids = append(ids, short.Publish("topic", topic, "data", "some\nlines"))
			}
			if err := <-s.ended; err != nil {
				t.Errorf("the stream broke off, want the response to end: %v", err)
			}
			if len(s.rest) > 0 {
				t.Errorf("the stream ended within an event: %q", s.rest)
			}
			var last string
			n := 0
			for e := range s.events {
				if n == len(ids) || e.ID != ids[n] {
					t.Fatalf("event %d has id %q, want the updates in turn", n+1, e.ID)
				}
				last = e.ID
				n++
			}
			again := short.Open(Request{Query: short.Topics(topic), Header: http.Header{"Last-Event-ID": {last}}})
			again.OnlyThen("resumed after the last event", topic, ids[n:]...)
		},
	},
}
