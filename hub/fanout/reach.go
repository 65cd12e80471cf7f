package fanout

import (
	"time"

	"cinnabar/store"
)

// reachesKept is of how many positions back the reach of an update is known.
// Who appended it asks as soon as it knows where; by then the dispatcher may
// have passed others.
const reachesKept = 4096

// reachPatience is how long [Engine.Reach] waits for a dispatcher that is held
// up, by a disk that others wait for or by more events than it can hand out.
const reachPatience = time.Second

// reaches are how many streams took an update, for those newly dispatched, and
// who waits to know. Engine.mu guards them.
type reaches struct {
	kept    [reachesKept]reach // each at its position, modulo
	awaited map[store.Position]chan reach
}

type reach struct {
	position store.Position // 0: of no update
	streams  int
}

// note keeps the reach of the update that was just dispatched.
func (r *reaches) note(p store.Position, streams int) {
	r.kept[p%reachesKept] = reach{p, streams}
	if len(r.awaited) == 0 {
		return
	}
	if told, ok := r.awaited[p]; ok {
		told <- reach{p, streams}
		delete(r.awaited, p)
	}
}

// giveUp tells those who wait for an update up to a position that its reach
// will not be known: it was never offered to anybody.
func (r *reaches) giveUp(upTo store.Position) {
	for p, told := range r.awaited {
		if p <= upTo {
			close(told)
			delete(r.awaited, p)
		}
	}
}

// Reach returns how many live streams took the update at a position, which the
// caller appended and asks for once. It waits until the dispatcher has passed
// it; where that takes long, or was long ago, the answer is not known.
//
// Streams that were catching up, too full, or left to a worker (for dear
// selectors or a dear grant) are given the update later, or not, and do not
// count.
func (e *Engine) Reach(p store.Position) (streams int, known bool) {
	e.mu.Lock()
	if e.closing || e.position >= p {
		defer e.mu.Unlock()
		kept := e.reaches.kept[p%reachesKept]
		return kept.streams, kept.position == p && p != 0
	}
	if e.reaches.awaited == nil {
		e.reaches.awaited = make(map[store.Position]chan reach)
	}
	told := make(chan reach, 1) // nobody who tells waits
	e.reaches.awaited[p] = told
	e.mu.Unlock()

	late := time.NewTimer(reachPatience)
	defer late.Stop()
	select {
	case got, known := <-told:
		return got.streams, known
	case <-late.C:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.reaches.awaited, p)
	return 0, false
}
