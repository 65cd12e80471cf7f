package fanout

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// A trickle is a socket that takes bytes at a steady pace.
type trickle struct {
	header   http.Header
	pace     int // bytes a second
	deadline time.Time
	took     bytes.Buffer
}

func (s *trickle) Header() http.Header                { return s.header }
func (s *trickle) WriteHeader(int)                    {}
func (s *trickle) FlushError() error                  { return nil }
func (s *trickle) SetWriteDeadline(t time.Time) error { s.deadline = t; return nil }

func (s *trickle) Write(b []byte) (int, error) {
	takes := time.Duration(len(b)) * time.Second / time.Duration(s.pace)
	if left := time.Until(s.deadline); !s.deadline.IsZero() && left < takes {
		time.Sleep(left)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(takes)
	return s.took.Write(b)
}

// taking is how long the socket of a pace takes for an event of 1 MiB.
const taking = 320 * time.Second

// A pace is when a stream ends that is slow all the time, and how.
type pace struct {
	ends     time.Duration // after the start
	with     Reason
	wantAll  bool
	wantTime time.Duration
}

// overPaces streams an event of 1 MiB to a socket that needs minutes for it,
// and another one that comes while the first is being written.
func overPaces(t *testing.T, f func(t *testing.T, test pace, first string, last *spec.Update)) {
	for name, test := range map[string]pace{
		"slow is not stalled: it is told all there is":              {400 * time.Second, MaxLifetime, true, 400 * time.Second},
		"SSE-clean-end: a lifetime lets what was begun be finished": {100 * time.Second, MaxLifetime, true, taking},
		"AUTH-exp-close: a permission does not":                     {100 * time.Second, TokenExpired, false, 100 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f(t, test, strings.Repeat("x", 1<<20), update(t, "last", "a"))
			})
		})
	}
}

// pacePerSecond is how many bytes such a socket takes in a second.
const pacePerSecond = 1 << 20 / int(taking/time.Second)

// publishPaced appends both events, while a stream that began now is read.
func publishPaced(t *testing.T, log store.Log, first string, last *spec.Update) {
	time.AfterFunc(time.Second, func() { appendTo(t, log, update(t, first, "a")) })
	time.AfterFunc(2*time.Second, func() { appendTo(t, log, last) })
}

// judge holds a stream that has just ended against what was to come of it.
func (p pace) judge(t *testing.T, start time.Time, closed Reason, took, end string) {
	t.Helper()
	if closed != p.with {
		t.Errorf("closed with %q after %v, want %q", closed, time.Since(start), p.with)
	}
	if all := strings.HasSuffix(took, end); all != p.wantAll {
		t.Errorf("after %d bytes the stream ended complete: %v, want %v", len(took), all, p.wantAll)
	}
	if after := time.Since(start); after < p.wantTime || after > p.wantTime+5*time.Second {
		t.Errorf("ended after %v, want %v", after, p.wantTime)
	}
}

func TestPaceOfAPortableStream(t *testing.T) {
	overPaces(t, func(t *testing.T, test pace, first string, last *spec.Update) {
		log := newLog(t)
		e := newEngine(t, log)
		var closed Reason
		start := time.Now()
		want := Subscription{
			Selectors: []*spec.Selector{topic(t, "a")},
			Ends:      start.Add(test.ends), EndsWith: test.with,
			Closed: func(r Reason, _ Tally) { closed = r },
		}
		publishPaced(t, log, first, last)
		socket := &trickle{header: http.Header{}, pace: pacePerSecond}
		if err := e.Carry(socket, httptest.NewRequest(http.MethodGet, "/", nil), want, []byte("\n")); err != nil {
			t.Fatal(err)
		}
		test.judge(t, start, closed, socket.took.String(), "data: last\n\n")
	})
}

func TestPaceOfAHijackedStream(t *testing.T) {
	overPaces(t, func(t *testing.T, test pace, first string, last *spec.Update) {
		h := newHarbour(t, Config{})
		defer h.Close(t.Context(), Shutdown)
		start := time.Now()
		publishPaced(t, h.log, first, last)
		q := &quay{}
		_, at := h.moor(t, q, Subscription{Ends: start.Add(test.ends), EndsWith: test.with})
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for {
			select {
			case closed := <-h.ends:
				test.judge(t, start, closed, q.sent(), "data: last\n\n\r\n"+string(lastChunk))
				return
			case <-second.C:
				q.set(func() { q.room = min(q.room+pacePerSecond, 2*pacePerSecond) })
				h.dock.happens(h.Engine, at, writable)
			}
		}
	})
}
