package main

import (
	"fmt"
	"net/http"
	"time"
)

// limitCases: what a hub does when there are too many of something.
var limitCases = []Case{
	{
		ID:    "LIMIT-connections-total",
		Needs: []Need{Variant("crowded"), Anonymous},
		Run: func(t *T) {
			crowded := t.On("crowded")
			streams := crowded.crowd()
			topic := t.Topic("one too many")
			if s, _ := crowded.served(topic); s != nil {
				t.Errorf("%d streams are open and another goes on, want it refused", len(streams))
			}
			for i, s := range streams {
				s.Silent("a stream that was open before", t.seat(i))
			}
			streams[0].Close()
			if s, status := crowded.servedSoon(topic); s == nil {
				t.Errorf("a stream after another was left: status %d, want it served", status)
			}
		},
	},
	{
		ID:    "LIMIT-connections-429",
		Needs: []Need{Variant("crowded"), Anonymous},
		Run: func(t *T) {
			crowded := t.On("crowded")
			streams := crowded.crowd()
			if _, status := crowded.served(t.Topic("one too many")); status != http.StatusTooManyRequests {
				t.Errorf("a stream beside %d: status %d, want 429", len(streams), status)
			}
		},
	},
}

// crowd opens as many streams as the hub allows.
func (t *T) crowd() []*Stream {
	if t.MaxConnections == 0 {
		t.Fatalf("the variant does not say how many streams it allows: give max_connections")
	}
	var streams []*Stream
	for i := range t.MaxConnections {
		s, status := t.servedSoon(t.seat(i))
		if s == nil {
			t.Fatalf("stream %d of the %d allowed: status %d, want it served", i+1, t.MaxConnections, status)
		}
		streams = append(streams, s)
	}
	return streams
}

// seat is the topic of a stream of the crowd.
func (t *T) seat(i int) string { return t.Topic(fmt.Sprint("seat ", i)) }

// servedSoon is served, but gives the hub time to notice that others left.
func (t *T) servedSoon(topic string) (s *Stream, status int) {
	for deadline := time.Now().Add(t.Patience); ; time.Sleep(10 * time.Millisecond) {
		if s, status = t.served(topic); s != nil || time.Now().After(deadline) {
			return s, status
		}
	}
}

// served opens a stream and returns it if it goes on. It is refused by a status,
// or, since browsers do not come back after one, by its end.
func (t *T) served(topic string) (s *Stream, status int) {
	resp := t.send(Request{Query: t.Topics(topic)})
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, resp.StatusCode
	}
	s = t.follow(resp)
	id := t.Publish("topic", topic)
	select {
	case e, ok := <-s.events:
		switch {
		case !ok:
			return nil, resp.StatusCode
		case e.ID != id:
			t.Errorf("a stream begins with event %q, want %q", e.ID, id)
		}
	case <-time.After(t.Patience):
		t.Fatalf("a stream neither ends nor brings an event within %v", t.Patience)
	}
	return s, resp.StatusCode
}
