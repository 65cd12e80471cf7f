package hub_test

import (
	"slices"
	"strings"
	"testing"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store/memory"
)

func TestReplay(t *testing.T) {
	h := hubtest.Start(t)
	var ids []string
	for _, raw := range []string{"topic=a&data=1", "topic=a&data=2&private=on", "topic=z&data=3", "topic=a&data=4"} {
		ids = append(ids, h.Publish(form(t, raw)))
	}
	granted := h.Sign(hubtest.Token{Generation: spec.Current, Subscribe: []string{"a"}})
	legacy := h.Sign(hubtest.Token{Subscribe: []string{"a"}})
	for name, test := range map[string]struct {
		query, token, cursor string
		want                 []string
	}{
		"REPLAY-after":                    {"match=a&last_event_id=" + ids[0], granted, ids[0], []string{"2", "4"}},
		"REPLAY-private-withheld":         {"match=a&last_event_id=" + ids[0], "", ids[0], []string{"4"}},
		"REPLAY-hub-wide-cursor":          {"match=a&last_event_id=" + ids[2], "", ids[2], []string{"4"}},
		"REPLAY-earliest":                 {"match=a&last_event_id=earliest", granted, "earliest", []string{"1", "2", "4"}},
		"REPLAY-unknown-cursor":           {"match=a&last_event_id=urn:x:y", "", "earliest", []string{"1", "4"}},
		"REPLAY-0x-query":                 {"topic=a&lastEventID=" + ids[0], legacy, ids[0], []string{"2", "4"}},
		"REPLAY-0x-private-withheld":      {"topic=a&lastEventID=earliest", "", "earliest", []string{"1", "4"}},
		"REPLAY-cursor-value: at the end": {"match=a&last_event_id=" + ids[3], "", ids[3], nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := h.Subscribe(test.query, test.token)
			field := "Mercure-Last-Event-ID"
			if strings.HasPrefix(test.query, "topic") {
				field = "Last-Event-ID"
			}
			if got := s.Response.Header.Get(field); got != test.cursor {
				t.Errorf("%s is %q, want %q", field, got, test.cursor)
			}
			live := h.Publish(form(t, "topic=a&data=live"+name))
			var got []string
			for e := s.Next(); e.ID != live; e = s.Next() {
				if !strings.HasPrefix(e.Data, "live") {
					got = append(got, e.Data)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("replayed %q, want %q", got, test.want)
			}
		})
	}
}

// Who asks for more than is retained is told so, and gets what there is.
func TestReplayOfTrimmedHistory(t *testing.T) {
	log, err := memory.Open(memory.Options{MaxCount: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
	var ids []string
	for range 4 {
		ids = append(ids, h.Publish(form(t, "topic=a")))
	}
	for name, test := range map[string]struct{ cursor, answer string }{
		"REPLAY-discard":  {ids[0], "earliest"},
		"REPLAY-earliest": {"earliest", "earliest"},
		// Trimmed itself, but nothing after it is missing.
		"a sealed cursor resolves by order": {ids[1], ids[1]},
	} {
		s := h.Subscribe("match=a&last_event_id="+test.cursor, "")
		if got := s.Response.Header.Get("Mercure-Last-Event-ID"); got != test.answer {
			t.Errorf("%s: cursor header %q, want %q", name, got, test.answer)
		}
		for _, want := range ids[2:] {
			if got := s.Next(); got.ID != want {
				t.Errorf("%s: got %q, want %q", name, got.ID, want)
			}
		}
	}
}
