package bolt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

func TestOneFailedCommit(t *testing.T) {
	for name, tt := range map[string]struct {
		fault func(*bbolt.Tx) error
		err   error
		all   []string
	}{
		// Position 2 is burnt: nobody ever saw it.
		"lost": {lost, store.ErrUnavailable, []string{"1:a", "3:c"}},
		// It proved persisted before anybody had to be refused.
		"persisted": {persisted, nil, []string{"1:a", "2:b", "3:c"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := new(disk)
			l := openOn(t, d, Options{})
			add(t, l, store.Disk, "a")
			d.fail(tt.fault)
			_, err := add(t, l, store.Disk, "b")
			if !errors.Is(err, tt.err) {
				t.Errorf("appending under the fault: %v, want %v", err, tt.err)
			}
			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			if _, err := add(t, l, store.Disk, "c"); err != nil {
				t.Errorf("appending after the fault: %v", err)
			}
			want(t, "entries", all(t, l), tt.all...)
			want(t, "entries after a restart", reopened(t, l), tt.all...)
		})
	}
}

// TestLastingFault: refused at once, told why, readable all the while, healed
// without a restart; and the entry in doubt appears once, before anything new.
func TestLastingFault(t *testing.T) {
	for name, tt := range map[string]struct {
		fault func(*bbolt.Tx) error
		all   []string
	}{
		"lost":      {lost, []string{"1:a", "3:m", "4:c"}},
		"persisted": {persisted, []string{"1:a", "2:b", "3:m", "4:c"}},
	} {
		inBubble(t, name, func(t *testing.T) {
			d := new(disk)
			l := openOn(t, d, Options{})
			add(t, l, store.Disk, "a")
			var followed []store.Entry
			var mu sync.Mutex
			ctx, stop := context.WithCancel(background)
			defer stop()
			go l.Follow(ctx, 0, func(entries []store.Entry) {
				mu.Lock()
				defer mu.Unlock()
				followed = append(followed, entries...)
			})

			d.hold()
			d.fail(tt.fault, lost, persisted, lost)
			failed := make(chan error)
			go func() {
				_, err := add(t, l, store.Disk, "b")
				failed <- err
			}()
			<-d.entered
			if _, err := add(t, l, store.Memory, "m"); err != nil {
				t.Errorf("appending what asks for nothing: %v", err)
			}
			d.release()
			if err := <-failed; !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, errDisk) {
				t.Errorf("appending under the fault: %v, want ErrUnavailable and its cause", err)
			}
			if err := l.Health(); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("the health under the fault is %v", err)
			}
			if _, err := add(t, l, store.Disk, "refused"); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("appending while it lasts: %v", err)
			}
			want(t, "readable while it lasts", all(t, l), "1:a")

			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			if _, err := add(t, l, store.Disk, "c"); err != nil {
				t.Errorf("appending after the fault: %v", err)
			}
			want(t, "entries", all(t, l), tt.all...)
			eventually(t, "the follower has everything", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(followed) >= len(tt.all)
			})
			want(t, "followed", followed, tt.all...)
			want(t, "entries after a restart", reopened(t, l), tt.all...)
		})
	}
}

// TestClosingUnderAFault must not hang, and must say what is left behind.
func TestClosingUnderAFault(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	script := make([]func(*bbolt.Tx) error, 1000)
	for i := range script {
		script[i] = lost
	}
	add(t, l, store.Memory, "m")
	d.fail(script...)
	if _, err := add(t, l, store.Disk, "a"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("appending: %v", err)
	}
	if err := l.Close(); !errors.Is(err, errDisk) {
		t.Errorf("closing: %v, want the reason for what is left behind", err)
	}
}

// TestPanicInACommit: the file cannot be used any more, reads can.
func TestPanicInACommit(t *testing.T) {
	d := new(disk)
	l := openOn(t, d, Options{})
	add(t, l, store.Disk, "a")
	d.fail(func(*bbolt.Tx) error { panic("page 7 makes no sense") })
	if _, err := add(t, l, store.Disk, "b"); !errors.Is(err, errStuck) {
		t.Errorf("appending: %v, want %v", err, errStuck)
	}
	want(t, "readable", all(t, l), "1:a")
	if err := l.Close(); !errors.Is(err, errStuck) {
		t.Errorf("closing: %v, want %v", err, errStuck)
	}
}

// TestFaultsAtRandom: whatever fails and whenever, what was acknowledged is
// there, once, in order, and followers saw exactly what the file has.
func TestFaultsAtRandom(t *testing.T) { synctest.Test(t, testFaultsAtRandom) }

func testFaultsAtRandom(t *testing.T) {
	const appenders, each = 8, 60
	d := new(disk)
	l := openOn(t, d, Options{})
	var mu sync.Mutex
	var followed []store.Entry
	following := make(chan struct{})
	go func() {
		defer close(following)
		l.Follow(background, 0, func(entries []store.Entry) {
			mu.Lock()
			defer mu.Unlock()
			followed = append(followed, entries...)
		})
	}()
	acknowledged := make(map[string]store.Position)
	refused := make(map[string]bool)
	var wg sync.WaitGroup
	for a := range appenders {
		rng := rand.New(rand.NewPCG(uint64(a), 99))
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("%d/%d", a, i)
				switch rng.IntN(12) {
				case 0:
					d.fail(lost)
				case 1:
					d.fail(persisted)
				case 2:
					d.fail([]func(*bbolt.Tx) error{lost, persisted}[rng.IntN(2)], persisted, lost)
				}
				entries, err := add(t, l, store.Memory+store.Durability(rng.IntN(3)), name)
				mu.Lock()
				if err == nil {
					acknowledged[name] = entries[0].Position
				} else {
					refused[name] = true
				}
				mu.Unlock()
				if errors.Is(err, store.ErrUnavailable) {
					for l.Health() != nil {
						time.Sleep(time.Millisecond)
					}
				}
			}
		})
	}
	wg.Wait()
	d.fail()
	path := l.path
	if err := l.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	<-following
	again, err := Open(path, Options{})
	if err != nil {
		t.Fatalf("opening again: %v", err)
	}
	defer again.Close()
	kept := all(t, again)
	if g, w := fmt.Sprint(data(followed)), fmt.Sprint(data(kept)); g != w {
		t.Errorf("followed\n %s\nkept\n %s", g, w)
	}
	there := make(map[string]store.Position)
	var last store.Position
	for _, e := range kept {
		if e.Position <= last {
			t.Errorf("position %d follows %d", e.Position, last)
		}
		last = e.Position
		if there[e.Update.Data()] != 0 {
			t.Errorf("%s is there twice", e.Update.Data())
		}
		there[e.Update.Data()] = e.Position
	}
	for name, p := range acknowledged {
		if there[name] != p {
			t.Errorf("%s was acknowledged at %d and is at %d", name, p, there[name])
		}
	}
	if len(refused) == 0 || len(refused) == appenders*each {
		t.Errorf("%d of %d appends were refused: this run proves nothing", len(refused), appenders*each)
	}
	commits, _ := d.counts()
	t.Logf("%d acknowledged, %d refused, %d commits", len(acknowledged), len(refused), commits)
}
