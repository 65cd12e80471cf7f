package fanout

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestFirstSend: the head of the answer and the first events leave in one
// write, and whatever of it the peer does not take follows in order, once.
func TestFirstSend(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n\r\n"
	for _, events := range []string{"", "id: 1\ndata: hello\n\n", strings.Repeat("large ", joinLimit/6+1)} {
		rooms := []int{-1, joinLimit}
		for room := range len(head) + 30 {
			rooms = append(rooms, room)
		}
		for _, room := range rooms {
			t.Run(fmt.Sprintf("%d bytes, room for %d", len(events), room), func(t *testing.T) {
				q := &quay{room: room}
				var s plain
				s.begin(q)
				s.open([]byte(head))
				if !s.blocked() || q.sent() != "" {
					t.Fatal("the head was sent before the first events could join it")
				}
				var spare []byte
				if _, err := s.start([]byte(events), &spare); err != nil {
					t.Fatal(err)
				}
				if small := len(events) <= joinLimit; room < 0 && small && q.writes != 1 {
					t.Errorf("%d writes, want 1", q.writes)
				}
				clear(spare[:cap(spare)]) // it is the shard's: other streams use it
				for s.blocked() {
					q.room += 100_000
					if _, err := s.send(nil); err != nil {
						t.Fatal(err)
					}
				}
				if got := q.took; !bytes.Equal(got, []byte(head+events)) {
					t.Errorf("sent %.60q… (%d bytes), want %.60q… (%d)", got, len(got), head+events, len(head+events))
				}
			})
		}
	}
}
