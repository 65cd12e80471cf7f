package spec

import (
	"strings"
	"testing"
)

func anyRules() Rules { return Rules{Base: UnnamedBase(), Generations: Both} }

func mustUpdate(t testing.TB, f Fields) *Update {
	t.Helper()
	u, err := NewUpdate(f, anyRules())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func mustID(t testing.TB, s string) EventID {
	t.Helper()
	id, err := ParseEventID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAppendEvent(t *testing.T) {
	for _, v := range readVectors(t, "events.txt", "id", "type", "retry", "data", "wire") {
		t.Run(v.name, func(t *testing.T) {
			u := mustUpdate(t, Fields{Topics: []string{"t"}, Data: v.get("data"), Type: v.get("type"), Retry: v.get("retry")})
			got := AppendEvent([]byte("before"), mustID(t, v.get("id")), u)
			if want := "before" + v.get("wire"); string(got) != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestAppendEventUsesTheGivenID(t *testing.T) {
	u := mustUpdate(t, Fields{Topics: []string{"t"}, ID: "urn:brought"})
	if got := string(AppendEvent(nil, mustID(t, "urn:settled"), u)); strings.Contains(got, "brought") {
		t.Errorf("the event is %q; the id the hub settled on is urn:settled", got)
	}
}

// A dispatched event as the HTML standard's parser sees it, section 9.2.6.
type parsedEvent struct{ id, kind, retry, data string }

// parseStream is that parser, except that it notes what ours must never write:
// an empty id, an unknown field, a comment.
func parseStream(stream string) (events []parsedEvent, oddities []string) {
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(stream, "\n")
	lines = lines[:len(lines)-1] // an unfinished line is dropped
	var event parsedEvent
	var data []string
	for _, line := range lines {
		if line == "" {
			if data != nil {
				event.data = strings.Join(data, "\n")
				events = append(events, event)
			}
			event, data = parsedEvent{}, nil
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "data":
			data = append(data, value)
		case name == "id" && event.id == "" && value != "" && !strings.Contains(value, "\x00"):
			event.id = value
		case name == "event" && event.kind == "" && value != "":
			event.kind = value
		case name == "retry" && event.retry == "" && value != "" && isDigits(value):
			event.retry = value
		default:
			oddities = append(oddities, line)
		}
	}
	return events, oddities
}

// Nothing is injected and nothing is lost, whatever a publisher sends to a hub
// of either kind (PUB-no-sse-injection).
func FuzzAppendEvent(f *testing.F) {
	f.Add("urn:x:1", "t", "1500", "a\r\nb\rc\nd\n", true)
	f.Add("x", "", "", "", false)
	f.Add("x\ndata: y", "a\rb", "1\n2", "\n\n\r", false)
	f.Add("é", "\x00", "007", "data: x\nid: y\n\n: z", false)
	f.Fuzz(func(t *testing.T, id, kind, retry, data string, current bool) {
		rules := anyRules()
		if !current {
			rules.Generations = Only(Legacy)
		}
		u, err := NewUpdate(Fields{Topics: []string{"t"}, ID: id, Type: kind, Retry: retry, Data: data}, rules)
		if err != nil || u.ID().IsZero() {
			return
		}
		second := mustUpdate(t, Fields{Topics: []string{"t"}, Data: "second"})
		wire := AppendEvent(nil, u.ID(), u)
		wire = AppendEvent(wire, mustID(t, "urn:2"), second)

		events, oddities := parseStream(string(wire))
		if len(oddities) > 0 {
			t.Errorf("the stream holds %q", oddities)
		}
		want := []parsedEvent{
			{id: id, kind: kind, retry: retry, data: strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")},
			{id: "urn:2", data: "second"},
		}
		if len(events) != 2 || events[0] != want[0] || events[1] != want[1] {
			t.Errorf("got  %q\nwant %q", events, want)
		}
	})
}

func TestAppendEventDoesNotAllocate(t *testing.T) {
	u := mustUpdate(t, Fields{Topics: []string{"t"}, Type: "t", Retry: "1", Data: strings.Repeat("line\r\n", 100)})
	id, dst := mustID(t, "urn:x:1"), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { AppendEvent(dst, id, u) }); n != 0 {
		t.Errorf("AppendEvent allocates %v times into a buffer with room", n)
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	for name, data := range map[string]string{
		"200 bytes":       strings.Repeat("x", 200),
		"64 KiB, LF":      strings.Repeat(strings.Repeat("x", 63)+"\n", 1024),
		"64 KiB, CR LF":   strings.Repeat(strings.Repeat("x", 62)+"\r\n", 1024),
		"64 KiB, only CR": strings.Repeat("\r", 64<<10),
	} {
		u, id := mustUpdate(b, Fields{Topics: []string{"t"}, Data: data}), mustID(b, "urn:x:1")
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 1<<20)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				AppendEvent(dst, id, u)
			}
		})
	}
}
