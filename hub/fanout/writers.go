package fanout

import (
	"crypto/tls"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// writers carry all hijacked streams of an engine: a shard for each processor,
// and a poller. They start with the first stream.
type writers struct {
	engine *Engine
	shards []*shard
	next   atomic.Uint32 // shard, in turn

	mu      sync.Mutex
	poller  poller // nil before the start, or where there is none
	started bool
	closed  bool
	running sync.WaitGroup
}

func newWriters(e *Engine) *writers {
	w := &writers{engine: e, shards: make([]*shard, runtime.GOMAXPROCS(0))}
	for i := range w.shards {
		w.shards[i] = newShard(e)
	}
	return w
}

// start reports whether there is a poller.
func (w *writers) start() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started || w.closed {
		return w.poller != nil && !w.closed
	}
	w.started = true
	p, err := newPoller()
	if err != nil {
		if !errors.Is(err, errors.ErrUnsupported) {
			w.engine.logger.Error("streams will cost more memory and time, since no poller could be had", "error", err)
		}
		return false
	}
	w.run(p)
	return true
}

// run starts the goroutines. The lock is held, or nobody else knows w.
func (w *writers) run(p poller) {
	w.poller, w.started = p, true
	w.running.Go(func() { p.run(w.report, w.wake) })
	for _, sh := range w.shards {
		w.running.Go(sh.run)
	}
}

// open makes a stream of a connection that net/http still has.
func (w *writers) open(c *conn, over *tls.Conn, chunked bool) (*hijacked, error) {
	n := w.next.Add(1) % uint32(len(w.shards))
	s := newHijacked(w.shards[n], over, chunked)
	at := s.shard.allot(s)
	at.slot = at.slot*uint32(len(w.shards)) + n
	raw, err := w.poller.adopt(c.TCPConn, at, w.engine.vanishLimit())
	if err != nil {
		s.shard.free(s)
		return nil, err
	}
	s.socket.begin(raw)
	return s, nil
}

// report passes on what the poller says about whoever has the berth now.
func (w *writers) report(at berth, r readiness) {
	n := uint32(len(w.shards))
	w.shards[at.slot%n].report(berth{at.slot / n, at.generation}, r)
}

// wake lets the shards look at what was marked. Who marks many streams does
// so first, and then wakes each shard once.
func (w *writers) wake() {
	for _, sh := range w.shards {
		if sh.stirred.Load() {
			sh.wake()
		}
	}
}

// close ends the goroutines, and cuts the streams there still are.
func (w *writers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	for _, sh := range w.shards {
		sh.stop(w.poller != nil)
	}
	if w.poller != nil {
		w.poller.close()
	}
	w.running.Wait()
}
