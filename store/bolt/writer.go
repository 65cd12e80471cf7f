package bolt

import (
	"runtime"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// A writer is what the goroutine that writes the file knows.
type writer struct {
	commit    func(*bbolt.Tx) error
	ends      ends          // as committed
	tx        int           // id of the last transaction that was committed
	due       time.Time     // when the next chore is; zero: none planned
	unflushed bool          // since the last flush there were commits without one
	pause     time.Duration // before the next attempt to recover; zero: none since a commit succeeded
	stuck     bool          // a commit never came back and holds bbolt's locks
	unsaved   error         // why entries were left behind at the end
	held      bool          // nothing is trimmed: the history is being copied
	renamed   bool          // the folder was not flushed since the file got its name
}

// write is the writer goroutine. Whatever was queued while it committed goes
// into its next commit, without any artificial delay. It ends when the log is
// closed and the queue is in the file, or cannot be brought there.
func (l *Log) write() {
	defer close(l.stopped)
	chores := time.NewTimer(0)
	chores.Stop()
	defer chores.Stop()
	for {
		l.plan(chores)
		due := false
		select {
		case <-l.work:
		case j := <-l.jobs:
			if !l.perform(j) {
				return
			}
		case <-chores.C:
			due, l.w.due = true, time.Time{}
		}
		for {
			select {
			case j := <-l.jobs:
				if !l.perform(j) {
					return
				}
			default:
			}
			// Publishers that are ready to run and about to append get into
			// this commit: a commit costs the same however many share it, and
			// without this the first to come would have one of their own. It
			// waits for nobody: with nobody ready it returns at once.
			runtime.Gosched()
			flight, closing := l.take(due)
			due = due || closing
			if due && !closing && l.w.ends.shares.counting() {
				l.count()
			}
			if len(flight) == 0 && !l.w.chore(due, closing, *l.keep.Load()) {
				if closing {
					return
				}
				break
			}
			if err := l.round(flight, due); err != nil && !l.heal(err, flight) {
				return
			}
			// Publishers who never pause keep nobody from what is due.
			if due = l.plan(chores); due {
				chores.Stop()
				l.w.due = time.Time{}
			}
		}
	}
}

// plan sets the timer for the next chore, and reports whether its time has come
// already.
func (l *Log) plan(chores *time.Timer) (due bool) {
	now := time.Now()
	if at := l.nextChore(now); !at.IsZero() && (l.w.due.IsZero() || at.Before(l.w.due)) {
		l.w.due = at
		chores.Reset(at.Sub(now))
	}
	return !l.w.due.IsZero() && !now.Before(l.w.due)
}

// take returns the requests of the next commit: none while only such are
// queued that nobody waits for and that may wait themselves.
func (l *Log) take(due bool) (flight []*request, closing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if due || l.closed || l.queue.urgent() {
		flight = l.queue.take()
	}
	return flight, l.closed
}

// chore reports whether there is something to commit though nothing is queued:
// a flush that was put off, or entries past their retention. These can wait
// for the next life.
func (w *writer) chore(due, closing bool, keep retention) bool {
	return due && (w.unflushed || !closing && (!w.ends.shares.tells(keep.classes) || !w.held && w.ends.exceeds(keep, time.Now())))
}

// nextChore returns when the writer has to look even if nobody wakes it; zero
// is never.
func (l *Log) nextChore(now time.Time) time.Time {
	l.mu.Lock()
	queued := len(l.queue.requests) > 0
	l.mu.Unlock()
	e, keep := &l.w.ends, *l.keep.Load()
	switch {
	case e.shares.counting() || !e.shares.tells(keep.classes):
		return now.Add(countPause)
	case !l.w.held && e.exceeds(keep, now):
		return now.Add(trimPause)
	case queued || l.w.unflushed:
		return now.Add(lazyDelay)
	case l.w.held:
		return time.Time{}
	}
	return e.ages(keep)
}

// round commits requests at the strongest durability that one of them wants,
// and then shows and answers them. What nobody waits for is flushed as well:
// an unflushed commit may take earlier, durable ones with it when power is
// lost, and only who asks for less than durability agrees to that.
func (l *Log) round(flight []*request, flush bool) error {
	d := store.Disk
	if !flush && strongest(flight) == store.OS {
		d = store.OS
	}
	if err := l.commit(flight, d); err != nil {
		return err
	}
	l.w.pause = 0
	l.land(flight, d)
	return nil
}

func strongest(flight []*request) (d store.Durability) {
	for _, r := range flight {
		d = max(d, r.want)
	}
	return d
}

// land shows and answers requests that the file has.
func (l *Log) land(flight []*request, reached store.Durability) {
	e := l.w.ends
	l.mu.Lock()
	for _, r := range l.queue.landed() {
		if r.verdict.appends() { // else another entry stands for it, or none
			l.tail.Publish(r.items...)
		}
	}
	l.tail.Saved(e.head)
	l.tail.Removed(e.removed, e.shares.marks())
	l.tail.Trimmed(store.KindUpdate, e.updates.bounds())
	l.tail.Trimmed(store.KindSubscription, e.subscriptions.bounds())
	l.show()
	l.mu.Unlock()
	for _, r := range flight {
		r.settle(reached)
	}
}
