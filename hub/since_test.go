package hub_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store/memory"
)

// TestSince begins streams at times, of either generation, and lets a cursor
// win.
func TestSince(t *testing.T) {
	h := hubtest.Start(t)
	first := h.Publish(form(t, "topic=a&data=1"))
	time.Sleep(2 * time.Millisecond) // times are to the millisecond
	middle := time.Now().UTC()
	h.Publish(form(t, "topic=a&data=2&private=on"))
	h.Publish(form(t, "topic=b&data=3"))
	last := h.Publish(form(t, "topic=a&data=4"))
	granted := h.Sign(hubtest.Token{Generation: spec.Current, Subscribe: []string{"a"}})
	at := url.QueryEscape(middle.Format(time.RFC3339Nano))
	for name, test := range map[string]struct {
		query, token  string
		since, cursor string // header fields
		want          []string
	}{
		"a time":                     {"match=a&since=" + at, "", middle.Format(time.RFC3339Nano), "", []string{"4"}},
		"a time, with a grant":       {"match=a&since=" + at, granted, middle.Format(time.RFC3339Nano), "", []string{"2", "4"}},
		"a time, 0.x":                {"topic=a&since=" + at, "", middle.Format(time.RFC3339Nano), "", []string{"4"}},
		"seconds ago":                {"match=a&since=3600", "", "*", "", []string{"1", "4"}},
		"the first one counts":       {"match=a&since=3600&since=0", "", "*", "", []string{"1", "4"}},
		"the future":                 {"match=a&since=2100-01-01T00:00:00Z", "", "2100-01-01T00:00:00Z", "", nil},
		"a cursor wins":              {"match=a&since=3600&last_event_id=" + last, "", "", last, nil},
		"a cursor wins, 0.x":         {"topic=a&since=0&lastEventID=" + first, "", "", first, []string{"4"}},
		"an empty cursor wins, too":  {"match=a&since=0&last_event_id=", "", "", "earliest", []string{"1", "4"}},
		"SUB-other-params-ignored":   {"match=a&since=the+beginning", "", "", "", nil},
		"SUB-other-params-ignored 2": {"match=a&since=", "", "", "", nil},
		"SUB-other-params-ignored 3": {"topic=a&since=-5", "", "", "", nil},
		"SUB-other-params-ignored 4": {"topic=a&since=99999999999999999999", "", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := h.Subscribe(test.query, test.token)
			if got := s.Response.Header.Get("Cinnabar-Since"); got != test.since && !(test.since == "*" && got != "") {
				t.Errorf("Cinnabar-Since is %q, want %q", got, test.since)
			}
			field := "Mercure-Last-Event-ID"
			if strings.HasPrefix(test.query, "topic") {
				field = "Last-Event-ID"
			}
			if got := s.Response.Header.Get(field); got != test.cursor {
				t.Errorf("%s is %q, want %q", field, got, test.cursor)
			}
			live := h.Publish(form(t, "topic=a&data=live"))
			var got []string
			for e := s.Next(); e.ID != live; e = s.Next() {
				if e.Data != "live" {
					got = append(got, e.Data)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("replayed %q, want %q", got, test.want)
			}
		})
	}
}

// TestSinceTrimmed: who asks for a time of which something is gone is told so,
// and gets what there is.
func TestSinceTrimmed(t *testing.T) {
	log, err := memory.Open(memory.Options{MaxCount: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
	for range 4 {
		h.Publish(form(t, "topic=a"))
	}
	for query, field := range map[string]string{"match=a": "Mercure-Last-Event-ID", "topic=a": "Last-Event-ID"} {
		s := h.Subscribe(query+"&since=3600", "")
		if got := s.Response.Header.Get(field); got != "earliest" {
			t.Errorf("%s: %s is %q, want earliest", query, field, got)
		}
		s.Next()
		s.Next()
	}
}
