//go:build unix

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// A listener is one open stream of this test.
type listener struct {
	t      *testing.T
	events *eventReader
}

func listen(t *testing.T, ctx context.Context, h *Hub, cursor, token string) *listener {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL()+"?"+url.Values{"topic": {"*"}}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if cursor != "" {
		r.Header.Set("Last-Event-ID", cursor)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("opening a stream: %v", err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if got := answer.Header.Get("Last-Event-ID"); answer.StatusCode != http.StatusOK || got != cursor {
		t.Fatalf("opening a stream after %q: status %d, resumed after %q", cursor, answer.StatusCode, got)
	}
	return &listener{t, newEventReader(answer.Body)}
}

// next returns who came or went.
func (l *listener) next() (subscriber string, active bool) {
	l.t.Helper()
	e, err := l.events.next()
	if err != nil {
		l.t.Fatalf("waiting for an event: %v", err)
	}
	var document struct {
		Subscriber string
		Active     bool
	}
	if err := json.Unmarshal([]byte(e.Data), &document); err != nil || !e.ofHub() {
		l.t.Fatalf("expected an event about a subscription, got %+v", e)
	}
	return document.Subscriber, document.Active
}

// Whoever was connected when the hub was killed is seen to leave, once, by who
// comes back with a cursor of before, and is listed no more
// (SUBS-event-terminated, SUBS-api-inactive).
func TestKilledWithOpenStreams(t *testing.T) {
	h, _ := startHub(t, nil, "--subscriptions")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	token := credentials.subscriber()
	present := make(map[string]bool)
	observer := listen(t, ctx, h, "", token)
	for range 20 {
		listen(t, ctx, h, "", "")
	}
	for len(present) < 21 {
		who, active := observer.next()
		if !active || present[who] {
			t.Fatalf("SUBS-event-created: %s is told active: %v, known: %v", who, active, present[who])
		}
		present[who] = true
	}
	record := NewRecord()
	publisher := record.Publisher("one", credentials.publisher())
	defer publisher.Close()
	// What was made durable has made durable what came before it.
	cursor := publisher.Publish(ctx, h.URL(), Update{Topic: "t", Size: 10})
	if cursor.Outcome != Acknowledged {
		t.Fatalf("publishing: %s", cursor.Problem)
	}
	for range 2 { // the second life has nobody left to end but the observer of the first
		if err := h.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := h.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}

	observer = listen(t, ctx, h, cursor.ID, token)
	me := ""
	for me == "" {
		switch who, active := observer.next(); {
		case active:
			me = who
		case !present[who]:
			t.Errorf("SUBS-event-terminated: %s is told to have ended, though it was never there, or twice", who)
		default:
			delete(present, who)
		}
	}
	for who := range present {
		t.Errorf("SUBS-event-terminated: %s was connected at the kill and is not told to have ended", who)
	}
	if got := listed(t, ctx, h, token); len(got) != 1 || got[0] != me {
		t.Errorf("SUBS-api-collection: %v are listed, want %s alone", got, me)
	}
}

// listed asks the subscription API who listens.
func listed(t *testing.T, ctx context.Context, h *Hub, token string) (subscribers []string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL()+"/subscriptions", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var document struct {
		Subscriptions []struct{ Subscriber string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&document); err != nil {
		t.Fatal(fmt.Errorf("asking who listens: %s: %w", answer.Status, err))
	}
	for _, s := range document.Subscriptions {
		subscribers = append(subscribers, s.Subscriber)
	}
	return subscribers
}

// What the hub makes itself may go with its process; nobody without a grant may
// see it.
func TestJudgeEventsOfTheHub(t *testing.T) {
	for name, tt := range map[string]struct {
		view View
		want []Kind
	}{
		"a cursor that may be gone": {View{OfHub: 1, Subscription: Subscription{Granted: []string{"*"}}, Connections: []Connection{{Asked: "urn:1", OfHub: true, Answered: Earliest}}}, nil},
		"one that may not":          {View{Connections: []Connection{{Asked: "urn:1", Answered: Earliest}}}, []Kind{CursorLost}},
		"another in its place":      {View{Connections: []Connection{{Asked: "urn:1", OfHub: true, Answered: "urn:2"}}}, []Kind{CursorLost}},
		"without a grant":           {View{OfHub: 1}, []Kind{Leaked}},
	} {
		var got []Kind
		for _, f := range NewRecord().Judge(tt.view).Faults {
			got = append(got, f.Kind)
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	for data, want := range map[string]bool{
		`{"@context":"https://mercure.rocks/","id":"/x","type":"Subscription"}`: true,
		`{"@context":"https://mercure.rocks/","type":"Subscriptions"}`:          false,
		`{"type":"Subscription"}`: false,
		`{`:                       false,
		"":                        false,
	} {
		if got := (Event{Data: data}).ofHub(); got != want {
			t.Errorf("%s is of the hub: %v, want %v", data, got, want)
		}
	}
}
