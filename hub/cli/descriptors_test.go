package cli

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/hub"
)

func TestDescriptorShares(t *testing.T) {
	for _, test := range []struct{ limit, reserved, room int }{
		{128, 32, 64}, // the fewest
		{1024, 64, 928},
		{20_000, 1024, 18_944},
		{1 << 20, 1024, 1<<20 - 1024 - ownDescriptors},
	} {
		next := 0
		d := &descriptors{limit: test.limit, next: func() int { return next }}
		if d.reserved() != test.reserved || d.room() != test.room {
			t.Errorf("of %d: %d reserved, room for %d; want %d, %d", test.limit, d.reserved(), d.room(), test.reserved, test.room)
		}
		if next = d.room() - 1; d.short() {
			t.Errorf("of %d: short at %d", test.limit, next)
		}
		if next = d.room(); !d.short() {
			t.Errorf("of %d: not short at %d", test.limit, next)
		}
	}
}

// TestLimitStreams: 0 means what there is room for, and more than that is
// worth a warning.
func TestLimitStreams(t *testing.T) {
	d := &descriptors{limit: 1024, next: func() int { return 900 }}
	for _, test := range []struct {
		d          *descriptors
		asked, got int
		warns      bool
	}{
		{d, 0, 928, false},
		{d, 10, 10, false},
		{d, 928, 928, false},
		{d, 929, 929, true}, // HTTP/2 may carry them
		{nil, 0, 0, false},
		{nil, 10, 10, false},
	} {
		var log strings.Builder
		c := hub.Config{MaxConnections: test.asked}
		test.d.limitStreams(&c, slog.New(slog.NewTextHandler(&log, nil)))
		if c.MaxConnections != test.got || (log.Len() > 0) != test.warns {
			t.Errorf("asked for %d: %d, log %q; want %d, a warning: %t", test.asked, c.MaxConnections, &log, test.got, test.warns)
		}
		if s := c.Shortage(); s != "" {
			t.Errorf("asked for %d: short of %q, want of nothing", test.asked, s)
		}
	}
	var c hub.Config
	d.next = func() int { return 928 }
	d.limitStreams(&c, slog.New(slog.DiscardHandler))
	if s := c.Shortage(); s != hub.Descriptors {
		t.Errorf("short of %q, want of descriptors", s)
	}
}

// A failing listener has no descriptor for the first connections it is asked
// for.
type failing struct {
	net.Listener
	failures atomic.Int32
}

func (l *failing) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// TestGate: without descriptors the listener waits, whether it knows before or
// is told by the kernel, says so once, and can be closed.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var next atomic.Int32
		d := &descriptors{limit: 128, next: func() int { return int(next.Load()) }}
		inner := &failing{Listener: pipe{make(chan net.Conn, 1), make(chan struct{})}}
		l := d.guard(inner, hub.Calm(slog.New(slog.NewTextHandler(&log, nil))))
		accepted := make(chan error)
		accept := func() { go func() { _, err := l.Accept(); accepted <- err }() }
		waits := func(why string) {
			t.Helper()
			time.Sleep(time.Second)
			select {
			case err := <-accepted:
				t.Fatalf("%s: a connection was accepted: %v", why, err)
			default:
			}
		}

		theirs, ours := net.Pipe()
		defer ours.Close()
		inner.Listener.(pipe).conns <- theirs
		next.Store(128 - ownDescriptors)
		accept()
		waits("the descriptors left are the hub's own")
		inner.failures.Store(5)
		next.Store(128 - ownDescriptors - 1)
		if err := <-accepted; err != nil {
			t.Errorf("one descriptor is free: %v", err)
		}
		if n := strings.Count(log.String(), "limit of open files"); n != 1 {
			t.Errorf("the log tells %d times, want once:\n%s", n, &log)
		}

		accept()
		waits("nobody comes")
		next.Store(1000)
		theirs, ours = net.Pipe()
		defer ours.Close()
		inner.Listener.(pipe).conns <- theirs
		<-accepted // it was let in before the gate could know
		accept()
		waits("all are taken")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-accepted; err == nil || err == io.EOF {
			t.Errorf("a closed listener: %v, want net.ErrClosed", err)
		}
	})
}
