package fanout

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
)

// TestTrimmedPresence: subscription entries that were trimmed end nobody's
// stream who is not shown them. Who is, is told, or ended where it cannot be.
func TestTrimmedPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		large := json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
		var first store.Entry
		for i := range 30 { // MiB, more than are kept
			appendTo(t, log, update(t, fmt.Sprint(i), "a"))
			made, err := spec.NewSubscriptions(spec.NewSubscriberID(), []*spec.Selector{topic(t, "a")},
				func(string) (json.RawMessage, bool) { return large, true })
			if err != nil {
				t.Fatal(err)
			}
			receipt, err := log.Change(t.Context(), made...)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = receipt.Entries[0]
			}
		}
		place, err := log.Find(t.Context(), first.ID.String())
		if err != nil || place.Found != store.Known || place.After < place.Gone.Updates || !place.PresenceGone() {
			t.Fatalf("the cursor leads to %+v, error %v; want an exact place, after which presence was trimmed", place, err)
		}

		e := newEngine(t, log)
		everything := func([]string) bool { return true }
		for name, tt := range map[string]struct {
			selector string
			receive  func([]string) bool
			told     bool
			updates  int // received
			all      bool
			ends     Reason
		}{
			"a stranger":                        {"*", nil, false, 29, true, ""},
			"who asks for something else":       {"a", everything, false, 29, true, ""},
			"a watcher that was told":           {"*", everything, true, 29, false, ""},
			"a watcher that was not":            {"*", everything, false, 0, true, HistoryTrimmed},
			"a watcher of nothing but a prefix": {"/.well-known/mercure/subscriptions/{topic}/x", everything, false, 0, true, HistoryTrimmed},
		} {
			r := newRecorder(-1)
			s := Subscription{
				Selectors: []*spec.Selector{topic(t, tt.selector)}, CanReceive: tt.receive, Generation: spec.Legacy,
				Replay: true, After: place.After, LossTold: tt.told,
			}
			if watches := e.Watches(&s); watches != (tt.ends != "" || tt.told) {
				t.Errorf("%s: watches: %v", name, watches)
			}
			subscribe(t, e, r, s)
			synctest.Wait()
			for r.reason() == "" && len(r.taken()) < tt.updates { // a turn may have to be waited for
				synctest.Wait()
			}
			updates, others := 0, 0
			for _, data := range r.taken() {
				if len(data) > 100 {
					others++
				} else {
					updates++
				}
			}
			if got := r.reason(); got != tt.ends || updates != tt.updates || (others == 0) != tt.all {
				t.Errorf("%s: %d updates, %d others, ended by %q; want %d, others: %v, %q", name, updates, others, got, tt.updates, !tt.all, tt.ends)
			}
			r.Close(ClientGone)
			synctest.Wait()
		}
	})
}
