package bolt

import (
	"context"

	"cinnabar/store"
)

// A job is something the writer does between two commits, so that nothing is
// committed meanwhile; appends queue up. Its error is a fault of the file,
// from which the writer recovers as from a failed commit.
type job struct {
	do   func() error
	done chan struct{}
}

// between runs a job and waits for it; ctx ends the waiting for its turn alone.
func (l *Log) between(ctx context.Context, do func() error) error {
	j := job{do, make(chan struct{})}
	select {
	case l.jobs <- j:
		<-j.done
		return nil
	case <-l.stopped:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// perform does a job, and reports whether the writer goes on.
func (l *Log) perform(j job) bool {
	err := j.do()
	close(j.done)
	return err == nil || l.heal(err, nil)
}

// hold keeps the writer from trimming until the history has been copied, and
// returns the last position in the file. One copy is made at a time.
func (l *Log) hold(ctx context.Context) (head store.Position, release func(), err error) {
	if !l.copying.TryLock() {
		return 0, nil, errCopying
	}
	if err = l.Health(); err == nil { // a writer that recovers may take its time
		err = l.between(ctx, func() error {
			l.w.held, head = true, l.w.ends.head
			return nil
		})
	}
	if err != nil {
		l.copying.Unlock()
		return 0, nil, err
	}
	return head, func() {
		// A log that was closed meanwhile trims no more.
		_ = l.between(context.Background(), func() error {
			l.w.held = false
			return nil
		})
		l.copying.Unlock()
	}, nil
}
