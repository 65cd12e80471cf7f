package main

import (
	"net/url"
	"slices"
	"strings"
)

// streamEventCases: events and their fields, but for data.
var streamEventCases = []Case{
	{
		ID:    "SSE-format",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			var ids []string
			for _, more := range [][]string{
				nil,
				{"data", ""},
				{"data", "x", "type", "t", "retry", "1000"},
				{"data", "a\n\nb\n"},
				{"data", "\r\n"},
				{"data", "id: x\n\ndata: y\n\n"},
				{"data", ":\n:"},
				{"data", "{\"é\": \"\u2028 \U0001f600 \\u0000\"}"},
				{"data", "\ufeffa\x00b\x1fc\x7f\u0085d\u2029"},
				{"data", strings.Repeat("long ", 1<<15)},
				{"data", "last", "type", ""},
			} {
				ids = append(ids, t.Publish(append([]string{"topic", topic}, more...)...))
			}
			s.OnlyThen("one event for each update", topic, ids...)
		},
	},
	{
		ID:    "SSE-utf8",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			for raw, want := range map[string]string{
				"%E2%82%AC": "\xe2\x82\xac", "%F0%9F%98%80": "\xf0\x9f\x98\x80", "%EF%BB%BFe%CC%81%EF%BF%BD": "\ufeffe\u0301\ufffd",
			} {
				a := t.Post(t.PublisherToken(), Form("topic", topic)+"&data="+raw)
				t.WantStatus("publishing data="+raw, a, 200)
				if e := s.Next(); e.ID != a.Body || e.Data != want {
					t.Errorf("data=%s came as %x in event %q, want %x in event %q", raw, e.Data, e.ID, want, a.Body)
				}
			}
			for _, raw := range []string{"%FF", "a%C3", "%ED%A0%80"} {
				t.WantStatus("publishing data="+raw+", which is not UTF-8", t.Post(t.PublisherToken(), Form("topic", topic)+"&data="+raw), 200, 400)
			}
			s.Until(topic) // the reader notes what is not UTF-8
		},
	},
	{
		ID:    "SSE-id",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			live := t.Subscribe("", topic)
			for _, more := range [][]string{nil, {"data", "x"}, {"id", "urn:x:" + t.run}, {"type", "t", "data", "y"}} {
				id := t.Publish(append([]string{"topic", topic}, more...)...)
				e := live.Next()
				if e.ID != id {
					t.Errorf("an event has id %q, want what the publisher was told, %q", e.ID, id)
				}
				if n := len(e.fields("id")); n == 0 { // a parser would keep the last one
					t.Errorf("an event has no id field: %q", e.Lines)
				}
			}
		},
	},
	{
		ID:    "SSE-id-iri",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			id := t.Publish("topic", t.Topic("a"))
			if u, err := url.Parse(id); !strings.HasPrefix(id, "#") && (err != nil || !u.IsAbs()) {
				t.Errorf("the id the hub made is %q, want an absolute IRI or a fragment", id)
			}
		},
	},
	{
		ID:    "SSE-all-fields",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic, id := t.Topic("a"), "urn:x:"+t.run
			s := t.Subscribe("", topic)
			t.Publish("topic", topic, "data", "x", "type", "t", "id", id, "retry", "1500")
			if e := s.Next(); e.Type != "t" || e.ID != id || e.Retry != "1500" || e.Data != "x" {
				t.Errorf("the event is %q, want event t, id %s, retry 1500 and data x", e.Lines, id)
			}
			s.Silent("after the event", topic)
		},
	},
	{
		ID:    "SSE-event-field",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			for _, name := range []string{"foo", "été with spaces", "message"} {
				t.Publish("topic", topic, "data", "x", "type", name)
				if e := s.Next(); !slices.Equal(e.fields("event"), []string{name}) {
					t.Errorf("an update with type=%s: the event is %q, want event: %[1]s", name, e.Lines)
				}
			}
			t.Publish("topic", topic, "data", "x")
			if e := s.Next(); len(e.fields("event")) > 0 || e.Type != "message" {
				t.Errorf("an update without type: the event is %q, want it without an event field", e.Lines)
			}
		},
	},
	{
		ID:    "SSE-retry-field",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			for _, retry := range []string{"2500", "0", "2147483647"} {
				t.Publish("topic", topic, "data", "x", "retry", retry)
				if e := s.Next(); !slices.Equal(e.fields("retry"), []string{retry}) {
					t.Errorf("an update with retry=%s: the event is %q, want retry: %[1]s", retry, e.Lines)
				}
			}
			t.Publish("topic", topic, "data", "x")
			if e := s.Next(); len(e.fields("retry")) > 0 {
				t.Errorf("an update without retry: the event is %q, want it without a retry field", e.Lines)
			}
		},
	},
	{
		ID:    "SSE-retry-own",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			s.Silent("before the first update", topic)
			s.Silent("between updates", topic)
			for _, line := range s.noted() {
				if value, ok := strings.CutPrefix(line, "retry:"); ok && !digits(strings.TrimPrefix(value, " ")) {
					t.Errorf("the hub's own %q, want digits only", line)
				}
			}
		},
	},
	{
		ID:    "SSE-event-terminator",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			for _, data := range []string{"a\n\nb", "a\r\rb", "a\r\n\r\nb", "\n\n\n", "", "x\n\nid: y\n\ndata: z"} {
				id := t.Publish("topic", topic, "data", data, "type", "t")
				e := s.Next() // which needs the blank line
				if !slices.Equal(e.fields("id"), []string{id}) || !slices.Equal(e.fields("event"), []string{"t"}) ||
					strings.Join(e.fields("data"), "\n") != newlines(data) {
					t.Errorf("publishing data=%q: the block is %q, want id %s, event t and all of data in one", data, e.Lines, id)
				}
			}
			s.Silent("after these updates", topic)
			for _, line := range s.noted() {
				if !strings.HasPrefix(line, ":") && !strings.HasPrefix(line, "retry:") {
					t.Errorf("outside of events stands %q, want only comments and retry", line)
				}
			}
		},
	},
}

// fields returns the values of the fields with a name in an event's block.
func (e *Event) fields(name string) (values []string) {
	for _, line := range e.Lines {
		if field, value, _ := strings.Cut(line, ":"); field == name {
			values = append(values, strings.TrimPrefix(value, " "))
		}
	}
	return values
}

// noted returns the lines outside of events that came so far.
func (s *Stream) noted() (lines []string) {
	for {
		select {
		case line := <-s.notes:
			lines = append(lines, line)
		default:
			return lines
		}
	}
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
