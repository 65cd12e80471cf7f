package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

func testReceipts(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	seen := make(map[string]bool)
	var last store.Position
	for _, want := range []store.Durability{store.Disk, store.OS, store.Memory} {
		before := time.Now().Truncate(time.Millisecond)
		updates := []*spec.Update{Update(t, "one"), brought(t, "urn:x:"+want.String(), "two"), Update(t, "three")}
		r, err := log.Append(background, want, updates...)
		if err != nil {
			t.Fatalf("%v: appending: %v", want, err)
		}
		if r.Reached < store.Memory || r.Reached > store.Disk || p.persistent() && r.Reached < want {
			t.Errorf("%v was asked for and %v reached", want, r.Reached)
		}
		if len(r.Entries) != len(updates) {
			t.Fatalf("%v: the receipt holds %d entries of %d", want, len(r.Entries), len(updates))
		}
		for i, e := range r.Entries {
			if e.Position <= last {
				t.Errorf("%v: position %d follows %d", want, e.Position, last)
			}
			last = e.Position
			if e.Update != updates[i] {
				t.Errorf("%v: entry %d holds another update than was appended there", want, i)
			}
			if e.At.Before(before) || e.At.After(time.Now()) || e.At.Nanosecond()%1e6 != 0 {
				t.Errorf("%v: entry %d is of %v, want now, to the millisecond", want, i, e.At)
			}
			if e.ID.IsZero() || seen[e.ID.String()] {
				t.Errorf("%v: entry %d has the id %q, which is empty or taken", want, i, e.ID)
			}
			seen[e.ID.String()] = true
		}
		if got := r.Entries[1].ID.String(); got != "urn:x:"+want.String() {
			t.Errorf("%v: the id brought became %q", want, got)
		}
		if got := r.Entries[0].ID.String(); !strings.HasPrefix(got, "urn:uuid:") {
			t.Errorf("%v: the hub's own id is %q, want a urn:uuid (PUB-id-generated)", want, got)
		}
	}
	r, err := log.Append(background, store.Disk)
	if err != nil || len(r.Entries) != 0 {
		t.Errorf("appending nothing: %d entries, error %v; want neither", len(r.Entries), err)
	}
	if err := log.Health(); err != nil {
		t.Errorf("a log in good order reports %v", err)
	}
}

func testOrder(t *testing.T, p Place) {
	const appenders, batches = 8, 60
	log := mustOpen(t, p, unlimited)
	f := follow(t, log, 0)
	var wg sync.WaitGroup
	total := 0
	var mu sync.Mutex
	receipts := make([][]store.Entry, appenders)
	for a := range appenders {
		rng := rand.New(rand.NewPCG(uint64(a), 1))
		wg.Go(func() {
			for b := range batches {
				updates := make([]*spec.Update, 1+rng.IntN(4))
				for i := range updates {
					updates[i] = Update(t, fmt.Sprintf("%d/%d/%d", a, b, i))
				}
				want := store.Memory + store.Durability(rng.IntN(3))
				r, err := log.Append(background, want, updates...)
				if err != nil {
					t.Errorf("appending: %v", err)
					return
				}
				for i := range r.Entries[1:] {
					if r.Entries[i+1].Position != r.Entries[i].Position+1 {
						t.Errorf("one append got the positions %v, want neighbours", positions(r.Entries))
					}
				}
				receipts[a] = append(receipts[a], r.Entries...)
				mu.Lock()
				total += len(updates)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	followed := f.take(t, total)
	byPosition := make(map[store.Position]store.Entry)
	for i, e := range followed {
		if i > 0 && e.Position <= followed[i-1].Position {
			t.Fatalf("position %d became visible after %d", e.Position, followed[i-1].Position)
		}
		byPosition[e.Position] = e
	}
	for a := range appenders {
		var last store.Position
		for _, e := range receipts[a] {
			if e.Position <= last {
				t.Fatalf("appender %d got position %d after %d", a, e.Position, last)
			}
			last = e.Position
			sameEntries(t, "followed", []store.Entry{byPosition[e.Position]}, []store.Entry{e})
		}
	}
	read, _ := readAll(t, log, 0, 1000)
	sameEntries(t, "read", read, followed)
}

// testVisibleWhenAnswered: an id that a publisher was told leads somewhere,
// whoever asks next.
func testVisibleWhenAnswered(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 40 {
				r, err := log.Append(background, store.OS+store.Durability(i%2), Update(t, "x"))
				if err != nil {
					t.Errorf("appending: %v", err)
					return
				}
				e := r.Entries[0]
				if b := mustBounds(t, log); b.Newest < e.Position || b.Oldest == 0 || b.Oldest > e.Position {
					t.Errorf("position %d was answered while the bounds are %+v", e.Position, b)
				}
				c, err := log.Read(background, e.Position-1, 1)
				if err != nil || len(c.Entries) != 1 || c.Entries[0].Position != e.Position {
					t.Errorf("position %d was answered and is not there: %v, error %v", e.Position, positions(c.Entries), err)
				}
				if got, err := log.Find(background, e.ID.String()); err != nil || got != (store.Place{After: e.Position, Found: store.Known}) {
					t.Errorf("the id of %d leads to %+v, error %v", e.Position, got, err)
				}
			}
		})
	}
	wg.Wait()
}

func testTooLarge(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	large := Update(t, strings.Repeat("x", store.MaxRecordSize))
	if _, err := log.Append(background, store.Disk, Update(t, "small"), large); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("appending %d bytes: %v, want ErrTooLarge", store.MaxRecordSize, err)
	}
	if _, err := log.AppendOnce(background, store.Disk, store.Once{}, large); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("appending %d bytes under a key: %v, want ErrTooLarge", store.MaxRecordSize, err)
	}
	if entries, _ := readAll(t, log, 0, 1000); len(entries) != 0 {
		t.Errorf("a refused append left %d entries behind", len(entries))
	}
	fits := mustAppend(t, log, Update(t, strings.Repeat("x", store.MaxRecordSize-1000)))
	got, _ := readAll(t, log, 0, 1)
	sameEntries(t, "one entry beyond the chunk's limit", got, fits)
}
