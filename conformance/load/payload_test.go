package load

import (
	"bytes"
	"testing"
)

func TestPayload(t *testing.T) {
	for _, size := range []int{0, 60, 150, 16 << 10} {
		p := payload{series: 7, number: 4_000_000_000, sent: 123_456_789_012}
		data := p.append([]byte("before "), size)[len("before "):]
		if size >= payloadHead && (len(data) > size+3 || len(data) < size-3) {
			t.Errorf("a payload of %d bytes has %d", size, len(data))
		}
		got, ok := parsePayload(data[:min(len(data), payloadHead)], len(data))
		p.padding = got.padding
		if !ok || got != p || !bytes.HasSuffix(data, bytes.Repeat([]byte("x"), p.padding)) {
			t.Errorf("%v is read as %v, %v", p, got, ok)
		}
		if _, ok := parsePayload(data[:min(len(data), payloadHead)], len(data)+1); ok {
			t.Errorf("a payload of %d bytes with one too many passes", size)
		}
	}
	for _, bad := range []string{"", "load", "load.", "load.1.2.3", "load.1.2.3.0", "load.1.2..0.", "load.a.2.3.0.", "load.1.2.3.1.", "hello"} {
		if _, ok := parsePayload([]byte(bad), len(bad)); ok {
			t.Errorf("%q passes for a payload", bad)
		}
	}
}
