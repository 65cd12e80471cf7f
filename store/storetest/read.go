package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cinnabar/store"
)

func testChunks(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	c, err := log.Read(background, 0, 1000)
	if err != nil || len(c.Entries) != 0 || c.Through != 0 || c.Gone != (store.Gone{}) {
		t.Errorf("reading an empty log: %+v, error %v", c, err)
	}
	if b := mustBounds(t, log); b != (store.Bounds{}) {
		t.Errorf("the bounds of an empty log are %+v", b)
	}
	all := appendNumbers(t, log, 0, 100)
	if b, want := mustBounds(t, log), (store.Bounds{Oldest: all[0].Position, Newest: all[99].Position}); b != want {
		t.Errorf("bounds %+v, want %+v", b, want)
	}
	for _, limit := range []int{-1, 0, 1, 50, 1000, 1 << 20} {
		got, trimmed := readAll(t, log, 0, limit)
		sameEntries(t, fmt.Sprintf("limit %d", limit), got, all)
		if trimmed {
			t.Errorf("limit %d: trimmed, though nothing was", limit)
		}
	}
	for i, e := range all {
		got, _ := readAll(t, log, e.Position, 1000)
		sameEntries(t, fmt.Sprintf("after %d", e.Position), got, all[i+1:])
	}
	if c, err := log.Read(background, 0, 1); err != nil || len(c.Entries) != 1 || c.Through != all[0].Position {
		t.Errorf("the smallest chunk holds %v and is complete through %d, error %v; want one entry", positions(c.Entries), c.Through, err)
	}
	if c, err := log.Read(background, 0, 2000); err != nil || len(c.Entries) < 2 || len(c.Entries) > 90 {
		t.Errorf("a chunk of about 2000 bytes holds %d entries, error %v", len(c.Entries), err)
	}
	newest := all[99].Position
	if c, err := log.Read(background, newest, 1000); err != nil || len(c.Entries) != 0 || c.Through != newest {
		t.Errorf("reading at the head: %+v, error %v", c, err)
	}
	if c, err := log.Read(background, newest+5, 1000); err != nil || len(c.Entries) != 0 || c.Through < newest+5 {
		t.Errorf("reading ahead of the head: %+v, error %v; it must not lead back", c, err)
	}
}

func testFollow(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	fromEmpty := follow(t, log, 0)
	all := appendNumbers(t, log, 0, 20)
	sameEntries(t, "from the empty log", fromEmpty.take(t, 20), all)
	middle := follow(t, log, all[9].Position)
	sameEntries(t, "from the middle", middle.take(t, 10), all[10:])
	head := follow(t, log, all[19].Position)
	all = append(all, mustAppendAs(t, log, store.Memory, Update(t, "a"), Update(t, "b"))...)
	all = append(all, mustAppendAs(t, log, store.OS, Update(t, "c"))...)
	for name, f := range map[string]*follower{"from the empty log": fromEmpty, "from the middle": middle, "from the head": head} {
		sameEntries(t, name, f.take(t, 3), all[20:])
		f.stop()
		if err := f.end(t); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: following ended with %v, want the context's error", name, err)
		}
	}
}

// testFollowFromAfar follows from further back than any memory holds.
func testFollowFromAfar(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	body := strings.Repeat("x", 256<<10)
	var all []store.Entry
	for range 80 {
		all = append(all, mustAppendAs(t, log, store.OS, Update(t, body))...)
	}
	f := follow(t, log, 0)
	got := f.take(t, 80)
	sameEntries(t, "followed", got, all)
	sameEntries(t, "then live", follow(t, log, got[78].Position).take(t, 1), all[79:])
}

func testCancelled(t *testing.T, p Place) {
	log := mustOpen(t, p, unlimited)
	mustAppend(t, log, Update(t, "x"))
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, appendErr := log.Append(ctx, store.Disk, Update(t, "y"))
	_, onceErr := log.AppendOnce(ctx, store.Disk, store.Once{}, Update(t, "y"))
	_, readErr := log.Read(ctx, 0, 1000)
	_, findErr := log.Find(ctx, "urn:x:1")
	_, sinceErr := log.Since(ctx, time.Now())
	_, boundsErr := log.Bounds(ctx)
	followErr := log.Follow(ctx, 0, func([]store.Entry) { t.Error("a cancelled follower was given something") })
	for name, err := range map[string]error{"Append": appendErr, "AppendOnce": onceErr, "Read": readErr, "Find": findErr, "Since": sinceErr, "Bounds": boundsErr, "Follow": followErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s under a cancelled context: %v", name, err)
		}
	}
}

func testClosed(t *testing.T, p Place) {
	log, err := p.Open(unlimited)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	all := appendNumbers(t, log, 0, 3)
	idle, behind := follow(t, log, all[2].Position), follow(t, log, 0)
	sameEntries(t, "followed", behind.take(t, 3), all)
	if err := log.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	for name, f := range map[string]*follower{"idle": idle, "at the end": behind} {
		if err := f.end(t); !errors.Is(err, store.ErrClosed) {
			t.Errorf("the follower that is %s ended with %v, want ErrClosed", name, err)
		}
	}
	_, appendErr := log.Append(background, store.Disk, Update(t, "y"))
	_, onceErr := log.AppendOnce(background, store.Disk, store.Once{}, Update(t, "y"))
	_, readErr := log.Read(background, 0, 1000)
	_, findErr := log.Find(background, "urn:x:1")
	_, sinceErr := log.Since(background, time.Now())
	_, boundsErr := log.Bounds(background)
	followErr := log.Follow(background, all[2].Position, func([]store.Entry) {})
	for name, err := range map[string]error{
		"Append": appendErr, "AppendOnce": onceErr, "Read": readErr, "Find": findErr, "Since": sinceErr, "Bounds": boundsErr, "Follow": followErr, "Health": log.Health(),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s of a closed log: %v, want ErrClosed", name, err)
		}
	}
	if err := log.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}
