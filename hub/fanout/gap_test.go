package fanout

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
)

// toldOf reads what a recorded event tells of a gap.
func toldOf(t *testing.T, data string) (from, to string) {
	t.Helper()
	var told struct{ From, To *string }
	if err := json.Unmarshal([]byte(data), &told); err != nil {
		t.Fatalf("%s tells of no gap: %v", data, err)
	}
	value := func(id *string) string {
		if id == nil {
			return ""
		}
		return *id
	}
	return value(told.From), value(told.To)
}

// TestGapEndsAtTheNextEvent: however much there is between that does not concern
// the subscriber.
func TestGapEndsAtTheNextEvent(t *testing.T) {
	log := newLog(t)
	for i := range 200 {
		appendTo(t, log, update(t, fmt.Sprint(i, strings.Repeat("x", 2000)), "other"))
	}
	next := appendTo(t, log, update(t, "next", "a"))[0]
	r := newRecorder(-1)
	subscribe(t, newEngine(t, log), r, Subscription{
		Selectors: []*spec.Selector{topic(t, "a")}, Replay: true, LossTold: true, Gaps: true, Cursor: "urn:c", Gap: UnknownID,
	})
	r.waitCount(t, 2)
	if from, to := toldOf(t, r.taken()[0]); from != "urn:c" || to != next.ID.String() {
		t.Errorf("told of a gap from %q to %q, want from the cursor to the next event", from, to)
	}
	wantData(t, r, []string{r.taken()[0], "next"})
}

// TestGapAfterAGapThatWasTold: what goes while the stream is full, right behind a
// gap that was told, is told as well.
func TestGapAfterAGapThatWasTold(t *testing.T) {
	log, err := memory.Open(memory.Options{MaxCount: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	publish := func(from, to int) (all []store.Entry) {
		for i := from; i < to; i++ {
			all = append(all, appendTo(t, log, update(t, fmt.Sprint(i), "a"))...)
		}
		return all
	}
	publish(0, 10)
	e := newEngine(t, log)
	r := newRecorder(1) // the gap alone
	subscribe(t, e, r, Subscription{
		Selectors: []*spec.Selector{topic(t, "a")}, Replay: true, LossTold: true, Gaps: true, Cursor: "urn:c", Gap: Trimmed,
	})
	r.waitFor(t, "filling the stream", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.refused })
	left := publish(10, 20)[7]
	e.history.mu.Lock()
	e.history.recent, e.history.size = nil, 0 // nobody else reads what it would go on with
	e.history.mu.Unlock()
	r.give(-1)
	r.waitCount(t, 5)
	got := r.taken()
	if from, to := toldOf(t, got[1]); from != "urn:c" || to != left.ID.String() {
		t.Errorf("told of a second gap from %q to %q, want from the cursor to the earliest that is left", from, to)
	}
	wantData(t, r, []string{got[0], got[1], "17", "18", "19"})
}
