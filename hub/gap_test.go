package hub_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/bolt"
	"cinnabar/store/memory"
)

// A toldGap is what a stream says of missing events.
type toldGap struct {
	From, To *string
	Reason   string
}

// wantGap asserts that the next event tells of a gap: from and to are ids, "" for
// null.
func wantGap(t *testing.T, what string, s *hubtest.Stream, from, to, reason string) {
	t.Helper()
	e := s.Next()
	var told toldGap
	if err := json.Unmarshal([]byte(e.Data), &told); err != nil || e.Type != "cinnabar.gap" {
		t.Fatalf("%s: got %+v, want an event that tells of a gap", what, e)
	}
	if e.ID != "" {
		t.Errorf("%s: the event that tells of a gap has id %q, which would be the client's cursor", what, e.ID)
	}
	value := func(id *string) string {
		if id == nil {
			return ""
		}
		return *id
	}
	if value(told.From) != from || value(told.To) != to || told.Reason != reason {
		t.Errorf("%s: told of %s, want from %q to %q for %q", what, e.Data, from, to, reason)
	}
}

func wantIDs(t *testing.T, what string, s *hubtest.Stream, ids ...string) {
	t.Helper()
	for _, want := range ids {
		if got := s.Next(); got.ID != want {
			t.Fatalf("%s: got %+v, want %q", what, got, want)
		}
	}
}

func startOn(t *testing.T, log interface {
	store.Log
	store.Presence
}) *hubtest.Hub {
	t.Helper()
	return hubtest.Start(t, func(c *hub.Config) { c.Log, c.Presence = log, log })
}

func openMemory(t *testing.T, o memory.Options) *memory.Log {
	t.Helper()
	log, err := memory.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

// TestGapIsTold: who asks with gap=on is told in the stream what native
// EventSource cannot read in a header.
func TestGapIsTold(t *testing.T) {
	h := startOn(t, openMemory(t, memory.Options{MaxCount: 3}))
	var ids []string
	for range 6 {
		ids = append(ids, h.Publish(form(t, "topic=a")))
	}
	const unknown = "urn:x:y"
	for name, test := range map[string]struct {
		query            string
		from, to, reason string // no gap without a reason
		then             []string
	}{
		"trimmed":                       {"match=a&gap=on&last_event_id=" + ids[0], ids[0], ids[3], "trimmed", ids[3:]},
		"trimmed, 0.x":                  {"topic=a&gap=on&lastEventID=" + ids[1], ids[1], ids[3], "trimmed", ids[3:]},
		"unknown":                       {"match=a&gap=on&last_event_id=" + unknown, unknown, ids[3], "unknown_id", ids[3:]},
		"complete":                      {"match=a&gap=on&last_event_id=" + ids[2], "", "", "", ids[3:]},
		"everything that there is":      {"match=a&gap=on&last_event_id=earliest", "", "", "", ids[3:]},
		"nobody asked":                  {"match=a&last_event_id=" + unknown, "", "", "", ids[3:]},
		"another value":                 {"match=a&gap=1&last_event_id=" + unknown, "", "", "", ids[3:]},
		"nothing that matches, so far":  {"match=b&gap=on&last_event_id=" + unknown, unknown, "", "unknown_id", nil},
		"no cursor":                     {"match=a&gap=on", "", "", "", nil},
		"nothing that matches, trimmed": {"match_urlpattern=https://e.x/:x&gap=on&last_event_id=" + ids[0], ids[0], "", "trimmed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := h.Subscribe(test.query, "")
			if test.reason != "" {
				wantGap(t, name, s, test.from, test.to, test.reason)
			}
			wantIDs(t, name, s, test.then...)
		})
	}
	r := h.Request("QUERY", "", strings.NewReader("match=a&gap=on&last_event_id="+unknown))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s := h.Open(r)
	wantGap(t, "in a body", s, unknown, ids[3], "unknown_id")
	wantIDs(t, "in a body", s, ids[3:]...)

	// A client that breaks off behind the gap is told of it again: its place is
	// that of the event before.
	r = h.Request(http.MethodGet, "match=a&gap=on", nil)
	r.Header.Set("Last-Event-ID", ids[0])
	wantGap(t, "once more", h.Open(r), ids[0], ids[3], "trimmed")
}

// TestGapAfterAnythingAtAll: what a stranger sends as a cursor is not sent back in
// six times its size.
func TestGapAfterAnythingAtAll(t *testing.T) {
	h := startOn(t, openMemory(t, memory.Options{}))
	long := strings.Repeat("<", spec.MaxField)
	for _, test := range []struct{ cursor, from string }{{long, long}, {long + "<", ""}} {
		r := h.Request("QUERY", "", strings.NewReader("match=a&gap=on&last_event_id="+test.cursor))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		wantGap(t, "a long cursor", h.Open(r), test.from, "", "unknown_id")
	}
}

// TestGapConcernsWhoMayMiss: where rules keep some topics for longer, who reads
// those is told of nothing that went of the others.
func TestGapConcernsWhoMayMiss(t *testing.T) {
	rule := func(text string, count int64) store.Rule {
		s, err := spec.ParseTopicSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		return store.Rule{Selector: s, MaxCount: count}
	}
	h := startOn(t, openMemory(t, memory.Options{Rules: []store.Rule{rule("https://e.x/ticks/{id}", 1), rule("https://e.x/orders/{id}", 100)}}))
	first := h.Publish(form(t, "topic=https://e.x/orders/1"))
	for range 5 {
		h.Publish(form(t, "topic=https://e.x/ticks/1"))
	}
	second := h.Publish(form(t, "topic=https://e.x/orders/1"))
	for _, query := range []string{
		"match=https://e.x/orders/1&last_event_id=", "topic=https://e.x/orders/{id}&lastEventID=", "topic=https://e.x/o{%2Brest}&lastEventID=",
	} {
		s := h.Subscribe(query+first+"&gap=on", "")
		for _, field := range []string{"Mercure-Last-Event-ID", "Last-Event-ID"} {
			if got := s.Response.Header.Get(field); got != "" && got != first {
				t.Errorf("%s: %s is %q, want %q: no order is missing", query, field, got, first)
			}
		}
		wantIDs(t, query, s, second)
	}
	s := h.Subscribe("match=*&last_event_id="+first+"&gap=on", "")
	if got := s.Response.Header.Get("Mercure-Last-Event-ID"); got != "earliest" {
		t.Errorf("a reader of everything is answered %q, want earliest: ticks are missing", got)
	}
}

// TestGapAfterACrash: what was seen and did not survive is told, too.
func TestGapAfterACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	open := func(path string) *bolt.Log {
		t.Helper()
		log, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		return log
	}
	before := startOn(t, open(path))
	before.Publish(form(t, "topic=a&data=kept"))
	left, err := os.ReadFile(path) // what a crash leaves
	if err != nil {
		t.Fatal(err)
	}
	seen := before.Publish(form(t, "topic=a&data=lost"))

	crashed := path + ".crashed"
	if err := os.WriteFile(crashed, left, 0o600); err != nil {
		t.Fatal(err)
	}
	after := startOn(t, open(crashed))
	s := after.Subscribe("match=a&gap=on&last_event_id="+seen, "")
	wantGap(t, "a lost cursor", s, seen, "", "not_kept")
	fresh := after.Publish(form(t, "topic=a&data=fresh"))
	wantIDs(t, "a lost cursor", s, fresh)
	s = after.Subscribe("match=a&gap=on&last_event_id="+seen, "")
	wantGap(t, "a lost cursor, later", s, seen, fresh, "not_kept")
}
