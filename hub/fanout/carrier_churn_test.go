package fanout

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestChurn opens and leaves thousands of streams in every way while updates
// are published, small ones and some that make readers fall behind, and ends
// the engine in the midst of it. Whoever reads is given what was published in
// order, without a gap.
func TestChurn(t *testing.T) {
	for _, name := range []string{"hijacked http1.1", "hijacked tls", "reluctant http1.1", "http1.1"} {
		t.Run(name, func(t *testing.T) { testChurn(t, named(name)) })
	}
}

func testChurn(t *testing.T, tr transport) {
	const clients, visits = 60, 25
	s := newSite(t, tr, 20*time.Millisecond, nil)
	var ended sync.WaitGroup

	var visited, read atomic.Int64
	done := make(chan struct{})
	var publishing sync.WaitGroup
	publishing.Go(func() {
		large := strings.Repeat("x", 100<<10)
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(200 * time.Microsecond):
			}
			data := fmt.Sprint(i)
			if i%50 == 0 {
				data += " " + large
			}
			appendTo(t, s.log, update(t, data, "a"))
		}
	})
	for range clients {
		ended.Go(func() {
			for range visits {
				n, err := s.visit(t, rand.N(6))
				if err != nil {
					t.Errorf("a stream: %v", err)
				}
				visited.Add(1)
				read.Add(n)
			}
		})
	}
	for visited.Load() < clients*visits*2/3 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.engine.Close(ctx, Shutdown); err != nil {
		t.Errorf("closing in the midst of it: %v", err)
	}
	ended.Wait()
	close(done)
	publishing.Wait()
	st := s.engine.Stats()
	if st.Live != 0 || st.CatchingUp != 0 {
		t.Errorf("streams are still counted: %+v", st)
	}
	var closed uint64
	for _, n := range st.Closed {
		closed += n
	}
	if closed != st.Joined {
		t.Errorf("%d streams joined, and %d ended", st.Joined, closed)
	}
	for _, sh := range s.engine.writers.shards {
		if n := len(sh.slots) - len(sh.unused); n != 0 {
			t.Errorf("%d slots are still taken", n)
		}
	}
	t.Logf("%d streams; %d events read; fell behind %d times; ended: %v", st.Joined, read.Load(), st.FellBehind, st.Closed)
}

// visit opens a stream and leaves it in one of several ways.
func (s *site) visit(t *testing.T, way int) (events int64, err error) {
	conn := s.dial(t)
	defer conn.Close()
	if _, err := io.WriteString(conn, get+"Connection: close\r\n\r\n"); err != nil {
		return 0, fmt.Errorf("asking: %w", err)
	}
	switch way {
	case 0: // before the answer
		return 0, nil
	case 1: // without reading: the stream stalls
		time.Sleep(rand.N(20 * time.Millisecond))
		return 0, nil
	case 2: // by sending what nobody wants
		_, _ = conn.Write(make([]byte, 8<<10)) // the other side may have closed by then
		return 0, nil
	case 3:
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	in := bufio.NewScanner(conn)
	in.Buffer(nil, 1<<20)
	last := -1
	for want := rand.Int64N(100); events < want && in.Scan(); {
		var n int
		if _, err := fmt.Sscanf(in.Text(), "data: %d", &n); err != nil {
			continue
		}
		if last >= 0 && n != last+1 {
			return events, fmt.Errorf("REPLAY-order-gapless: %d came after %d", n, last)
		}
		last = n
		events++
	}
	return events, nil // the stream may have ended meanwhile
}
