package fanout

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestNobodyReadsForAStreamThatEnds: one that is blocked may take long to end,
// and would be read a whole history for, in vain.
func TestNobodyReadsForAStreamThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &countingLog{Log: newLog(t)}
		h := newHarbour(t, Config{Log: log})
		defer h.Close(t.Context(), Shutdown)
		q := &quay{room: 10}
		stream, _ := h.moor(t, q, Subscription{})
		appendTo(t, log, update(t, "more than there is room for", "a"))
		synctest.Wait()
		stream.Close(MaxLifetime)
		synctest.Wait()
		if q.closed {
			t.Fatal("the stream did not wait for its peer, so this test shows nothing")
		}
		before := log.reads
		sub := stream.subscriber
		h.mu.Lock()
		h.demote(sub, 0)
		sub.position = 0
		h.mu.Unlock()
		h.lagging.push(sub)
		synctest.Wait()
		if n := log.reads - before; n != 0 {
			t.Errorf("the history was read %d times for a stream that takes nothing", n)
		}
	})
}

// TestNoWakeUpIsLost: what was appended is with every stream that takes bytes
// as soon as nothing is left to run. The clock of the test stands still as long
// as anything runs, so a stream that had to wait for its shard's tick, or for
// the next entry, is seen however short the tick.
func TestNoWakeUpIsLost(t *testing.T) {
	const streams, rounds = 15, 3000
	synctest.Test(t, func(t *testing.T) {
		h := newHarbour(t, Config{Heartbeat: time.Hour})
		defer h.Close(t.Context(), Shutdown)
		quays := make([]*quay, streams)
		berths := make([]berth, streams)
		for i := range quays {
			quays[i] = &quay{room: -1}
			_, berths[i] = h.moor(t, quays[i], Subscription{})
		}
		synctest.Wait()
		sent := 0
		for round := range rounds {
			for i, q := range quays {
				if (i+round)%5 == 0 {
					q.set(func() { q.room = round % 60 }) // blocks in the midst of a write
				}
			}
			began := time.Now()
			var busy sync.WaitGroup
			busy.Go(func() { // entries, in ones and in groups
				for range 1 + round%3 {
					appendTo(t, h.log, update(t, fmt.Sprint("n", sent), "a"))
					sent++
				}
			})
			for part := range 2 { // what the poller says meanwhile
				busy.Go(func() {
					for i := part; i < streams; i += 2 {
						h.writers.report(berths[i], readable|writable)
						if i%3 == round%3 {
							h.writers.wake()
						}
					}
					h.writers.wake()
				})
			}
			busy.Wait()
			last := fmt.Sprintf("data: n%d\n", sent-1)
			given := func(blocked bool) {
				t.Helper()
				synctest.Wait()
				for i, q := range quays {
					if (q.room >= 0) == blocked && !strings.Contains(q.sent(), last) {
						t.Fatalf("round %d: stream %d was not given %q before the clock moved", round, i, last)
					}
				}
			}
			given(false)
			for i, q := range quays {
				if q.room >= 0 {
					q.set(func() { q.room += 1 << 20 })
					h.writers.report(berths[i], writable)
				}
			}
			h.writers.wake()
			given(true)
			for _, q := range quays {
				q.set(func() { q.room, q.took = -1, nil })
			}
			if !time.Now().Equal(began) {
				t.Fatalf("round %d took %v of the test's time", round, time.Since(began))
			}
		}
	})
}
