package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// Pauses between attempts to recover.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
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
func (l *Log) heal(cause error) bool {
	l.refuse(cause)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := l.recover()
		if err == nil {
			l.mu.Lock()
			l.fault = nil
			l.mu.Unlock()
			return true
		}
		if l.refuseQueued(l.refuse(err)) {
			l.w.unsaved = fmt.Errorf("leaving entries behind: %w", err)
			return false
		}
		select {
		case <-l.work: // from Close: nothing is queued meanwhile
		case <-time.After(pause):
		}
	}
}

// refuse refuses appends from now on.
func (l *Log) refuse(cause error) (fault error) {
	fault = fmt.Errorf("%w: writing %s failed and is tried again: %w: see that the volume has space, is writable and healthy",
		store.ErrUnavailable, l.path, cause)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
	l.queue.room.Ring()
	return fault
}

// refuseQueued tells everybody who still waits, since recovering takes longer,
// and reports whether the log was closed.
func (l *Log) refuseQueued(fault error) (closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.queue.requests {
		r.answer(0, fault)
	}
	return l.closed
}

// recover finds out what became of the failed commit, settles the queue
// accordingly, and proves with a flushed commit that the file can be written.
func (l *Log) recover() error {
	if l.w.stuck {
		return errStuck
	}
	written, err := l.reopen()
	if err != nil {
		return err
	}
	l.mu.Lock()
	if written {
		l.queue.save()
	}
	for _, r := range l.queue.drop(func(r *request) bool { return r.want != store.Memory && !r.saved }) {
		r.answer(0, l.fault)
	}
	flight := l.queue.take()
	l.mu.Unlock()

	// What is there may be so in memory alone: see rewrite.
	l.w.unflushed = l.w.unflushed || written
	if l.w.unflushed {
		if err := l.rewrite(); err != nil {
			return fmt.Errorf("flushing the file: %w", err)
		}
	}
	if err := l.commit(flight, store.Disk); err != nil {
		return err
	}
	l.land(flight, store.Disk)
	return nil
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
	db, err := openFile(l.path, l.retention)
	if err != nil {
		return false, fmt.Errorf("opening it again: %w", err)
	}
	err = func() (err error) {
		defer faultsPanic()()
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
