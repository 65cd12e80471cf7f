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

// TestPace streams an event of 1 MiB to a socket that needs minutes for it,
// and another one that comes while the first is being written.
func TestPace(t *testing.T) {
	const taking = 320 * time.Second
	for name, test := range map[string]struct {
		ends     time.Duration // after the start
		with     Reason
		wantAll  bool
		wantTime time.Duration
	}{
		"slow is not stalled: it is told all there is":              {400 * time.Second, MaxLifetime, true, 400 * time.Second},
		"SSE-clean-end: a lifetime lets what was begun be finished": {100 * time.Second, MaxLifetime, true, taking},
		"AUTH-exp-close: a permission does not":                     {100 * time.Second, TokenExpired, false, 100 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLog(t)
				e := newEngine(t, log)
				var closed Reason
				start := time.Now()
				want := Subscription{
					Selectors: []*spec.Selector{topic(t, "a")},
					Ends:      start.Add(test.ends), EndsWith: test.with,
					Closed: func(r Reason, _ Tally) { closed = r },
				}
				big := strings.Repeat("x", 1<<20)
				time.AfterFunc(time.Second, func() { appendTo(t, log, update(t, big, "a")) })
				time.AfterFunc(2*time.Second, func() { appendTo(t, log, update(t, "last", "a")) })
				socket := &trickle{header: http.Header{}, pace: len(big) / int(taking/time.Second)}
				if err := e.Carry(socket, httptest.NewRequest(http.MethodGet, "/", nil), want, []byte("\n")); err != nil {
					t.Fatal(err)
				}
				if closed != test.with {
					t.Errorf("closed with %q after %v, want %q", closed, time.Since(start), test.with)
				}
				if all := strings.HasSuffix(socket.took.String(), "data: last\n\n"); all != test.wantAll {
					t.Errorf("after %d bytes the stream ended complete: %v, want %v", socket.took.Len(), all, test.wantAll)
				}
				if took := time.Since(start); took < test.wantTime || took > test.wantTime+5*time.Second {
					t.Errorf("ended after %v, want %v", took, test.wantTime)
				}
			})
		})
	}
}
