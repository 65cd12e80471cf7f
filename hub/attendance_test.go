package hub_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"

	"github.com/prometheus/client_golang/prometheus"
)

// A sighting is what a subscription event says.
type sighting struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	MatchType  string `json:"match_type"`
	Match      string `json:"match"`
	Topic      string `json:"topic"`
	Subscriber string `json:"subscriber"`
	Active     bool   `json:"active"`
	Payload    any    `json:"payload"`
}

// sight reads the next event, which has to be about a subscription.
func sight(t *testing.T, s *hubtest.Stream) (hubtest.Event, sighting) {
	t.Helper()
	e := s.Next()
	var doc sighting
	if err := json.Unmarshal([]byte(e.Data), &doc); err != nil || doc.Subscriber == "" {
		t.Fatalf("SUBS-doc-json: expected a subscription document, got %+v", e)
	}
	return e, doc
}

func withSubscriptions(c *hub.Config) { c.Subscriptions = true }

const (
	watchCurrent = "match_urlpattern=/.well-known/mercure/subscriptions/*"
	watchLegacy  = "topic=/.well-known/mercure/subscriptions/{topic}/{subscriber}"
)

// watcher is a token that grants what tells of subscriptions.
func watcher(h *hubtest.Hub, g spec.Generation) string {
	return h.Sign(hubtest.Token{Generation: g, Subscribe: []string{"*"}})
}

// TestSubscriptionEvents: each generation is told of the same connections in its
// own words, live and on replay, and nobody who was not granted it.
func TestSubscriptionEvents(t *testing.T) {
	h := hubtest.Start(t, withSubscriptions)
	stranger := h.Subscribe("match=*", "")
	current, legacy := h.Subscribe(watchCurrent, watcher(h, spec.Current)), h.Subscribe(watchLegacy, watcher(h, spec.Legacy))

	// The watchers see themselves come: it is after their own position. The one
	// that came first sees the other, too.
	if _, doc := sight(t, current); doc.MatchType != "urlpattern" || !doc.Active {
		t.Fatalf("SUBS-event-created: the first subscription seen is %+v, want the watcher's own", doc)
	}
	sight(t, current)
	if _, doc := sight(t, legacy); doc.Topic != strings.TrimPrefix(watchLegacy, "topic=") {
		t.Fatalf("SUBS-event-created: the first subscription seen in 0.x is %+v, want the watcher's own", doc)
	}

	seen := make(map[string]string) // what was sent in 1.0 words, by id
	for range 2 {                   // twice: connections have nothing in common
		s := h.Subscribe("match=https://e.x/a+b&match_urlpattern=https://e.x/a+b&match=https://e.x/a+b", "")
		e, doc := sight(t, current)
		want := "/.well-known/mercure/subscriptions/exact/https%3A%2F%2Fe.x%2Fa%20b/" + strings.ReplaceAll(doc.Subscriber, ":", "%3A")
		if e.Type != "mercure" || doc.ID != want || doc.Match != "https://e.x/a b" || !doc.Active || doc.Type != "subscription" {
			t.Errorf("SUBS-topic, SUBS-event-type: event %+v; want about %s", e, want)
		}
		seen[e.ID] = e.Data
		second, other := sight(t, current)
		if other.MatchType != "urlpattern" || other.Subscriber != doc.Subscriber || !other.Active {
			t.Errorf("SUBS-subscriber-shared: the second subscription of the connection is %+v, of the first %+v", other, doc)
		}
		seen[second.ID] = second.Data
		old, oldDoc := sight(t, legacy)
		if old.Type != "" || oldDoc.Topic != "https://e.x/a b" || oldDoc.Subscriber != doc.Subscriber || old.ID != e.ID || oldDoc.Type != "Subscription" {
			t.Errorf("SUBS-0x-default-event, SUBS-0x-topic: 0.x is shown %+v of %+v", old, e)
		}

		s.Close()
		for range 2 {
			e, gone := sight(t, current)
			if gone.Active || gone.Subscriber != doc.Subscriber {
				t.Errorf("SUBS-event-terminated: expected the end of %s, got %+v", doc.Subscriber, gone)
			}
			seen[e.ID] = e.Data
		}
		if _, gone := sight(t, legacy); gone.Active || gone.Topic != "https://e.x/a b" {
			t.Errorf("SUBS-event-terminated: 0.x is shown %+v", gone)
		}
	}

	// Live and replay are the same (SUBS-event-in-history).
	again := h.Subscribe(watchCurrent+"&last_event_id=earliest", watcher(h, spec.Current))
	for len(seen) > 0 {
		e, _ := sight(t, again)
		if data, ok := seen[e.ID]; ok && (data != e.Data || e.Type != "mercure") {
			t.Errorf("SUBS-event-type: replayed %+v, live it was %s", e, data)
		}
		delete(seen, e.ID)
	}
	h.Publish(form(t, "topic=public&data=x"))
	if e := stranger.Next(); e.Data != "x" {
		t.Errorf("PRIV-presence-restricted: a stranger was sent %+v", e)
	}
}

// TestSubscriptionPayload: the payload is that of the token, at the beginning and
// at the end, and 1.0 is shown objects alone.
func TestSubscriptionPayload(t *testing.T) {
	h := hubtest.Start(t, withSubscriptions)
	current, legacy := h.Subscribe(watchCurrent, watcher(h, spec.Current)), h.Subscribe(watchLegacy, watcher(h, spec.Legacy))
	sight(t, current)
	sight(t, current)
	sight(t, legacy)
	for name, payload := range map[string]any{"object": map[string]any{"a": 1.0}, "number": 7.0} {
		s := h.Subscribe("topic=x", h.Sign(hubtest.Token{Subscribe: []string{"x"}, Change: func(_, claims map[string]any) {
			claims["mercure"].(map[string]any)["payload"] = payload
		}}))
		for _, active := range []bool{true, false} {
			_, doc := sight(t, legacy)
			if got, want := asJSON(t, doc.Payload), asJSON(t, payload); got != want || doc.Active != active {
				t.Errorf("SUBS-0x-doc-payload: %s: payload %s, active %v; want %s, %v", name, got, doc.Active, want, active)
			}
			_, doc = sight(t, current)
			if shown := doc.Payload != nil; shown != (name == "object") || doc.Active != active {
				t.Errorf("SUBS-doc-payload: %s: 1.0 is shown %+v", name, doc)
			}
			s.Close()
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSubscriptionsEndWithTheHub: whatever ends a stream ends its subscriptions
// once, before the history is closed.
func TestSubscriptionsEndWithTheHub(t *testing.T) {
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	h := hubtest.Start(t, withSubscriptions, func(c *hub.Config) { c.Log, c.Presence = log, log })
	const streams = 50
	for i := range streams {
		s := h.Subscribe("match=a&match=b", "")
		if i%2 == 0 {
			s.Close()
		}
	}
	h.Subscribe("match=a", h.Sign(hubtest.Token{Generation: spec.Current, Subscribe: []string{"a"}, Expires: time.Now().Add(time.Second)}))
	ctx, cancel := context.WithTimeout(context.Background(), hubtest.Patience)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Fatalf("closing: %v", err)
	}
	chunk, err := log.Read(t.Context(), 0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	open := make(map[string]int)
	began := 0
	for _, e := range chunk.Entries {
		s := e.Subscription
		name := s.Topic(spec.Current, spec.WellKnownPath)
		switch {
		case s.Active() && open[name] == 0:
			open[name], began = 1, began+1
		case !s.Active() && open[name] == 1:
			open[name] = 2
		default:
			t.Errorf("SUBS-event-terminated: %s: active %v in state %d", name, s.Active(), open[name])
		}
	}
	for name, state := range open {
		if state != 2 {
			t.Errorf("SUBS-event-terminated: %s was not ended", name)
		}
	}
	if want := 2*streams + 1; began != want {
		t.Errorf("SUBS-event-created: %d subscriptions began, want %d", began, want)
	}
}

// A stuck log takes no changes until it is let go.
type stuck struct {
	store.Presence
	free chan struct{}
}

func (s *stuck) Change(ctx context.Context, changes ...*spec.Subscription) (store.Receipt, error) {
	select {
	case <-s.free:
		return s.Presence.Change(ctx, changes...)
	case <-ctx.Done():
		return store.Receipt{}, ctx.Err()
	}
}

// TestConnectionsDoNotWaitForPresence: a history that takes no word of
// subscriptions keeps no stream waiting, and gets all of it later, in order.
func TestConnectionsDoNotWaitForPresence(t *testing.T) {
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	presence := &stuck{Presence: log, free: make(chan struct{})}
	h := hubtest.Start(t, withSubscriptions, func(c *hub.Config) { c.Log, c.Presence = log, presence })
	observer := h.Subscribe(watchCurrent, watcher(h, spec.Current))
	for range 20 {
		s := h.Subscribe("match=a", "")
		h.Publish(form(t, "topic=a&data=x"))
		if e := s.Next(); e.Data != "x" {
			t.Fatalf("a stream got %+v", e)
		}
		s.Close()
	}
	close(presence.free)
	sight(t, observer) // itself
	present := make(map[string]bool)
	for range 40 {
		_, doc := sight(t, observer)
		if doc.Active == present[doc.Subscriber] {
			t.Errorf("%s is told active: %v twice or in disorder", doc.Subscriber, doc.Active)
		}
		present[doc.Subscriber] = doc.Active
	}
	for subscriber, active := range present {
		if active {
			t.Errorf("SUBS-event-terminated: %s did not end", subscriber)
		}
	}
}

// TestTooManyArrive: while the history takes no word of subscriptions, only so
// many streams may come. Whoever comes then is told to come back, in the way that
// browsers do; nobody else notices, and once the history has been told of
// everybody there is room again.
func TestTooManyArrive(t *testing.T) {
	const most = 1 << 14
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	presence := &stuck{Presence: log, free: make(chan struct{})}
	h := hubtest.Start(t, withSubscriptions, func(c *hub.Config) {
		c.Log, c.Presence, c.Retry, c.Overload = log, presence, 6*time.Second, hub.OverloadStatus
	})
	stays := h.Subscribe("match=a", "")
	// They come and leave without a connection, of which there are not as many.
	left, leave := context.WithCancel(t.Context())
	leave()
	for range most - 1 {
		h.ServeHTTP(httptest.NewRecorder(), h.Request(http.MethodGet, "match=a", nil).WithContext(left))
	}
	wantMetric(t, h, "mercure_subscribers_untold "+strconv.Itoa(2*most-1)) // one has not left
	wantMetric(t, h, "mercure_subscriptions 0")

	id := h.Publish(form(t, "topic=a&data=x"))
	for query, cursor := range map[string]string{"match=a": "Mercure-Last-Event-ID", "topic=a": "Last-Event-ID"} {
		ask(t, h, query+"&last_event_id="+id).sentAway(t, cursor, id)
		ask(t, h, query).sentAway(t, cursor, "")
	}
	wantMetric(t, h, `mercure_subscribers_sent_away_total{reason="history"} 4`)
	if status, _ := h.Do(h.Request(http.MethodHead, "match=a", nil)); status != http.StatusOK {
		t.Errorf("HEAD, which nobody is told of: status %d, want 200", status)
	}
	if e := stays.Next(); e.ID != id {
		t.Errorf("the open stream got %+v, want the update %s", e, id)
	}

	close(presence.free)
	eventually(t, "the history is told of everybody", func() bool { return metric(t, h, "mercure_subscribers_untold") == 0 })
	eventually(t, "those who stay are listed", func() bool { return metric(t, h, "mercure_subscriptions") == 1 })
	h.Subscribe("match=a", "")
}

// metric returns the value of a metric that has no labels.
func metric(t *testing.T, h *hubtest.Hub, name string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(h.Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}
