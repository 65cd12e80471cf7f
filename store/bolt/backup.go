package bolt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
)

// Backup copies the history, while it is in use, to a file that gets its name
// when it is complete, flushed and has been read back; replace allows the name
// of a file that exists. The copy is of one moment near the end. It keeps the
// key and the epochs: opened, it is this history as it was, in a new epoch.
// Publishes wait for a few milliseconds at that moment, and nothing is trimmed
// until the copy is made.
func (l *Log) Backup(ctx context.Context, path string, replace bool, tell func(store.Copied)) (store.Backup, error) {
	head, release, err := l.hold(ctx)
	if err != nil {
		return store.Backup{}, fmt.Errorf("backing up %s: %w", l.path, err)
	}
	release = sync.OnceFunc(release)
	defer release()
	b := backup{of: l.path, path: path, replace: replace, copier: copier{
		ctx: ctx, view: l.view, commit: l.w.commit, free: l.free, tell: tell,
	}}
	return b.make(func(c *copier) error {
		if err := l.catchUp(c, head); err != nil {
			return err
		}
		var cause error
		turn := l.between(ctx, func() error {
			cause = c.finish()
			return nil
		})
		release()
		return errors.Join(turn, cause)
	})
}

// Backup copies the history likewise.
func (a *Archive) Backup(ctx context.Context, path string, replace bool, tell func(store.Copied)) (store.Backup, error) {
	b := backup{of: a.path, path: path, replace: replace, copier: copier{
		ctx: ctx, view: a.view, commit: (*bbolt.Tx).Commit, free: freeSpace, tell: tell, hurried: true,
	}}
	return b.make(func(c *copier) error {
		c.done.Total = a.ends.updates.count
		if err := c.room(a.ends.size() + spare); err != nil {
			return err
		}
		if err := c.copyTo(a.ends.head); err != nil {
			return err
		}
		return c.finish()
	})
}

// A backup is a copy on its way to its place.
type backup struct {
	of, path string
	replace  bool
	copier
}

func (b *backup) make(fill func(*copier) error) (made store.Backup, err error) {
	fail := func(err error) (store.Backup, error) {
		return store.Backup{}, fmt.Errorf("backing up %s to %s: %w", b.of, b.path, err)
	}
	if err := b.judge(); err != nil {
		return fail(err)
	}
	folder := filepath.Dir(b.path)
	draft, err := os.CreateTemp(folder, filepath.Base(b.path)+".new") // mode 0600
	if err != nil {
		return fail(err)
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return fail(err)
	}
	b.digest = sha256.New()
	if b.draft, err = openDraft(draft.Name(), bbolt.Options{}); err != nil {
		return fail(err)
	}
	err = fill(&b.copier)
	if err == nil {
		err = b.draft.Sync()
	}
	if err := errors.Join(err, b.draft.Close()); err != nil {
		return fail(err)
	}
	if made, err = b.readBack(draft.Name()); err != nil {
		return fail(err)
	}
	if err := b.name(draft.Name()); err != nil {
		return fail(err)
	}
	return made, nil
}

// judge refuses names that the copy must not get.
func (b *backup) judge() error {
	there, err := os.Stat(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if own, err := os.Stat(b.of); err == nil && os.SameFile(there, own) {
		return errors.New("this is the history itself: name another file")
	}
	if !b.replace {
		return errExists
	}
	return nil
}

var errExists = fmt.Errorf("%w: name another one, or say that it may be replaced", fs.ErrExist)

// readBack opens the copy, looks at every page of it, and compares what it
// holds with what was to be copied.
func (b *backup) readBack(path string) (made store.Backup, err error) {
	f, err := boltfile.Open(path)
	if err != nil {
		return made, fmt.Errorf("reading it back: %w", explain(err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var h history
	err = f.View(func(tx *bbolt.Tx) (err error) {
		h, err = readHistory(tx)
		return err
	})
	if err != nil {
		return made, fmt.Errorf("reading it back: %w", err)
	}
	found, err := readContent(b.ctx, f.View, h.ends.head, !b.hurried)
	if err == nil {
		err = b.verifyContent(found)
	}
	if err == nil && (found.updates != h.ends.updates.count || found.presence != h.ends.subscriptions.count) {
		err = fmt.Errorf("%w (totals)", errDamaged)
	}
	if err != nil {
		return made, fmt.Errorf("reading it back: %w", err)
	}
	made = store.Backup{Copied: b.done, Newest: h.ends.head, Digest: [32]byte(found.digest)}
	made.Total = made.Updates
	made.File, err = f.Size()
	return made, err
}

// name gives the copy its name, which then survives power loss.
func (b *backup) name(draft string) error {
	var err error
	if b.replace {
		err = os.Rename(draft, b.path)
	} else if err = os.Link(draft, b.path); err != nil && !errors.Is(err, fs.ErrExist) {
		// Not every file system has links.
		if err = b.judge(); err == nil {
			err = os.Rename(draft, b.path)
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return errExists
	case err != nil:
		return err
	}
	return flushFolder(filepath.Dir(b.path))
}
