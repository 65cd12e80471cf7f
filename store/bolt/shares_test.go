package bolt

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/storetest"

	"go.etcd.io/bbolt"
)

// ruled makes a rule about one topic.
func ruled(t testing.TB, topic string, count int64) store.Rule {
	t.Helper()
	sel, err := spec.ParseTopicSelector(topic)
	if err != nil {
		t.Fatal(err)
	}
	return store.Rule{Selector: sel, MaxCount: count}
}

// about makes an update about some topics.
func about(t testing.TB, data string, topics ...string) *spec.Update {
	t.Helper()
	return storetest.UpdateOf(t, spec.Fields{Topics: topics, Data: data})
}

func addAbout(t testing.TB, l *Log, updates ...*spec.Update) {
	t.Helper()
	if _, err := l.Append(background, store.Disk, updates...); err != nil {
		t.Fatal(err)
	}
}

// TestTighterRuleOfAQuietLog: other limits of the same rules, and other rules, are
// in force at once, as without rules, whether or not anything is appended.
func TestTighterRuleOfAQuietLog(t *testing.T) {
	for name, tighter := range map[string]store.Retention{
		"count": {MaxBytes: -1, Rules: []store.Rule{ruled(t, "a", 2)}},
		"rules": {MaxBytes: -1, Rules: []store.Rule{ruled(t, "c", 2), ruled(t, "a", 2)}},
		"age":   {MaxBytes: -1, Rules: []store.Rule{{Selector: ruled(t, "a", 0).Selector, MaxAge: time.Minute}}},
	} {
		inBubble(t, name, func(t *testing.T) {
			l := openOn(t, new(disk), Options{MaxBytes: -1, Rules: []store.Rule{ruled(t, "a", 100)}})
			for i := range 9 {
				addAbout(t, l, about(t, fmt.Sprint(i), "a"))
			}
			addAbout(t, l, about(t, "b", "b"))
			l.Retain(tighter)
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if got := len(all(t, l)); name != "age" && got != 3 || name == "age" && got != 1 {
				t.Errorf("two minutes later %d are retained", got)
			}
		})
	}
}

// TestRulesKeepUp: with many rules trimming keeps up with commits as large as
// they get, so that the history does not outgrow its limits for as long as a load
// lasts.
func TestRulesKeepUp(t *testing.T) {
	const rules, rounds = 8, 12
	keep := store.Retention{MaxBytes: -1, MaxCount: 10}
	for i := range rules {
		keep.Rules = append(keep.Rules, ruled(t, fmt.Sprint(i), 10))
	}
	l := openOn(t, new(disk), Options(keep))
	updates := make([]*spec.Update, maxQueued)
	for i := range updates {
		updates[i] = about(t, "", fmt.Sprint(i%(rules+1)))
	}
	for range rounds {
		addAbout(t, l, updates...)
	}
	b, err := l.Bounds(background)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(all(t, l)); got > 2*maxQueued {
		t.Errorf("after %d commits of %d entries %d are retained, head %d", rounds, maxQueued, got, b.Newest)
	}
}

// TestMapHasRoomForRules: what rules keep beside the rest has its place in the map.
func TestMapHasRoomForRules(t *testing.T) {
	keep := retention{updates: store.Retention{MaxBytes: 1 << 30}}
	without := mapSize(keep)
	keep.updates.Rules = []store.Rule{{MaxBytes: 4 << 30}, {MaxBytes: -1}, {}}
	if with := mapSize(keep); without > 0 && with != without+8<<30 {
		t.Errorf("the map has %d bytes, and %d with a rule that keeps 4 GiB", without, with)
	}
}

// TestDearTopics: a commit that trims does not look for longer than publishers can
// wait at updates whose topics are dear to tell apart.
func TestDearTopics(t *testing.T) {
	var keep store.Retention
	for i := range store.MaxRules - 1 {
		sel, err := spec.ParseMatcher(spec.MatchPattern, fmt.Sprintf(`https://e.x/:a/(\w+)/%d/:b`, i), spec.UnnamedBase())
		if err != nil {
			t.Fatal(err)
		}
		keep.Rules = append(keep.Rules, store.Rule{Selector: sel})
	}
	keep.Rules = append(keep.Rules, ruled(t, "a", 0))
	d := new(disk)
	l := openOn(t, d, Options(keep))
	var topics []string
	for i := range 100 {
		topics = append(topics, fmt.Sprintf("https://e.x/zz/%d/%s", i, strings.Repeat("/a", 4000)))
	}
	const dear = 16 // each takes milliseconds at least, wherever this runs
	addAbout(t, l, about(t, "", "a"))
	for range dear {
		addAbout(t, l, about(t, "", topics...))
	}
	addAbout(t, l, about(t, "", "a"), about(t, "", "b"))
	keep.Rules[store.MaxRules-1].MaxCount = 1
	before, _ := d.counts()
	l.Retain(keep)
	addAbout(t, l, about(t, "", "a"), about(t, "", "b"))
	eventually(t, "two are trimmed", func() bool { b, err := l.Bounds(background); return err == nil && b.Gone.Updates == dear+2 })
	if commits, _ := d.counts(); commits-before < 3 {
		t.Errorf("%d updates of %d dear topics were looked at in %d commits", dear, len(topics), commits-before)
	}
}

// slow is a disk that takes its time, and says when which commit was flushed.
type slow struct {
	disk
	flushed []time.Time
}

func (d *slow) commit(tx *bbolt.Tx) error {
	time.Sleep(20 * time.Millisecond)
	if !tx.DB().NoSync {
		d.flushed = append(d.flushed, time.Now())
	}
	return d.disk.commit(tx)
}

// TestChoresUnderLoad: publishers who never pause keep neither what asked for no
// flush from being flushed within about a second, nor a history whose rules have
// changed from being counted, and so trimmed.
func TestChoresUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(slow)
		l, err := open(filepath.Join(t.TempDir(), "hub.db"), Options{MaxBytes: -1}, d.commit)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 1000 {
			u := about(t, "", "a")
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := l.Append(background, store.OS, u); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		begun := time.Now()
		time.Sleep(3*time.Second + time.Millisecond)
		l.Retain(store.Retention{MaxBytes: -1, Rules: []store.Rule{ruled(t, "a", 1)}})
		time.Sleep(5 * time.Second)
		b, err := l.Bounds(background)
		close(stop)
		wg.Wait()
		if err != nil || b.Gone.Updates == 0 {
			t.Errorf("five seconds after the rules changed nothing was trimmed (%v)", err)
		}
		last := begun
		for _, at := range append(d.flushed, begun.Add(8*time.Second)) {
			if at.Sub(last) > lazyDelay+100*time.Millisecond {
				t.Errorf("%v without a flush", at.Sub(last))
			}
			last = at
		}
	})
}

// TestRulesAndLimitsChangeTogether: no commit goes by the limits of one retention
// and the rules of another.
func TestRulesAndLimitsChangeTogether(t *testing.T) {
	all := store.Retention{MaxBytes: -1}
	l := openOn(t, new(disk), Options(all))
	ruled := store.Retention{MaxBytes: -1, MaxCount: 1, Rules: []store.Rule{ruled(t, "a", 0)}}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			u := about(t, "", "a")
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := l.Append(background, store.OS, u); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for begun := time.Now(); time.Since(begun) < 200*time.Millisecond; {
		l.Retain(ruled)
		l.Retain(all)
	}
	close(stop)
	wg.Wait()
	if b, err := l.Bounds(background); err != nil || b.Gone.Updates > 0 {
		t.Errorf("updates were removed up to %d that both retentions keep (%v)", b.Gone.Updates, err)
	}
}

// TestRulesInAFailedCommit: what a commit removed by rules is gone if it proves
// persisted, and there if it does not; for readers of memory and of the file, and
// for who asks whether he missed something.
func TestRulesInAFailedCommit(t *testing.T) {
	reader := func(topic string) *store.Reader {
		s := spec.SetOf([]*spec.Selector{ruled(t, topic, 0).Selector})
		return &store.Reader{Selectors: &s}
	}
	for name, tt := range map[string]struct {
		faults []func(*bbolt.Tx) error
		healed []string // before anything is appended again
		after  []string
	}{
		"lost":                         {[]func(*bbolt.Tx) error{lost}, []string{"1:b", "2:a0", "3:a1"}, []string{"1:b", "3:a1", "5:a3"}},
		"persisted":                    {[]func(*bbolt.Tx) error{persisted}, []string{"1:b", "3:a1", "4:a2"}, []string{"1:b", "4:a2", "5:a3"}},
		"persisted, and further fault": {[]func(*bbolt.Tx) error{persisted, lost, persisted, lost}, []string{"1:b", "3:a1", "4:a2"}, []string{"1:b", "4:a2", "5:a3"}},
		"lost, and further faults":     {[]func(*bbolt.Tx) error{lost, persisted, lost}, []string{"1:b", "2:a0", "3:a1"}, []string{"1:b", "3:a1", "5:a3"}},
	} {
		inBubble(t, name, func(t *testing.T) {
			keep := Options{MaxBytes: -1, Rules: []store.Rule{ruled(t, "a", 2)}}
			d := new(disk)
			l := openOn(t, d, keep)
			addAbout(t, l, about(t, "b", "b"), about(t, "a0", "a"), about(t, "a1", "a"))
			d.fail(tt.faults...)
			l.Append(background, store.Disk, about(t, "a2", "a")) // whatever it is told
			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			want(t, "healed", all(t, l), tt.healed...)
			c, err := l.readFile(0, 100, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "healed, in the file", c.Entries, tt.healed...)
			for _, gone := range []store.Gone{c.Gone, func() store.Gone { b, _ := l.Bounds(background); return b.Gone }()} {
				missed := tt.healed[1] != "2:a0"
				if gone.Missed(0, store.Gone{}, reader("a")) != missed || gone.Missed(0, store.Gone{}, reader("b")) {
					t.Errorf("healed, what is gone is %+v; that of a: %v", gone, missed)
				}
			}
			addAbout(t, l, about(t, "a3", "a"))
			want(t, "and more", all(t, l), tt.after...)
			want(t, "after a restart", reopenedWith(t, l, keep), tt.after...)
		})
	}
}

// TestRestartWhileCounting: counting that was interrupted begins again, and
// nothing is trimmed by half of it.
func TestRestartWhileCounting(t *testing.T) {
	l := openOn(t, new(disk), Options{MaxBytes: -1})
	updates := make([]*spec.Update, maxQueued)
	for i := range updates {
		updates[i] = about(t, "", "a", "b")
	}
	for range 5 {
		addAbout(t, l, updates...)
	}
	addAbout(t, l, about(t, "", "c"))
	keep := store.Retention{MaxBytes: -1, Rules: []store.Rule{ruled(t, "a", 5*maxQueued-1)}}
	l.Retain(keep)
	addAbout(t, l, about(t, "", "c")) // writes shares that are not counted
	for range 3 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if l, err = Open(l.path, Options(keep)); err != nil {
			t.Fatal(err)
		}
	}
	defer func() { l.Close() }()
	eventually(t, "one is trimmed", func() bool { b, err := l.Bounds(background); return err == nil && b.Oldest == 2 })
	if got := len(all(t, l)); got != 5*maxQueued-1+2 {
		t.Errorf("%d are retained, want %d", got, 5*maxQueued+1)
	}
}

func reopenedWith(t testing.TB, l *Log, o Options) []store.Entry {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	again, err := Open(l.path, o)
	if err != nil {
		t.Fatalf("opening again: %v", err)
	}
	defer again.Close()
	return all(t, again)
}

// TestRulesKeepTheirEpochs: what a rule keeps for long is found under its id,
// however far others have gone, and however many lives there were since.
func TestRulesKeepTheirEpochs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	o := Options{MaxCount: 1, Rules: []store.Rule{ruled(t, "a", 0)}}
	l, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Append(background, store.Disk, about(t, "", "a"))
	if err != nil {
		t.Fatal(err)
	}
	first := r.Entries[0]
	l.Close()
	if l, err = Open(path, o); err != nil {
		t.Fatal(err)
	}
	addAbout(t, l, about(t, "", "b"), about(t, "", "b"), about(t, "", "b"))
	l.Close()
	openOften(t, path, 5)
	for range 2 {
		if l, err = Open(path, o); err != nil {
			t.Fatal(err)
		}
		if place, err := l.Find(background, first.ID.String()); err != nil || place.After != first.Position || place.Found != store.Known {
			t.Errorf("the id leads to %+v, error %v", place, err)
		}
		l.Close()
	}
}
