package bolt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// Bounds of what is left to copy while publishes wait.
const (
	lastEntries = 1024
	lastSize    = 1 << 20
	// maxRounds of copying what came during the last one.
	maxRounds = 20
)

var errTooFast = errors.New("publishes come faster than they can be copied: try again in a quieter moment")

// draftPath is where the history at a path is compacted: beside it, so that the
// draft can take its place.
func draftPath(path string) string { return path + ".compact" }

// dropDraft removes what an earlier process left of a compaction.
func dropDraft(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if err := os.Remove(draftPath(real)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing what is left of a compaction: %w", err)
	}
	return nil
}

// Compact gives back the space that the file does not need, while the history
// is in use. It copies the history beside it, in short transactions, and puts the
// copy in its place between two commits. Publishes wait while the last of it is
// copied and flushed, and nothing is trimmed meanwhile. Whatever goes wrong, and
// whenever the process dies, the file under the name is whole: the old one or
// the new one, which hold the same at that moment.
func (l *Log) Compact(ctx context.Context, tell func(store.Copied)) (done store.Compaction, err error) {
	if runtime.GOOS == "windows" {
		return done, errors.New("compacting: this system cannot rename a file that is open")
	}
	fail := func(err error) (store.Compaction, error) {
		return store.Compaction{}, fmt.Errorf("compacting %s: %w", l.path, err)
	}
	head, release, err := l.hold(ctx)
	if err != nil {
		return fail(err)
	}
	defer release()
	real, err := filepath.EvalSymlinks(l.path) // the link stays one
	if err != nil {
		return fail(err)
	}
	before, err := os.Stat(real)
	if err != nil {
		return fail(err)
	}
	if err := dropDraft(real); err != nil {
		return fail(err)
	}
	draft, err := openDraft(draftPath(real), bbolt.Options{InitialMmapSize: mapSize(*l.keep.Load())})
	if err != nil {
		return fail(err)
	}
	swapped := false
	defer func() {
		if !swapped {
			draft.Close()
			os.Remove(draftPath(real))
		}
	}()
	if err := keepOwner(draftPath(real), before); err != nil {
		return fail(fmt.Errorf("giving the copy the owner and mode of the file: %w", err))
	}
	c := &copier{ctx: ctx, view: l.view, draft: draft, commit: l.w.commit, free: l.free, tell: tell, digest: sha256.New()}
	if err := l.catchUp(c, head); err != nil {
		return fail(err)
	}
	if err := c.check(); err != nil {
		return fail(err)
	}
	var old *bbolt.DB
	var cause error
	turn := l.between(ctx, func() error {
		start := time.Now()
		if cause = c.complete(l.w.ends); cause != nil {
			return nil // the history is as it was
		}
		old, cause = l.swap(draft, real)
		swapped = old != nil
		done.Paused = time.Since(start)
		if swapped {
			return cause
		}
		return nil
	})
	if old != nil {
		// Not while others wait: the system takes its time to free a large
		// file. What is wrong with it concerns nobody any more.
		_ = old.Close()
	}
	if err := errors.Join(turn, cause); err != nil {
		return fail(err)
	}
	after, err := os.Stat(real)
	if err != nil {
		return fail(err)
	}
	done.Copied, done.Before, done.After = c.done, before.Size(), after.Size()
	done.Total = c.done.Updates
	return done, nil
}

// catchUp copies what there is and then what came meanwhile, until little is
// left.
func (l *Log) catchUp(c *copier, head store.Position) error {
	for round := range maxRounds {
		var now ends
		if err := l.between(c.ctx, func() error { now = l.w.ends; return nil }); err != nil {
			return err
		}
		if round == 0 {
			c.done.Total = now.updates.count
			if err := c.room(now.size() + spare); err != nil {
				return err
			}
		} else {
			left := now.updates.count + now.subscriptions.count - c.done.Updates - c.done.Presence
			if left <= lastEntries && now.bytes()-c.done.Bytes <= lastSize {
				return nil
			}
			head = now.head
		}
		c.hurried = round >= maxRounds/2 // to come to an end
		if err := c.copyTo(head); err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
	return errTooFast
}

// bytes are those of all records.
func (e *ends) bytes() int64 { return e.updates.bytes + e.subscriptions.bytes }

// size is about how large a file is that holds nothing else.
func (e *ends) size() int64 {
	return e.bytes()*5/4 + 64*(e.updates.count+e.subscriptions.count)
}

// flush puts the draft on the disk, so that little is left for the last moment.
func (c *copier) flush() error {
	if err := c.draft.Sync(); err != nil {
		return fmt.Errorf("flushing the copy: %w", err)
	}
	return nil
}

// check reads back what was copied so far.
func (c *copier) check() error {
	found, err := readContent(c.ctx, guarded(c.draft), c.after, true)
	if err != nil {
		return fmt.Errorf("reading the copy back: %w", err)
	}
	return c.verifyContent(found)
}

// complete makes the draft a history that can take the place of the other, whose
// totals it has to have.
func (c *copier) complete(want ends) error {
	if err := c.finish(); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	return guarded(c.draft)(func(tx *bbolt.Tx) error {
		h, err := readHistory(tx)
		if err != nil {
			return fmt.Errorf("reading the copy back: %w", err)
		}
		if c.done.Updates != want.updates.count || c.done.Presence != want.subscriptions.count || !bytes.Equal(h.ends.encode(), want.encode()) {
			return fmt.Errorf("the copy is not what was copied: %+v, want %+v", h.ends, want)
		}
		return nil
	})
}

// swap puts the draft in the place of the file, and returns what was open
// before, nil if that still is. It runs in the writer, and nothing has been
// committed since the draft was completed.
func (l *Log) swap(draft *bbolt.DB, path string) (old *bbolt.DB, err error) {
	var last int // id of the draft's last transaction
	err = draft.View(func(tx *bbolt.Tx) error {
		last = tx.ID()
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.files.Lock() // no reader is in the old file then
	defer l.files.Unlock()
	if l.db == nil {
		return nil, store.ErrUnavailable
	}
	if err := os.Rename(draft.Path(), path); err != nil {
		return nil, fmt.Errorf("putting the copy in its place: %w", err)
	}
	draft.AllocSize = l.db.AllocSize // it is in use from here on
	old, l.db = l.db, draft
	l.w.tx, l.w.unflushed, l.w.renamed = last, false, true
	// Before the name is safe nothing may be appended: after a power cut the
	// old file would stand under it, without that.
	if err := flushFolder(filepath.Dir(path)); err != nil {
		return old, fmt.Errorf("flushing the folder: %w", err)
	}
	l.w.renamed = false
	return old, nil
}
