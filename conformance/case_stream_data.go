package main

import "strings"

// streamDataCases: the data of events. The stream has lines, the data of an
// update has bytes.
var streamDataCases = []Case{
	{
		ID:    "SSE-data",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.carries("hello", "a+b &=%;", "<p>é</p>", "a:b", "data") },
	},
	{
		ID:    "SSE-data-lines",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			for data, lines := range map[string]int{"a\r\nb\rc\nd": 4, "a\n\rb": 3, "a\r\r\nb": 3, "\r": 2, "a": 1} {
				t.Publish("topic", topic, "data", data)
				e := s.Next()
				if n := len(e.fields("data")); n != lines {
					t.Errorf("publishing data=%q: %d data fields, want %d: %q", data, n, lines, e.Lines)
				}
				if e.Data != newlines(data) {
					t.Errorf("publishing data=%q: the event's data is %q, want %q", data, e.Data, newlines(data))
				}
			}
		},
	},
	{
		ID:    "SSE-0x-data-lines",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, end := range []string{"\n", "\r", "\r\n"} {
				t.carries(strings.Join([]string{"a", "id: x", "event: y"}, end), strings.Join([]string{"a", "", "retry: 1", "data: z", ""}, end))
			}
		},
	},
	{
		ID:    "SSE-data-trailing-newline",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.carries("a\n\nb\n", "a\r\n\r\nb\r\n", "a\r\rb\r", "\n", "\n\na", "a\n\n\n", "\r\n")
		},
	},
	{
		ID:    "SSE-data-leading-space",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.carries("  x", " x", " ", "a\n b\n  c", "\tx", "x ") },
	},
	{
		ID:    "SSE-data-empty",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			for _, more := range [][]string{nil, {"data", ""}} {
				id := t.Publish(append([]string{"topic", topic}, more...)...)
				if e := s.Next(); e.ID != id || e.Data != "" {
					t.Errorf("an update without content: event %q has data %q, want event %q with none", e.ID, e.Data, id)
				}
			}
		},
	},
	{
		ID:    "SSE-data-colon-safe",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.carries(":x\ndata: y", ":", ": comment\n:", "id: x", "event: y\nretry: 1", "retry: 5") },
	},
}

// carries asserts that data arrives as it was published, but for how its lines
// end, in one event that nothing in it acts upon.
func (t *T) carries(all ...string) {
	topic := t.Topic("a")
	s := t.Subscribe("", topic)
	for _, data := range all {
		id := t.Publish("topic", topic, "data", data)
		e := s.Next()
		if e.ID != id || e.Data != newlines(data) || e.Type != "message" || e.Retry != "" {
			t.Errorf("publishing data=%q: the event is %q, want data %q, id %q, no event and no retry", data, e.Lines, newlines(data), id)
		}
	}
	s.Silent("after an event for each update", topic)
}

// newlines ends lines as a parser of event streams does.
func newlines(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}
