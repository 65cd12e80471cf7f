package fanout

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"cinnabar/spec"
)

// A brittle writer is one that an embedding program wraps, and that panics.
type brittle struct {
	http.ResponseWriter
	writes int // before it does
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.writes--; b.writes < 0 {
		panic(http.ErrAbortHandler)
	}
	return b.ResponseWriter.Write(p)
}

func (b *brittle) Flush() {}

// TestPanickingWriter: a stream whose writer panics has ended like any other:
// what was told to have opened is told to have closed (SUBS-event-terminated), and
// the engine does not wait for it.
func TestPanickingWriter(t *testing.T) {
	for name, writes := range map[string]int{"at the opening": 0, "at an event": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newLog(t)
				e := newEngine(t, log)
				opened, closed := 0, 0
				appendTo(t, log, update(t, "", "a"))
				func() {
					defer func() {
						if p := recover(); p != http.ErrAbortHandler {
							t.Errorf("recovered %v, want what the writer panicked with", p)
						}
					}()
					r := httptest.NewRequest(http.MethodGet, "/", nil)
					_ = e.Carry(&brittle{httptest.NewRecorder(), writes}, r, Subscription{
						Selectors: []*spec.Selector{topic(t, "a")}, Replay: true,
						Opened: func() { opened++ },
						Closed: func(Reason, Tally) { closed++ },
					}, []byte("retry: 1\n\n"))
				}()
				if opened != 1 || closed != 1 {
					t.Errorf("opened %d times and closed %d times, want once each", opened, closed)
				}
				if s := e.Stats(); s.Live+s.CatchingUp != 0 || s.Closed[ClientGone] != 1 {
					t.Errorf("the stream is still counted: %+v", s)
				}
				if err := e.Close(context.Background(), Shutdown); err != nil {
					t.Errorf("closing: %v", err)
				}
			})
		})
	}
}
