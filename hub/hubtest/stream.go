package hubtest

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// An Event is one that a stream dispatched.
type Event struct {
	ID, Type, Data, Retry string
}

// A Stream is an open stream. Its methods fail the test when they have to wait
// longer than [Patience].
type Stream struct {
	hub *Hub
	// Response is the answer; its body belongs to the stream.
	Response *http.Response
	events   chan Event // closed at the end of the stream
	cancel   context.CancelFunc

	// Comments counts them and Retry holds the last reconnection time that no
	// event carried; read them after the end of the stream.
	Comments int
	Retry    string
	err      error // why it ended, nil for a clean end
}

// Subscribe opens a stream with a query component, and perhaps a token. Any
// other answer than a stream fails the test.
func (h *Hub) Subscribe(query, token string) *Stream {
	h.t.Helper()
	r := h.Request(http.MethodGet, query, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return h.Open(r)
}

// Open opens a stream by any request.
func (h *Hub) Open(r *http.Request) *Stream {
	h.t.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	late := time.AfterFunc(Patience, cancel)
	answer, err := h.Client.Do(r.WithContext(ctx))
	late.Stop()
	if err != nil {
		cancel()
		h.t.Fatalf("opening a stream: %v", err)
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
		answer.Body.Close()
		cancel()
		h.t.Fatalf("opening a stream: status %d, type %q: %s", answer.StatusCode, kind, body)
	}
	s := &Stream{hub: h, Response: answer, events: make(chan Event, 64), cancel: cancel}
	go s.read(ctx)
	h.t.Cleanup(s.Close)
	return s
}

// Close leaves the stream; it may be called again.
func (s *Stream) Close() {
	s.cancel()
	for range s.events { // until read is over
	}
}

// Next returns the next event.
func (s *Stream) Next() Event {
	s.hub.t.Helper()
	e, ok := s.wait()
	if !ok {
		s.hub.t.Fatalf("the stream ended (%v) before its next event", s.err)
	}
	return e
}

// End waits for the clean end of the stream, without another event before it.
func (s *Stream) End() {
	s.hub.t.Helper()
	if e, ok := s.wait(); ok {
		s.hub.t.Fatalf("expected the end of the stream, got %+v", e)
	}
	if s.err != nil {
		s.hub.t.Fatalf("the stream broke off: %v", s.err)
	}
}

func (s *Stream) wait() (e Event, ok bool) {
	s.hub.t.Helper()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case e, ok = <-s.events:
	case <-timer.C:
		s.hub.t.Fatalf("neither an event nor the end of the stream came in %v", Patience)
	}
	return e, ok
}

// read parses the stream strictly: only what HTML's grammar allows, and a
// block without a data field dispatches nothing.
func (s *Stream) read(ctx context.Context) {
	defer close(s.events)
	defer s.Response.Body.Close()
	lines := bufio.NewReader(s.Response.Body)
	var e Event
	var data []string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			if err != io.EOF || line != "" {
				s.err = err
			}
			return
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			if data == nil {
				s.Retry = e.Retry
				e = Event{}
				continue
			}
			e.Data = strings.Join(data, "\n")
			select {
			case s.events <- e:
			case <-ctx.Done():
				s.err = ctx.Err()
				return
			}
			e, data = Event{}, nil
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "":
			s.Comments++
		case "id":
			e.ID = value
		case "event":
			e.Type = value
		case "data":
			data = append(data, value)
		case "retry":
			e.Retry = value
		}
	}
}
