package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
)

const (
	// Pauses between attempts to recover.
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second

	// roomSlack is what a commit writes beside records, about.
	roomSlack = 64 << 10
)

var (
	errTakenOver = errors.New("another process has written to this history: stop one of the two and restart this one")
	errStuck     = errors.New("the file cannot be used any more: restart the process")
)

// heal brings the history back after a failed commit, however long that takes,
// and reports whether it did; false means that the log was closed first.
// Meanwhile appends are refused.
//
// A failed commit is in the file wholly or not at all, and which of the two is
// only known by looking. What proves written keeps its positions and is shown
// before anything newer; what does not loses them for ever and is refused,
// except that entries which asked for no durability are written again.
func (l *Log) heal(cause error, flight []*request) bool {
	size := 0
	for _, r := range flight {
		size += r.size
	}
	l.refuse(cause)
	for {
		// The first attempt is made at once, while who waits is kept waiting:
		// the answer may yet be a good one. A pause that the last fault left
		// behind says that no commit has succeeded since.
		if l.w.pause > 0 {
			l.refuseQueued()
			l.await(l.w.pause)
		}
		l.w.pause = min(max(2*l.w.pause, firstPause), lastPause)
		err := l.recover(size)
		if err == nil {
			l.mu.Lock()
			l.fault = nil
			l.mu.Unlock()
			return true
		}
		l.refuse(err)
		if l.isClosed() {
			l.refuseQueued()
			l.w.unsaved = fmt.Errorf("leaving entries behind: %w", err)
			return false
		}
	}
}

// await pauses, until the log is closed at the latest.
func (l *Log) await(pause time.Duration) {
	if l.isClosed() {
		return
	}
	select {
	case <-l.work: // from Close, or left over
	case <-time.After(pause):
	}
}

// refuse refuses appends from now on.
func (l *Log) refuse(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fmt.Errorf("%w: writing %s failed and is tried again: %w: see that the volume has space, is writable and healthy",
		store.ErrUnavailable, l.path, cause)
	l.queue.room.Ring()
}

// refuseQueued tells everybody who still waits, since recovering takes longer.
func (l *Log) refuseQueued() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.queue.requests {
		r.answer(0, l.fault)
	}
}

// recover finds out what became of the failed commit, settles the queue
// accordingly, and proves that size bytes of records can be written again.
func (l *Log) recover(size int) error {
	if l.w.stuck {
		return errStuck
	}
	written, err := l.reopen()
	if err != nil {
		return err
	}
	if l.w.renamed { // by a compaction: see swap
		if err := flushFolder(filepath.Dir(l.path)); err != nil {
			return fmt.Errorf("flushing the folder: %w", err)
		}
		l.w.renamed = false
	}
	l.mu.Lock()
	if written {
		l.queue.save()
	}
	for _, r := range l.queue.drop(func(r *request) bool { return r.want != store.Memory && !r.saved }) {
		r.answer(0, l.fault)
	}
	l.mu.Unlock()

	// What is there may be so in memory alone: see rewrite.
	l.w.unflushed = l.w.unflushed || written
	if l.w.unflushed {
		if err := l.rewrite(); err != nil {
			return fmt.Errorf("flushing the file: %w", err)
		}
	}
	if err := l.proveRoom(size); err != nil {
		return err
	}
	l.mu.Lock()
	flight := l.queue.take()
	l.mu.Unlock()
	if err := l.commit(flight, store.Disk); err != nil {
		return err
	}
	l.land(flight, store.Disk)
	return nil
}

// proveRoom writes as much as failed to be written, and removes it again.
// Without that, a full disk would seem healed whenever a commit without
// entries fits, and fail the next publisher. It takes more than the records:
// their neighbours move with them.
func (l *Log) proveRoom(size int) error {
	keep := *l.keep.Load()
	err := l.transact(store.Disk, keep, func(tx *bbolt.Tx, _ *ends) error {
		room, err := tx.CreateBucketIfNotExists(roomBucket)
		if err != nil {
			return err
		}
		return room.Put(roomBucket, make([]byte, 3*size+roomSlack))
	})
	if err != nil {
		return fmt.Errorf("trying for room: %w", err)
	}
	err = l.transact(store.Disk, keep, func(tx *bbolt.Tx, _ *ends) error { return dropRoom(tx) })
	if err != nil {
		return fmt.Errorf("giving back room: %w", err)
	}
	return nil
}

// dropRoom removes what proveRoom wrote, perhaps in an earlier life.
func dropRoom(tx *bbolt.Tx) error {
	if tx.Bucket(roomBucket) == nil {
		return nil
	}
	return tx.DeleteBucket(roomBucket)
}

// reopen opens the file afresh, which also rebuilds the list of free pages
// from what is really there, and reports whether the transaction after the
// last committed one is in it.
func (l *Log) reopen() (written bool, err error) {
	l.files.Lock()
	defer l.files.Unlock()
	if l.db != nil {
		l.db.Close() // of a file that is in doubt: opening it again judges it
		l.db = nil
	}
	db, err := openFile(l.path, *l.keep.Load())
	if err != nil {
		return false, fmt.Errorf("opening it again: %w", err)
	}
	err = func() (err error) {
		defer boltfile.FaultsPanic()()
		defer recoverDamage(&err)
		return db.View(func(tx *bbolt.Tx) error {
			h, err := readHistory(tx)
			if err != nil {
				return err
			}
			if len(h.past) == 0 || h.past[len(h.past)-1].Epoch != l.epochs.Current().Epoch {
				return errTakenOver
			}
			written = tx.ID() > l.w.tx
			l.w.ends, l.w.tx = h.ends, tx.ID()
			l.w.ends.shares = readShares(tx, l.keep.Load().classes, &h.ends)
			l.missRemoved(tx)
			return nil
		})
	}()
	if err != nil {
		return false, errors.Join(fmt.Errorf("reading it again: %w", err), db.Close())
	}
	l.db = db
	return written, nil
}

// rewrite writes the whole file in place, unchanged, and flushes it. When a
// flush has failed, the system may count pages as written that are not: they
// read well until power is lost, and no later flush covers them, unless they
// are written again.
func (l *Log) rewrite() error {
	f, err := os.OpenFile(l.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for at := int64(0); err == nil; {
		var n int
		n, err = f.ReadAt(buf, at)
		if n > 0 {
			if _, werr := f.WriteAt(buf[:n], at); werr != nil {
				err = werr
			}
			at += int64(n)
		}
	}
	if err == io.EOF {
		err = f.Sync()
	}
	if err == nil {
		l.w.unflushed = false
	}
	return errors.Join(err, f.Close())
}
