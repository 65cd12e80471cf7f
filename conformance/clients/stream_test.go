package clients

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for something that has to happen.
const patience = 30 * time.Second

// An event as a client reports it.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data string `json:"data"`
}

// A stream is a subscriber written in Go, for tests whose subject is the
// publisher.
type stream struct{ events chan event }

// subscribe opens a stream, with a token or none.
func subscribe(t *testing.T, url, token string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatalf("subscribing: %v", err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("subscribing: %v", err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("SSE-content-type: GET %s answered %s, want 200", url, answer.Status)
	}
	s := &stream{events: make(chan event, 64)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(s.events)
		read(bufio.NewScanner(answer.Body), s.events)
	}()
	t.Cleanup(func() {
		cancel()
		_ = answer.Body.Close()
		<-ended
	})
	return s
}

// read parses the stream as far as the hub's own writing of it goes: LF line
// ends and one space after the colon.
func read(lines *bufio.Scanner, events chan<- event) {
	e, data := event{Type: "message"}, []string(nil)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			e.ID = value
		case "event":
			e.Type = value
		case "data", "data:":
			data = append(data, value)
		case "":
			if lines.Text() == "" && data != nil {
				e.Data = strings.Join(data, "\n")
				events <- e
				e, data = event{Type: "message"}, nil
			}
		}
	}
}

// until returns all events up to the one with the given data. Whatever should
// not have been sent would have come before it.
func (s *stream) until(t *testing.T, data string) []event {
	t.Helper()
	deadline := time.After(patience)
	var got []event
	for {
		select {
		case e, open := <-s.events:
			if !open {
				t.Fatalf("the stream ended before %q; got %+v", data, got)
			}
			got = append(got, e)
			if e.Data == data {
				return got
			}
		case <-deadline:
			t.Fatalf("REPLAY-order-gapless: no event %q within %v; got %+v", data, patience, got)
		}
	}
}
