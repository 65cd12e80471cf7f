package load

import (
	"fmt"
	"strings"
	"testing"
)

// An answer is taken in alike, whatever pieces it comes in.
func TestStreamInPieces(t *testing.T) {
	event := func(number uint32, size int) string {
		return fmt.Sprintf("id: urn:x:%d\nevent: a\ndata: %s\n\n", number, payload{series: 3, number: number, sent: clock()}.append(nil, size))
	}
	events := []string{
		"retry: 2000\n\n", ": heartbeat\n\n", event(1, 150), event(2, 20_000), event(2, 150), event(4, 150), event(3, 0),
		"data: load.3.5.1.9.x\n\n", "data: a\ndata: b\n\n", "data:" + string(payload{series: 4, number: 6}.append(nil, 0)) + "\n\n", event(6, 10),
	}
	want := Tally{Events: 5, Repeated: 1, Reordered: 1, Foreign: 1, Damaged: 2, Lost: 1}
	var chunked strings.Builder
	for _, e := range events {
		fmt.Fprintf(&chunked, "%x\r\n%s\r\n", len(e), e)
	}
	for name, answer := range map[string]string{
		"chunked": "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked.String() + "0\r\n\r\n",
		"raw":     "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + strings.Join(events, ""),
	} {
		for _, size := range []int{1, 2, 3, 7, 64, 1000, 1 << 20} {
			s := stream{sequence: sequence{series: 3, next: 1}, checked: true}
			var got Tally
			for rest := []byte(answer); len(rest) > 0; {
				piece := rest[:min(size, len(rest))]
				rest = rest[len(piece):]
				if err := s.feed(piece, clock(), &got); err != nil {
					t.Fatalf("%s in pieces of %d: %v", name, size, err)
				}
			}
			got.Lost = s.sequence.lost(6)
			got.Latency = Histogram{}
			if got != want {
				t.Errorf("%s in pieces of %d: %+v, want %+v", name, size, got, want)
			}
		}
	}
}

func TestStreamRefused(t *testing.T) {
	for name, answer := range map[string]string{
		"status":       "HTTP/1.1 401 Unauthorized\r\n\r\n",
		"no HTTP":      "hello\r\n\r\n",
		"endless head": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", headLimit) + "\r\n\r\n",
	} {
		var s stream
		var err error
		for piece := range strings.SplitAfterSeq(answer, "x") {
			if err = s.feed([]byte(piece), 0, new(Tally)); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%s: taken for a stream", name)
		}
	}
}
