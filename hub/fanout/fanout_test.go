package fanout

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fataler is a test, or a case of a property.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// update makes a public update.
func update(t fataler, data string, topics ...string) *spec.Update {
	t.Helper()
	return makeUpdate(t, spec.Fields{Topics: topics, Data: data})
}

func makeUpdate(t fataler, f spec.Fields) *spec.Update {
	t.Helper()
	u, err := spec.NewUpdate(f, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
	if err != nil {
		t.Fatalf("making an update: %v", err)
	}
	return u
}

// topic makes a 0.x selector.
func topic(t testing.TB, value string) *spec.Selector {
	t.Helper()
	sel, err := spec.ParseTopicSelector(value)
	if err != nil {
		t.Fatalf("making a selector: %v", err)
	}
	return sel
}

// newLog opens a memory history that is closed with the test.
func newLog(t testing.TB) store.Log {
	t.Helper()
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatalf("opening a memory history: %v", err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

// newEngine starts an engine that is closed with the test.
func newEngine(t testing.TB, log store.Log) *Engine {
	t.Helper()
	e, err := New(Config{Log: log})
	if err != nil {
		t.Fatalf("starting an engine: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background(), Shutdown); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
	})
	return e
}

func appendTo(t testing.TB, log store.Log, updates ...*spec.Update) []store.Entry {
	t.Helper()
	r, err := log.Append(context.Background(), store.Memory, updates...)
	if err != nil {
		t.Fatalf("appending: %v", err)
	}
	return r.Entries
}

// A recorder is a stream without a socket: it keeps what it takes, and is full
// when told to be.
type recorder struct {
	sub *Subscriber

	mu      sync.Mutex
	data    []string // of the events taken, in order
	room    int      // events it still takes; negative: any number
	refused bool
	closed  Reason
	changed chan struct{} // holds one: something was recorded
}

func newRecorder(room int) *recorder {
	return &recorder{room: room, changed: make(chan struct{}, 1)}
}

func (r *recorder) Enqueue(e *Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.room == 0 {
		r.refused = true
		return false
	}
	r.room--
	r.data = append(r.data, dataOf(e))
	r.signal()
	return true
}

func (r *recorder) Close(reason Reason) {
	r.mu.Lock()
	first := r.closed == ""
	if first {
		r.closed = reason
		r.signal()
	}
	r.mu.Unlock()
	if first {
		go r.sub.ended(reason, 0, 0) // a carrier lets go on its own goroutine
	}
}

func (r *recorder) Ending() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed != ""
}

func (r *recorder) signal() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// give makes room for n more events.
func (r *recorder) give(n int) {
	r.mu.Lock()
	r.room = n
	refused := r.refused
	r.refused = false
	r.mu.Unlock()
	if refused {
		r.sub.roomy()
	}
}

func (r *recorder) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.data)
}

func (r *recorder) reason() Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// waitFor waits until ok holds of the recorder, or fails.
func (r *recorder) waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	look := time.NewTicker(5 * time.Millisecond) // what is waited for may be the engine's, not the recorder's
	defer look.Stop()
	for !ok() {
		select {
		case <-r.changed:
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s did not happen; taken so far: %d events, closed: %q", what, len(r.taken()), r.reason())
		}
	}
}

func (r *recorder) waitCount(t testing.TB, n int) {
	t.Helper()
	r.waitFor(t, fmt.Sprintf("taking %d events", n), func() bool { return len(r.taken()) >= n })
}

// dataOf returns the data of an encoded event of one line.
func dataOf(e *Event) string {
	for line := range bytes.Lines(e.plain) {
		if d, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			return strings.TrimSuffix(string(d), "\n")
		}
	}
	return ""
}

// subscribe joins a recorder.
func subscribe(t testing.TB, e *Engine, r *recorder, s Subscription) {
	t.Helper()
	if _, err := e.join(s, func(sub *Subscriber) Stream { r.sub = sub; return r }); err != nil {
		t.Fatalf("joining: %v", err)
	}
}

// numbers returns "from" … "to-1".
func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

func wantData(t testing.TB, r *recorder, want []string) {
	t.Helper()
	if got := r.taken(); !slices.Equal(got, want) {
		t.Errorf("events taken:\n got %v\nwant %v", short(got), short(want))
	}
}

func short(s []string) []string {
	if len(s) > 40 {
		return append(slices.Clone(s[:40]), fmt.Sprintf("… %d in all", len(s)))
	}
	return s
}

func TestLiveSubscriberGetsWhatIsMeantForIt(t *testing.T) {
	log := newLog(t)
	appendTo(t, log, update(t, "before", "a"))
	e := newEngine(t, log)
	granted, public := newRecorder(-1), newRecorder(-1)
	subscribe(t, e, granted, Subscription{
		Selectors:  []*spec.Selector{topic(t, "a"), topic(t, "https://e.x/{id}")},
		CanReceive: func(topics []string) bool { return slices.Contains(topics, "a") },
	})
	subscribe(t, e, public, Subscription{Selectors: []*spec.Selector{topic(t, "*")}})
	appendTo(t, log,
		update(t, "1", "a"),
		update(t, "2", "z", "https://e.x/7"),
		update(t, "3", "z"),
		makeUpdate(t, spec.Fields{Topics: []string{"a"}, Data: "4", Private: true}),
		makeUpdate(t, spec.Fields{Topics: []string{"https://e.x/7"}, Data: "5", Private: true}),
		update(t, "6", "a", "https://e.x/7"),
	)
	granted.waitCount(t, 4)
	public.waitCount(t, 4)
	wantData(t, granted, []string{"1", "2", "4", "6"})
	wantData(t, public, []string{"1", "2", "3", "6"})
}

func TestReplayHandsOverToLive(t *testing.T) {
	log := newLog(t)
	const before, during = 3000, 3000
	first := appendTo(t, log, update(t, "0", "a"))[0]
	for i := 1; i < before; i++ {
		appendTo(t, log, update(t, fmt.Sprint(i), "a"))
	}
	e := newEngine(t, log)
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for i := before; i < before+during; i++ {
			appendTo(t, log, update(t, fmt.Sprint(i), "a"))
		}
	})
	var all []*recorder
	for range 20 {
		r := newRecorder(-1)
		subscribe(t, e, r, Subscription{Selectors: []*spec.Selector{topic(t, "a")}, Replay: true, After: first.Position})
		all = append(all, r)
	}
	publishing.Wait()
	for _, r := range all {
		r.waitCount(t, before+during-1)
		wantData(t, r, numbers(1, before+during))
	}
	if s := e.Stats(); s.CaughtUp == 0 {
		t.Errorf("no subscriber was counted as caught up: %+v", s)
	}
}

func TestFullStreamGoesBackToCatchingUp(t *testing.T) {
	log := newLog(t)
	e := newEngine(t, log)
	slow, other := newRecorder(3), newRecorder(-1)
	sub := Subscription{Selectors: []*spec.Selector{topic(t, "a")}}
	subscribe(t, e, slow, sub)
	subscribe(t, e, other, sub)
	const n = 500
	for i := range n {
		appendTo(t, log, update(t, fmt.Sprint(i), "a"))
	}
	other.waitCount(t, n) // the slow one held nobody up
	if got := len(slow.taken()); got != 3 {
		t.Fatalf("a stream with room for 3 took %d", got)
	}
	if s := e.Stats(); s.FellBehind != 1 || s.Live != 1 || s.CatchingUp != 1 {
		t.Errorf("want one subscriber fallen behind, one live: %+v", s)
	}
	for len(slow.taken()) < n { // in small steps: refused again and again
		had := len(slow.taken())
		slow.give(7)
		slow.waitCount(t, min(n, had+7))
	}
	slow.give(-1)
	wantData(t, slow, numbers(0, n))
	appendTo(t, log, update(t, fmt.Sprint(n), "a"))
	slow.waitCount(t, n+1)
	wantData(t, slow, numbers(0, n+1))
}

func TestPositionAheadOfTheDispatcher(t *testing.T) {
	log := newLog(t)
	e := newEngine(t, log)
	r := newRecorder(-1)
	// A cursor from an acknowledged publish can be ahead of the dispatcher:
	// nothing up to it is sent.
	e.mu.Lock()
	entries := appendTo(t, log, update(t, "0", "a"), update(t, "1", "a"))
	e.mu.Unlock()
	subscribe(t, e, r, Subscription{Selectors: []*spec.Selector{topic(t, "a")}, Replay: true, After: entries[0].Position})
	appendTo(t, log, update(t, "2", "a"))
	r.waitCount(t, 2)
	wantData(t, r, numbers(1, 3))
}

func TestNothingAcknowledgedBeforeIsSentWithoutACursor(t *testing.T) {
	log := newLog(t)
	e := newEngine(t, log)
	for i := range 200 {
		r := newRecorder(-1)
		appendTo(t, log, update(t, "before", "a"))
		subscribe(t, e, r, Subscription{Selectors: []*spec.Selector{topic(t, "a")}})
		appendTo(t, log, update(t, "after", "a"))
		r.waitCount(t, 1)
		if got := r.taken()[0]; got != "after" {
			t.Fatalf("round %d: the stream began with %q, published before it was asked for", i, got)
		}
		r.Close(ClientGone)
	}
}

func TestTrimmedHistoryEndsTheStream(t *testing.T) {
	log, err := memory.Open(memory.Options{MaxCount: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	first := appendTo(t, log, update(t, "0", "a"))[0]
	for i := 1; i < 100; i++ {
		appendTo(t, log, update(t, fmt.Sprint(i), "a"))
	}
	e := newEngine(t, log)
	sel := []*spec.Selector{topic(t, "a")}

	untold := newRecorder(-1)
	subscribe(t, e, untold, Subscription{Selectors: sel, Replay: true, After: first.Position})
	untold.waitFor(t, "closing a stream whose history is gone", func() bool { return untold.reason() != "" })
	if got := untold.reason(); got != HistoryTrimmed || len(untold.taken()) != 0 {
		t.Errorf("closed with %q after %d events, want %q after none", got, len(untold.taken()), HistoryTrimmed)
	}

	told := newRecorder(-1)
	subscribe(t, e, told, Subscription{Selectors: sel, Replay: true, After: first.Position, LossTold: true})
	told.waitCount(t, 10)
	wantData(t, told, numbers(90, 100))

	// Falling behind the retention later is a loss nobody announced.
	told.give(0)
	for i := 100; i < 200; i++ {
		appendTo(t, log, update(t, fmt.Sprint(i), "a"))
	}
	told.waitFor(t, "falling behind", func() bool { return e.Stats().CatchingUp == 1 })
	told.give(-1)
	told.waitFor(t, "closing the stream that fell behind the retention", func() bool { return told.reason() == HistoryTrimmed })
}

func TestCloseEndsStreamsAndRefusesNewOnes(t *testing.T) {
	log := newLog(t)
	e, err := New(Config{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan Reason, 5)
	for range 5 {
		r := newRecorder(-1)
		subscribe(t, e, r, Subscription{
			Selectors: []*spec.Selector{topic(t, "*")},
			Closed:    func(r Reason, _ Tally) { ended <- r },
		})
	}
	if err := e.Close(context.Background(), Shutdown); err != nil {
		t.Fatalf("closing: %v", err)
	}
	for i := range 5 {
		select {
		case r := <-ended:
			if r != Shutdown {
				t.Errorf("a stream ended with %q, want %q", r, Shutdown)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%d of 5 streams told that they ended", i)
		}
	}
	if got := e.Stats().Closed[Shutdown]; got != 5 {
		t.Errorf("%d streams counted as closed by shutdown, want 5", got)
	}
	_, err = e.join(Subscription{}, func(*Subscriber) Stream { return newRecorder(-1) })
	if err != ErrClosed {
		t.Errorf("joining a closed engine: %v, want %v", err, ErrClosed)
	}
}

// A gate is a log whose followers see entries only when the test lets them,
// while readers see them at once: the widest possible hand-over window.
type gate struct {
	store.Log
	open chan struct{} // one receive lets one delivery pass
}

func (g gate) Follow(ctx context.Context, after store.Position, deliver func([]store.Entry)) error {
	return g.Log.Follow(ctx, after, func(entries []store.Entry) {
		for i := range entries {
			select {
			case <-g.open:
			case <-ctx.Done():
				return
			}
			deliver(entries[i : i+1])
		}
	})
}

func TestHandOverWhileTheDispatcherLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g := gate{Log: inner, open: make(chan struct{})}
		e, err := New(Config{Log: g})
		if err != nil {
			t.Fatal(err)
		}
		appendTo(t, inner, update(t, "0", "a"), update(t, "1", "a"), update(t, "2", "a"))
		g.open <- struct{}{}
		synctest.Wait()
		passed := e.Stats().Position
		// The subscriber reads all three while the dispatcher has passed one.
		r := newRecorder(-1)
		subscribe(t, e, r, Subscription{Selectors: []*spec.Selector{topic(t, "a")}, Replay: true})
		synctest.Wait()
		wantData(t, r, numbers(0, 3))
		if s := e.Stats(); s.Live != 1 || s.CaughtUp != 1 || s.Position != passed {
			t.Errorf("want the subscriber live ahead of a dispatcher still at %d: %+v", passed, s)
		}
		r.give(0)
		g.open <- struct{}{} // what it has read is skipped, room or not
		g.open <- struct{}{}
		synctest.Wait()
		if s := e.Stats(); s.FellBehind != 0 || s.Live != 1 {
			t.Errorf("want the subscriber still live: %+v", s)
		}
		appendTo(t, inner, update(t, "3", "a"))
		g.open <- struct{}{} // refused: back to catching up
		synctest.Wait()
		if s := e.Stats(); s.FellBehind != 1 || s.CatchingUp != 1 {
			t.Errorf("want the subscriber fallen behind once: %+v", s)
		}
		r.give(-1)
		synctest.Wait()
		wantData(t, r, numbers(0, 4))
		e.Close(t.Context(), Shutdown)
		inner.Close()
		synctest.Wait()
	})
}

// sized makes an event of so many bytes.
func sized(n int, made time.Time) *Event {
	return &Event{payload: newPayload(make([]byte, chunkHead+n)), made: made}
}

func TestPendingListIsBounded(t *testing.T) {
	now := time.Now()
	tests := map[string]struct {
		events int           // taken before
		size   int           // bytes of each
		last   int           // bytes of the one in question
		later  time.Duration // it was made after the first
		takes  bool
	}{
		"an empty list takes any event":    {0, 0, 8 << 20, 0, true},
		"up to the number of events":       {pendingEvents - 1, 1, 1, 0, true},
		"not beyond the number of events":  {pendingEvents, 1, 1, 0, false},
		"up to the number of bytes":        {1, pendingBytes - 10, 10, 0, true},
		"not beyond the number of bytes":   {1, pendingBytes - 10, 11, 0, false},
		"up to the age":                    {1, 1, 1, pendingAge, true},
		"not beyond the age":               {1, 1, 1, pendingAge + 1, false},
		"an empty list knows no age limit": {0, 0, 1, time.Hour, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			woken := 0
			p := pending{wake: func() { woken++ }}
			for range test.events {
				if !p.Enqueue(sized(test.size, now)) {
					t.Fatal("an event was refused that should make the list as it is asked for")
				}
			}
			if got := p.Enqueue(sized(test.last, now.Add(test.later))); got != test.takes {
				t.Errorf("taken: %v, want %v", got, test.takes)
			}
			if woken != 1 {
				t.Errorf("the carrier was woken %d times for one batch, want once", woken)
			}
			if _, room, _ := p.take(nil); room == test.takes {
				t.Errorf("room is to be announced: %v, want %v", room, !test.takes)
			}
		})
	}
}

// TestOneHeavyEventAtATime: while an event larger than a list is being written,
// only a list is taken beside it.
func TestOneHeavyEventAtATime(t *testing.T) {
	p := pending{wake: func() {}}
	now := time.Now()
	enqueue := func(what string, size int, want bool) {
		t.Helper()
		if got := p.Enqueue(sized(size, now)); got != want {
			t.Errorf("%s: taken: %v, want %v", what, got, want)
		}
	}
	enqueue("a heavy event", pendingBytes+1, true)
	enqueue("a light one beside it", 1, false)
	if _, room, _ := p.take(nil); !room {
		t.Error("the light one has room now, and is not told")
	}
	enqueue("a second heavy one while the first is written", pendingBytes+1, false)
	enqueue("the first light one meanwhile", pendingBytes-1, true)
	enqueue("the second", 1, true)
	enqueue("one too many", 1, false)
	if !p.sent() {
		t.Error("the heavy one has left, and nobody is told")
	}
	if _, room, _ := p.take(nil); room {
		t.Error("there is news of room that was told before")
	}
	enqueue("the second heavy one", pendingBytes+1, true)
}

func TestEventIsEncodedOnceForAll(t *testing.T) {
	log := newLog(t)
	e := newEngine(t, log)
	var seen sync.Map
	var all []*witness
	for range 50 {
		w := &witness{seen: &seen, took: make(chan struct{}, 1)}
		if _, err := e.join(Subscription{Selectors: []*spec.Selector{topic(t, "a")}}, func(sub *Subscriber) Stream { w.sub = sub; return w }); err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	appendTo(t, log, update(t, "x", "a"))
	for _, w := range all {
		<-w.took
	}
	n := 0
	seen.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("50 streams were given %d encodings of one update, want 1 shared by all", n)
	}
}

// A witness remembers which events it was given, by identity.
type witness struct {
	sub  *Subscriber
	seen *sync.Map
	once sync.Once
	took chan struct{}
}

func (w *witness) Ending() bool { return false }

func (w *witness) Enqueue(e *Event) bool {
	w.seen.Store(e, true)
	w.took <- struct{}{}
	return true
}

func (w *witness) Close(r Reason) {
	w.once.Do(func() { go w.sub.ended(r, 0, 0) })
}
