package main

import (
	"fmt"
	"net/http"
	"time"
)

// connectionCases: what a hub does when streams are too many.
var connectionCases = []Case{
	{
		ID:    "LIMIT-connections-client",
		Needs: []Need{Variant("client"), Anonymous},
		Run:   func(t *T) { t.On("client").limitsStreams() },
	},
	{
		ID:    "LIMIT-token-subscriptions",
		Needs: []Need{Variant("token"), SubscriberKey},
		Run: func(t *T) {
			v := t.On("token")
			mine, other := v.SubscriberToken(), v.SubscriberToken()
			v.limitsStreamsOf(mine)
			if s, status := v.servedTo(other, t.Topic("another token")); s == nil {
				t.Errorf("a stream of another token: status %d, want it served", status)
			}
		},
	},
	{
		ID:    "LIMIT-token-429",
		Needs: []Need{Variant("token"), SubscriberKey},
		Run: func(t *T) {
			v := t.On("token")
			mine := v.SubscriberToken()
			v.crowdOf(mine)
			if _, status := v.servedTo(mine, t.Topic("one too many")); status != http.StatusTooManyRequests {
				t.Errorf("a stream beside %d of its token: status %d, want 429", v.MaxConnections, status)
			}
		},
	},
	{
		ID:    "LIMIT-connections-total",
		Needs: []Need{Variant("crowded"), Anonymous},
		Run:   func(t *T) { t.On("crowded").limitsStreams() },
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

// limitsStreams asserts that one stream more than allowed is refused, that the
// others go on, and that there is room again when one was left.
func (t *T) limitsStreams() { t.limitsStreamsOf("") }

func (t *T) limitsStreamsOf(token string) {
	streams := t.crowdOf(token)
	topic := t.Topic("one too many")
	if s, _ := t.servedTo(token, topic); s != nil {
		t.Errorf("%d streams are open and another goes on, want it refused", len(streams))
	}
	for i, s := range streams {
		s.Silent("a stream that was open before", t.seat(i))
	}
	streams[0].Close()
	if s, status := t.servedSoonTo(token, topic); s == nil {
		t.Errorf("a stream after another was left: status %d, want it served", status)
	}
}

// crowd opens as many streams as the hub allows.
func (t *T) crowd() []*Stream { return t.crowdOf("") }

func (t *T) crowdOf(token string) []*Stream {
	if t.MaxConnections == 0 {
		t.Fatalf("the variant does not say how many streams it allows: give max_connections")
	}
	var streams []*Stream
	for i := range t.MaxConnections {
		s, status := t.servedSoonTo(token, t.seat(i))
		if s == nil {
			t.Fatalf("stream %d of the %d allowed: status %d, want it served", i+1, t.MaxConnections, status)
		}
		streams = append(streams, s)
	}
	return streams
}

// seat is the topic of a stream of the crowd.
func (t *T) seat(i int) string { return t.Topic(fmt.Sprint("seat ", i)) }

// servedSoonTo is servedTo, but gives the hub time to notice that others left.
func (t *T) servedSoonTo(token, topic string) (s *Stream, status int) {
	for deadline := time.Now().Add(t.Patience); ; time.Sleep(10 * time.Millisecond) {
		if s, status = t.servedTo(token, topic); s != nil || time.Now().After(deadline) {
			return s, status
		}
	}
}

// served is servedTo a stranger.
func (t *T) served(topic string) (s *Stream, status int) { return t.servedTo("", topic) }

// servedTo opens a stream with a token and returns it if it goes on. It is refused by a status,
// or, since browsers do not come back after one, by its end.
func (t *T) servedTo(token, topic string) (s *Stream, status int) {
	resp := t.send(Request{Query: t.Topics(topic), Token: token})
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
