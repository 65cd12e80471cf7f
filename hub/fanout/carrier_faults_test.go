package fanout

import (
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
)

// A grudging poller adopts connections that take as few bytes at a time as
// they like, or none, until they are asked again.
type grudging struct {
	poller
	writers *writers
	take    func(n int) int // of n bytes offered

	mu    sync.Mutex
	over  bool // nobody is asked any more
	later sync.WaitGroup
}

func (p *grudging) run(report func(berth, readiness), reported func()) {
	p.poller.run(report, reported)
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.later.Wait()
}

// askAgain reports a connection as writable, soon.
func (p *grudging) askAgain(at berth) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.later.Go(func() {
		p.writers.report(at, writable)
		p.writers.wake()
	})
}

func (p *grudging) adopt(c *net.TCPConn, at berth, vanished time.Duration) (rawConn, error) {
	raw, err := p.poller.adopt(c, at, vanished)
	return &reluctant{rawConn: raw, poller: p, at: at}, err
}

// A reluctant connection takes what its poller lets it.
type reluctant struct {
	rawConn
	poller *grudging
	at     berth
}

func (c *reluctant) write(b []byte) (int, error) {
	k := c.poller.take(len(b))
	n := 0
	if k > 0 {
		var err error
		if n, err = c.rawConn.write(b[:k]); err != nil {
			return n, err
		}
	}
	if k < len(b) {
		c.poller.askAgain(c.at)
	}
	return n, nil
}

// begrudge makes the engine's streams reluctant, where streams are hijacked.
func begrudge(t fataler, e *Engine) {
	t.Helper()
	inner, err := newPoller()
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if err != nil {
		t.Fatalf("making a poller: %v", err)
	}
	p := &grudging{poller: inner, writers: e.writers, take: func(n int) int {
		if rand.N(3) == 0 {
			return 0
		}
		return rand.N(n + 1)
	}}
	e.writers.run(p)
}

// A dock is a poller without a kernel: its connections are [quay]s, and what
// happens to them is what the test reports.
type dock struct {
	made   func(at berth) rawConn
	closed chan struct{}
}

func (d *dock) adopt(_ *net.TCPConn, at berth, _ time.Duration) (rawConn, error) {
	return d.made(at), nil
}

func (d *dock) run(func(berth, readiness), func()) { <-d.closed }
func (d *dock) close()                             { close(d.closed) }

// happens reports something about a berth.
func (d *dock) happens(e *Engine, at berth, r readiness) {
	e.writers.report(at, r)
	e.writers.wake()
}

// A quay is a connection whose peer is the test.
type quay struct {
	mu      sync.Mutex
	room    int // bytes it still takes; negative: any number
	took    []byte
	writes  int
	failure error // of writes
	ended   bool  // its writing side is closed
	closed  bool
}

func (q *quay) read([]byte) (int, error) { return 0, errNotNow }

func (q *quay) write(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failure != nil {
		return 0, q.failure
	}
	q.writes++
	if q.room >= 0 {
		b = b[:min(len(b), q.room)]
		q.room -= len(b)
	}
	q.took = append(q.took, b...)
	return len(b), nil
}

func (q *quay) closeWrite() error { q.set(func() { q.ended = true }); return nil }
func (q *quay) close()            { q.set(func() { q.closed = true }) }

func (q *quay) set(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
}

func (q *quay) sent() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return string(q.took)
}

// A harbour is an engine whose hijacked streams have quays.
type harbour struct {
	*Engine
	dock *dock
	ends chan Reason
}

func newHarbour(t *testing.T, c Config) *harbour {
	t.Helper()
	if c.Log == nil {
		c.Log = newLog(t)
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	h := &harbour{Engine: e, dock: &dock{closed: make(chan struct{})}, ends: make(chan Reason, 16)}
	e.writers.run(h.dock)
	return h
}

// moor begins a stream at a quay, as [Engine.Carry] would.
func (h *harbour) moor(t *testing.T, q *quay, s Subscription) (*hijacked, berth) {
	t.Helper()
	var at berth
	h.dock.made = func(b berth) rawConn { at = b; return q }
	s.Selectors = []*spec.Selector{topic(t, "a")}
	s.Closed = func(r Reason, _ Tally) { h.ends <- r }
	stream, err := h.writers.open(&conn{}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.begin(stream, s); err != nil {
		t.Fatal(err)
	}
	stream.hand(false)
	return stream, at
}

// TestEventOfAClosedConnection: what the poller says about a connection that is
// closed must not concern the one that has its place now.
func TestEventOfAClosedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarbour(t, Config{})
		defer h.Close(t.Context(), Shutdown)
		first := &quay{room: -1}
		_, before := h.moor(t, first, Subscription{})
		for range len(h.writers.shards) - 1 {
			h.moor(t, &quay{room: -1}, Subscription{}) // one each, so that the next has the first's shard
		}
		synctest.Wait()
		h.dock.happens(h.Engine, before, hungUp)
		if r := <-h.ends; r != ClientGone || !first.closed {
			t.Fatalf("ended with %q, closed: %v, want %q and closed", r, first.closed, ClientGone)
		}
		second := &quay{room: -1}
		_, now := h.moor(t, second, Subscription{})
		synctest.Wait()
		if now.slot != before.slot || now.generation == before.generation {
			t.Fatalf("the second is at %+v, want the slot of %+v and another generation", now, before)
		}
		h.dock.happens(h.Engine, before, hungUp|readable|writable)
		appendTo(t, h.log, update(t, "still here", "a"))
		synctest.Wait()
		if second.closed || len(second.sent()) == 0 {
			t.Errorf("a late event for a closed connection ended its successor: closed %v, sent %q", second.closed, second.sent())
		}
		h.dock.happens(h.Engine, now, hungUp)
		if r := <-h.ends; r != ClientGone {
			t.Errorf("ended with %q, want %q", r, ClientGone)
		}
	})
}

// TestFailedWrite: a peer that vanished is what the kernel makes of
// TCP_USER_TIMEOUT, a failed write.
func TestFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarbour(t, Config{})
		defer h.Close(t.Context(), Shutdown)
		q := &quay{failure: os.NewSyscallError("sendto", syscall.ETIMEDOUT)}
		h.moor(t, q, Subscription{})
		appendTo(t, h.log, update(t, "1", "a"))
		if r := <-h.ends; r != ClientGone || !q.closed {
			t.Errorf("ended with %q, closed: %v, want %q and closed", r, q.closed, ClientGone)
		}
	})
}

// TestBlockedStream takes nothing for longer than it may, or goes on in time.
func TestBlockedStream(t *testing.T) {
	const limit = 30 * time.Second
	for name, test := range map[string]struct {
		stalls time.Duration
		ends   Subscription
		close  Reason // asked for meanwhile
		want   Reason
		clean  bool // the last event and the end of the response are sent
	}{
		"stalled":                            {limit + time.Second, Subscription{}, "", TooSlow, false},
		"slow":                               {limit - time.Second, Subscription{}, Shutdown, Shutdown, true},
		"stalled at its end":                 {limit + time.Second, Subscription{}, Shutdown, TooSlow, false},
		"AUTH-exp-close: permission is over": {limit - time.Second, Subscription{}, KeyRemoved, KeyRemoved, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHarbour(t, Config{})
				defer h.Close(t.Context(), Shutdown)
				q := &quay{room: 10}
				stream, at := h.moor(t, q, test.ends)
				appendTo(t, h.log, update(t, "first", "a"))
				synctest.Wait()
				appendTo(t, h.log, update(t, "last", "a"))
				if test.close != "" {
					stream.Close(test.close)
				}
				time.Sleep(test.stalls)
				q.set(func() { q.room = -1 })
				h.dock.happens(h.Engine, at, writable)
				synctest.Wait()
				h.dock.happens(h.Engine, at, hungUp) // the peer closes, too
				if got := <-h.ends; got != test.want {
					t.Errorf("ended with %q, want %q", got, test.want)
				}
				sent := q.sent()
				clean := len(sent) > 10 && sent[len(sent)-len(lastChunk):] == string(lastChunk) && q.ended
				if clean != test.clean {
					t.Errorf("ended cleanly: %v, want %v; sent %q", clean, test.clean, sent)
				}
				if !q.closed {
					t.Error("the connection is open")
				}
			})
		})
	}
}

// TestPeerThatStaysIsLeft: a peer that does not close its side in time is not
// waited for.
func TestPeerThatStaysIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarbour(t, Config{})
		defer h.Close(t.Context(), Shutdown)
		q := &quay{room: -1}
		stream, _ := h.moor(t, q, Subscription{})
		synctest.Wait()
		began := time.Now()
		stream.Close(MaxLifetime)
		if r := <-h.ends; r != MaxLifetime {
			t.Errorf("ended with %q, want %q", r, MaxLifetime)
		}
		if took := time.Since(began); took < lingerLimit || took > lingerLimit+2*tickLength {
			t.Errorf("left after %v, want %v", took, lingerLimit)
		}
	})
}

// TestHijackedHeartbeats come in silence, and only then.
func TestHijackedHeartbeats(t *testing.T) {
	const every = 20 * time.Second
	synctest.Test(t, func(t *testing.T) {
		h := newHarbour(t, Config{Heartbeat: every})
		defer h.Close(t.Context(), Shutdown)
		q := &quay{room: -1}
		h.moor(t, q, Subscription{})
		beat := string(heartbeat.chunk)
		for range 3 {
			q.set(func() { q.took = nil })
			time.Sleep(every * 2 / 3)
			if got := q.sent(); got != "" {
				t.Fatalf("SSE-keepalive: too early: %q", got)
			}
			time.Sleep(every/3 + 2*tickLength)
			if got := q.sent(); got != beat {
				t.Fatalf("SSE-keepalive: after %v %q, want %q", every, got, beat)
			}
			time.Sleep(every / 2)
			appendTo(t, h.log, update(t, "1", "a")) // silence begins anew
			synctest.Wait()
		}
	})
}

// TestTLSBuffersAreKnown: another version of Go may call them otherwise.
func TestTLSBuffersAreKnown(t *testing.T) {
	if len(tlsBuffers) != 2 {
		t.Errorf("%d of the 2 buffers of a tls.Conn are found: an idle stream over TLS costs twice what it might", len(tlsBuffers))
	}
	releaseBuffers(new(tls.Conn))
}
