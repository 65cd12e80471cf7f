package fanout

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// An illegible log cannot be read while it says so.
type illegible struct {
	store.Log
	why atomic.Pointer[error]
}

func (l *illegible) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	if err := l.why.Load(); err != nil {
		return store.Chunk{}, *err
	}
	return l.Log.Read(ctx, after, limit)
}

// TestUnreadableHistory: those who catch up wait for a history that comes back
// in time, and lose nothing; they are told to go when it does not.
func TestUnreadableHistory(t *testing.T) {
	broken := errors.New("the file is being opened again")
	for name, test := range map[string]struct {
		why       error
		away      time.Duration
		soon, end Reason // shortly before that has passed, and after it
	}{
		"comes back":   {broken, historyPatience - time.Second, "", ""},
		"does not":     {broken, historyPatience + retryDelay, "", HistoryFailed},
		"is closed":    {store.ErrClosed, time.Second, HistoryFailed, HistoryFailed},
		"a short time": {broken, time.Second, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner := newLog(t)
				appendTo(t, inner, update(t, "1", "a"), update(t, "2", "a"))
				log := &illegible{Log: inner}
				e, err := New(Config{Log: log, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				defer e.Close(context.Background(), Shutdown)
				log.why.Store(&test.why)
				reader := newRecorder(-1)
				subscribe(t, e, reader, Subscription{Selectors: []*spec.Selector{topic(t, "a")}, Replay: true})
				time.Sleep(test.away - time.Second/2)
				if got := reader.reason(); got != test.soon {
					t.Fatalf("shortly before %v have passed: closed with reason %q, want %q", test.away, got, test.soon)
				}
				time.Sleep(time.Second / 2)
				log.why.Store(nil)
				time.Sleep(time.Second)
				if got := reader.reason(); got != test.end {
					t.Fatalf("after %v: closed with reason %q, want %q", test.away, got, test.end)
				}
				if test.end == "" {
					wantData(t, reader, []string{"1", "2"})
				} else {
					wantData(t, reader, nil)
				}
			})
		})
	}
}
