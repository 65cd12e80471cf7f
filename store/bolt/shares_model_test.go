package bolt

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

// TestSharesAgreeWithTheFile changes rules at random, under appends, restarts and
// failed commits, and compares the totals with what is in the file, what is there
// with the limits, and what readers are told with what was removed.
func TestSharesAgreeWithTheFile(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) { // a bubble has no deadline
			n++
			testShares(t, filepath.Join(dir, fmt.Sprint(n)))
		})
	})
}

func testShares(t *rapid.T, path string) {
	selectors := map[string]*spec.Selector{}
	for _, text := range []string{"a", "b", "{x}/c", "*"} {
		s, err := spec.ParseTopicSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		selectors[text] = s
	}
	retention := func() store.Retention {
		r := store.Retention{MaxBytes: -1, MaxCount: int64(rapid.IntRange(0, 5).Draw(t, "others"))}
		for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "{x}/c", "*"}), 0, 3, rapid.ID[string]).Draw(t, "rules") {
			rule := store.Rule{Selector: selectors[text], MaxCount: int64(rapid.IntRange(0, 4).Draw(t, "count"))}
			rule.MaxBytes = int64(rapid.SampledFrom([]int{0, 0, 1, 200}).Draw(t, "bytes"))
			rule.MaxAge = rapid.SampledFrom([]time.Duration{0, 0, 5 * time.Second}).Draw(t, "age")
			r.Rules = append(r.Rules, rule)
		}
		return r
	}
	d := new(disk)
	keep := retention()
	l, err := open(path, Options(keep), d.commit)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { l.Close() }()
	var entries []store.Entry // all there ever were
	seen := make(map[store.Position]bool)
	look := func() map[store.Position]bool {
		there := make(map[store.Position]bool)
		kept, err := readAll(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range kept {
			if there[e.Position] = true; !seen[e.Position] {
				seen[e.Position] = true
				entries = append(entries, e)
			}
		}
		return there
	}
	var before store.Gone
	t.Repeat(map[string]func(*rapid.T){
		"append": func(t *rapid.T) {
			topics := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "y/c", "d"}), 1, 2, rapid.ID[string]).Draw(t, "topics")
			u, err := spec.NewUpdate(spec.Fields{Topics: topics, Data: "x"}, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
			if err != nil {
				t.Fatal(err)
			}
			r, err := l.Append(background, store.Disk, u)
			if err != nil {
				return
			}
			if e := r.Entries[0]; !seen[e.Position] {
				seen[e.Position] = true
				entries = append(entries, e)
			}
		},
		"fail": func(t *rapid.T) {
			d.fail(rapid.SliceOfN(rapid.SampledFrom([]func(*bbolt.Tx) error{lost, persisted}), 1, 3).Draw(t, "faults")...)
		},
		"change": func(t *rapid.T) { keep = retention(); l.Retain(keep) },
		"reopen": func(t *rapid.T) {
			d.fail()
			time.Sleep(10 * time.Second) // it heals
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "with others") {
				keep = retention()
			}
			if l, err = open(path, Options(keep), d.commit); err != nil {
				t.Fatal(err)
			}
		},
		"wait": func(t *rapid.T) { time.Sleep(time.Duration(rapid.IntRange(1, 4000).Draw(t, "ms")) * time.Millisecond) },
		"": func(t *rapid.T) {
			look()
			b, err := l.Bounds(background)
			if err != nil {
				t.Fatal(err)
			}
			if b.Gone.Updates < before.Updates {
				t.Fatalf("what was removed goes back from %d to %d", before.Updates, b.Gone.Updates)
			}
			before = b.Gone
		},
	})
	d.fail()
	time.Sleep(20 * time.Second) // whatever fails is healed, whatever is due done
	commits, _ := d.counts()
	time.Sleep(20 * time.Second)
	if now, _ := d.counts(); now != commits {
		t.Fatalf("a quiet log goes on committing: %d times in 20 s", now-commits)
	}
	there := look()
	b, err := l.Bounds(background)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil { // from here on what the writer knows is ours
		t.Fatal(err)
	}
	e, classes := &l.w.ends, store.NewClasses(keep.Default(DefaultBytes))
	if !e.shares.tells(classes) || e.shares.counting() {
		t.Fatal("the rules are not in force")
	}
	counts, sizes := make([]share, classes.Len()), int64(0)
	newest := store.Position(0)
	for _, entry := range entries {
		if there[entry.Position] {
			record, _ := store.NewRecord(&entry)
			of := &counts[classes.Of(entry.Update.Topics())]
			of.count++
			of.bytes += int64(len(record))
			sizes += int64(len(record))
			newest = max(newest, entry.Position)
		}
	}
	if e.updates.count != int64(len(there)) || e.updates.bytes != sizes {
		t.Fatalf("%d updates of %d bytes are counted, %d of %d there", e.updates.count, e.updates.bytes, len(there), sizes)
	}
	for class := range counts {
		if e.shares == nil {
			break
		}
		if of := e.shares.of[class]; of.count != counts[class].count || of.bytes != counts[class].bytes {
			t.Fatalf("of class %d %d updates of %d bytes are counted, %d of %d there", class, of.count, of.bytes, counts[class].count, counts[class].bytes)
		}
	}
	again, err := Open(path, Options(keep))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if kept, err := readAll(again); err != nil || len(kept) != len(there) {
		t.Fatalf("%d updates are in the file (%v), %d were there before it was closed", len(kept), err, len(there))
	}
	reopened, err := again.Bounds(background)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, entry := range entries {
		class := classes.Of(entry.Update.Topics())
		limits := keep
		if classes != nil {
			limits = classes.Limits(class)
		}
		if there[entry.Position] && entry.Position < newest && limits.Exceeded(counts[class].bytes, counts[class].count, entry.At, now) {
			t.Fatalf("%d is retained beyond %+v", entry.Position, limits)
		}
		if there[entry.Position] {
			continue
		}
		for text, sel := range selectors {
			set := spec.SetOf([]*spec.Selector{sel})
			r := &store.Reader{Selectors: &set}
			if set.MatchAny(entry.Update.Topics()) && !(b.Gone.Missed(entry.Position-1, store.Gone{}, r) && reopened.Gone.Missed(entry.Position-1, store.Gone{}, r)) {
				t.Fatalf("a reader of %s missed %d and is not told", text, entry.Position)
			}
		}
	}
}
