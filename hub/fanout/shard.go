package fanout

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A shard writes for its part of the hijacked streams. Its goroutine alone
// uses their sockets, from the moment net/http has let go of them until it
// closes them; everybody else marks a stream and leaves word.
type shard struct {
	engine  *Engine
	wakeup  chan struct{} // holds one: "look again"
	started time.Time
	tick    time.Duration
	stirred atomic.Bool // somebody is marked

	// mu is never held across a system call.
	mu          sync.Mutex
	marked      []*hijacked // in order, each once
	grown       *batch      // the batch of one event that was made last
	slots       []*hijacked // nil: free
	generations []uint32    // of whoever has the slot
	due         []uint32    // the tick at which to look after the slot; 0: none
	unused      []uint32    // slots
	stopping    bool
	stopped     bool // there is no goroutine any more

	// The goroutine's own.
	now, ended time.Duration // when the last pass began and ended, since started
	jobs       []job
	spare      []*hijacked
	scratch    []byte // for bytes that nobody reads
	ciphertext []byte // for sealed sockets, one at a time
	delivered  uint64 // events, in this pass
}

// A job is what a stream has to do in one pass: what was left for it.
type job struct {
	stream  *hijacked
	batch   *batch // to be sent; nil for none
	ready   readiness
	refused bool   // an event was refused since, and now there is room
	closing Reason // nothing follows the batch
}

// tickLength is how often a shard looks for streams whose time has come.
// Nothing is sent to a stream after its end even so: serve asks the clock, since
// a pass over many streams takes milliseconds, and the end of a permission is
// exact (AUTH-exp-close).
const tickLength = 250 * time.Millisecond

func newShard(e *Engine) *shard {
	tick := tickLength
	if e.heartbeat > 0 {
		tick = min(tick, e.heartbeat/4)
	}
	return &shard{
		engine:  e,
		wakeup:  make(chan struct{}, 1),
		started: time.Now(),
		tick:    max(min(tick, e.stallLimit/4), time.Millisecond),
	}
}

// allot gives a stream its slot.
func (sh *shard) allot(s *hijacked) berth {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if n := len(sh.unused); n > 0 {
		s.slot = sh.unused[n-1]
		sh.unused = sh.unused[:n-1]
		sh.slots[s.slot] = s
	} else {
		s.slot = uint32(len(sh.slots))
		sh.slots = append(sh.slots, s)
		sh.generations = append(sh.generations, 0)
		sh.due = append(sh.due, 0)
	}
	return berth{s.slot, sh.generations[s.slot]}
}

// free takes the slot back. What is reported about the berth from here on
// concerns nobody.
func (sh *shard) free(s *hijacked) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.slots[s.slot] = nil
	sh.generations[s.slot]++
	sh.due[s.slot] = 0
	sh.unused = append(sh.unused, s.slot)
	s.waiting, s.gone = nil, true
}

// report notes what the poller says about a berth.
func (sh *shard) report(at berth, r readiness) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.generations[at.slot] != at.generation {
		return // it was about a connection that is closed
	}
	if s := sh.slots[at.slot]; s != nil {
		s.ready |= r
		sh.mark(s)
	}
}

// mark makes the next pass serve a stream. The lock is held.
func (sh *shard) mark(s *hijacked) {
	if s.marked || !s.handed || s.gone {
		return
	}
	s.marked = true
	sh.marked = append(sh.marked, s)
	if len(sh.marked) == 1 {
		sh.stirred.Store(true)
	}
}

func (sh *shard) wake() {
	select {
	case sh.wakeup <- struct{}{}:
	default: // it will look anyway
	}
}

// stop ends the goroutine, if it runs. Streams handed over later are cut by
// whoever does.
func (sh *shard) stop(runs bool) {
	sh.mu.Lock()
	sh.stopping, sh.stopped = true, !runs
	sh.mu.Unlock()
	sh.wake()
}

// run serves until the shard is stopped.
func (sh *shard) run() {
	sh.scratch = make([]byte, 4<<10)
	ticker := time.NewTicker(sh.tick)
	defer ticker.Stop()
	for {
		var ticks <-chan time.Time
		if sh.occupied() {
			ticks = ticker.C // a ticker that nobody waits for costs nothing
		}
		select {
		case <-sh.wakeup:
			sh.rest()
		case <-ticks:
			sh.markDue()
		}
		sh.pass()
		if sh.quit() {
			return
		}
	}
}

func (sh *shard) occupied() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return len(sh.slots) > len(sh.unused)
}

// markDue marks the streams whose time has come.
func (sh *shard) markDue() {
	tick := sh.ticksUntil(time.Since(sh.started))
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for slot, due := range sh.due {
		if due != 0 && due <= tick {
			sh.due[slot] = 0
			s := sh.slots[slot]
			s.ready |= timeUp
			sh.mark(s)
		}
	}
}

func (sh *shard) ticksUntil(d time.Duration) uint32 { return uint32(d / sh.tick) }

// A shard that has more to send within the time that its last pass took rests
// first, if that was long: publishers get to run, and what they publish leaves
// with what is waiting already. A write costs more than an event in it.
const (
	longPass  = 500 * time.Microsecond
	restLimit = 4 * time.Millisecond
)

func (sh *shard) rest() {
	took := sh.ended - sh.now
	if took > longPass && time.Since(sh.started)-sh.ended < took {
		time.Sleep(min(took, restLimit))
	}
}

// yieldEvery is how many streams are served before others may run: a publisher
// waits for its answer while its update is delivered.
const yieldEvery = 32

// pass serves everybody who is marked.
func (sh *shard) pass() {
	sh.now = time.Since(sh.started)
	sh.take()
	for i := range sh.jobs {
		sh.jobs[i].stream.serve(&sh.jobs[i])
		if i%yieldEvery == yieldEvery-1 {
			runtime.Gosched()
		}
	}
	if sh.delivered > 0 {
		sh.engine.delivered.Add(sh.delivered)
		sh.delivered = 0
	}
	clear(sh.jobs) // hold nobody back from the collector
	sh.jobs = sh.jobs[:0]
	sh.ended = time.Since(sh.started)
}

// take makes jobs of what was left for the marked streams. A blocked one keeps
// what it has pending: that is what bounds it.
func (sh *shard) take() {
	sh.mu.Lock()
	marked := sh.marked
	sh.marked = sh.spare
	sh.stirred.Store(false)
	sh.grown = nil
	for _, s := range marked {
		s.marked = false
		j := job{stream: s, ready: s.ready, closing: s.closing}
		s.ready = 0
		if s.phase == opening || !s.socket.blocked() {
			j.batch, s.waiting = s.waiting, nil
			s.heavy = j.batch != nil && j.batch.event.heavy()
			j.refused, s.refused = s.refused, false
		}
		sh.jobs = append(sh.jobs, j)
	}
	sh.mu.Unlock()
	clear(marked)
	sh.spare = marked[:0]
}

// quit reports whether the goroutine has to end, with every stream cut.
func (sh *shard) quit() bool {
	sh.mu.Lock()
	if !sh.stopping {
		sh.mu.Unlock()
		return false
	}
	sh.stopped = true
	left := make([]*hijacked, 0, len(sh.slots))
	for _, s := range sh.slots {
		if s != nil && s.handed {
			left = append(left, s)
		}
	}
	sh.mu.Unlock()
	for _, s := range left {
		s.cut(Shutdown)
	}
	return true
}

// schedule makes the shard look after a stream at a time, or earlier.
func (sh *shard) schedule(s *hijacked, at time.Duration) {
	tick := sh.ticksUntil(at) + 1
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if due := sh.due[s.slot]; due == 0 || tick < due {
		sh.due[s.slot] = tick
	}
}
