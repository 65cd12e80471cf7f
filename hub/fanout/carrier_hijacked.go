package fanout

import (
	"crypto/tls"
	"time"
)

// A hijacked stream is carried by the engine, over a connection that has left
// net/http: HTTP/1.x from an owned listener, on Linux. While idle it has no
// goroutine, no buffer and no timer.
//
//	opening ──▶ streaming ──▶ finishing ──▶ lingering ──▶ over
//	net/http     events       last bytes     nothing       closed
//	has it                                   follows
//
// Every state but the first ends in over at once when the connection breaks.
// BLOCKED, when the socket keeps bytes, is apart: see [socket].
type hijacked struct {
	shard      *shard
	subscriber *Subscriber // nil if it was refused
	socket     socket
	slot       uint32 // in the shard
	chunked    bool   // HTTP/1.1
	ends       bool   // the subscriber does, at some time

	// Guarded by shard.mu.
	ready   readiness
	marked  bool
	handed  bool   // the shard has it
	gone    bool   // nobody has it
	heavy   bool   // a heavy event is being written
	refused bool   // an event was refused: announce room
	waiting *batch // events taken
	closing Reason // no more events are taken

	// The shard's goroutine's.
	phase     phase
	discarded uint16        // bytes that came after the request
	touched   time.Duration // when bytes last left, or the phase began
	why       Reason        // it ended
	events    uint64        // sent
	bytes     uint64        // sent
}

// A phase is how far a hijacked stream is.
type phase uint8

const (
	opening phase = iota
	streaming
	finishing
	lingering
	over
)

// lingerLimit is how long the peer may take to close its side after ours, so
// that what it still sends does not make the kernel reset the connection and
// the peer lose our last bytes.
const lingerLimit = time.Second

// lastChunk ends a chunked response.
var lastChunk = []byte("0\r\n\r\n")

// newHijacked makes a stream whose socket has still to begin.
func newHijacked(sh *shard, over *tls.Conn, chunked bool) *hijacked {
	if over != nil {
		return &hijacked{shard: sh, chunked: chunked, socket: &sealed{tls: over, spare: &sh.ciphertext}}
	}
	// A plain socket is small: beside the stream it costs it no second place
	// in memory, which a delivery would have to fetch.
	s := &struct {
		hijacked
		plain
	}{hijacked: hijacked{shard: sh, chunked: chunked}}
	s.socket = &s.plain
	return &s.hijacked
}

// Enqueue implements [Stream]. The caller wakes the writers.
func (s *hijacked) Enqueue(e *Event) bool {
	sh := s.shard
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.gone || s.closing != "" {
		return true
	}
	next := &sh.grown
	if s.waiting != nil {
		next = &s.waiting.grown
	} else if s.heavy && e.heavy() {
		s.refused = true
		return false
	}
	longer := s.waiting.with(e, next)
	if longer == nil {
		s.refused = true
		return false
	}
	s.waiting = longer
	sh.mark(s)
	return true
}

// Close implements [Stream].
func (s *hijacked) Close(r Reason) {
	sh := s.shard
	sh.mu.Lock()
	if s.closing == "" {
		s.closing = r
	}
	if r.endsPermission() {
		s.waiting = nil
	}
	sh.mark(s)
	sh.mu.Unlock()
	sh.wake()
}

// Ending implements [Stream].
func (s *hijacked) Ending() bool {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	return s.gone || s.closing != ""
}

// hand gives the stream to its shard. broken says that there is nobody to send
// anything to.
func (s *hijacked) hand(broken bool) {
	sh := s.shard
	sh.mu.Lock()
	s.handed = true
	s.ready |= readable // what came earlier may have been seen by net/http
	if broken {
		s.ready |= hungUp
	}
	sh.mark(s)
	stopped := sh.stopped
	sh.mu.Unlock()
	if stopped {
		s.cut(Shutdown)
		return
	}
	sh.wake()
}

// serve does what a stream has to do, as far as its socket takes bytes.
func (s *hijacked) serve(j *job) {
	switch s.phase {
	case lingering:
		s.linger(j.ready)
		return
	case over:
		return
	}
	if j.ready&hungUp != 0 || j.ready&readable != 0 && !s.discard() {
		s.cut(ClientGone)
		return
	}
	first := s.phase == opening
	if first {
		s.phase, s.touched = streaming, s.shard.now
	}
	if s.phase == streaming && s.ends && s.subscriber.expired() {
		why := s.subscriber.endsWith
		if j.closing == "" {
			s.Close(why) // what was taken until now is the next pass's
		}
		if why.endsPermission() {
			j.closing = why
		}
	}
	if s.phase == streaming && j.closing.endsPermission() {
		j.batch = nil
		if s.socket.blocked() && !first {
			s.cut(j.closing) // not even a write that has begun may go on
			return
		}
	}
	if s.socket.blocked() && !first {
		s.resume(j.ready)
		return
	}
	if j.refused && j.closing == "" {
		s.subscriber.roomy()
	}
	if (first || j.batch != nil) && !s.send(j.batch, first) {
		return
	}
	if first {
		s.lookAfter()
	}
	switch {
	case s.socket.blocked():
	case s.phase == finishing:
		s.closeWrite()
	case j.closing != "":
		s.finish(j.closing)
	case j.ready&timeUp != 0:
		s.beat()
	}
}

// send writes a batch at once, the first with the head of the answer: that
// waits for no event.
func (s *hijacked) send(b *batch, first bool) bool {
	var bytes []byte
	if b != nil {
		s.shard.delivered += uint64(b.count)
		s.events += uint64(b.count)
		s.bytes += uint64(b.size)
		bytes = b.payload().framed(s.chunked)
	}
	var err error
	if first {
		_, err = s.socket.start(bytes, &s.shard.ciphertext)
	} else {
		_, err = s.socket.send(bytes)
	}
	ok := s.wrote(true, err)
	if b != nil && b.event.heavy() && !s.socket.blocked() {
		s.lighten()
	}
	return ok
}

// lighten lets heavy events in again.
func (s *hijacked) lighten() {
	s.shard.mu.Lock()
	s.heavy = false
	if s.refused {
		s.shard.mark(s)
	}
	s.shard.mu.Unlock()
}

// wrote notes what came of a write.
func (s *hijacked) wrote(moved bool, err error) bool {
	if err != nil {
		s.cut(ClientGone)
		return false
	}
	if moved {
		s.touched = s.shard.now
	}
	if s.socket.blocked() {
		s.lookAfter()
	}
	return true
}

// resume goes on with what the socket keeps.
func (s *hijacked) resume(r readiness) {
	if r&writable != 0 {
		if moved, err := s.socket.send(nil); !s.wrote(moved, err) {
			return
		}
	}
	switch {
	case !s.socket.blocked():
		s.lookAfter()
		s.again()
	case s.shard.now-s.touched >= s.patience():
		why := TooSlow
		if s.phase == finishing {
			why = s.why
		}
		s.cut(why)
	case r&timeUp != 0:
		s.lookAfter()
	}
}

// again makes the next pass serve the stream.
func (s *hijacked) again() {
	s.shard.mu.Lock()
	s.shard.mark(s)
	s.shard.mu.Unlock()
	s.shard.wake()
}

// beat sends a heartbeat if nothing was sent for long.
func (s *hijacked) beat() {
	if h := s.heartbeat(); h > 0 && s.shard.now-s.touched >= h {
		s.bytes += uint64(len(heartbeat.plain))
		if _, err := s.socket.send(heartbeat.framed(s.chunked)); !s.wrote(true, err) {
			return
		}
	}
	s.lookAfter()
}

// heartbeat is how long the stream may be silent, a little less than
// configured and different for every slot: streams that were all sent the same
// event must not all want a heartbeat at the same time.
func (s *hijacked) heartbeat() time.Duration {
	h := s.shard.engine.heartbeat
	return h - h/4*time.Duration(s.slot%64)/64
}

// patience is how long the socket may refuse bytes.
func (s *hijacked) patience() time.Duration {
	if s.phase == finishing {
		return min(endLimit, s.shard.engine.stallLimit)
	}
	return s.shard.engine.stallLimit
}

// lookAfter makes the shard look at the stream when time may matter next.
func (s *hijacked) lookAfter() {
	next := time.Duration(-1)
	switch {
	case s.phase == lingering:
		next = s.touched + lingerLimit
	case s.socket.blocked():
		next = s.touched + s.patience()
	case s.heartbeat() > 0:
		next = s.touched + s.heartbeat()
	}
	if left, ends := s.subscriber.lasts(); ends && s.phase == streaming {
		if until := s.shard.now + max(0, left); next < 0 || until < next {
			next = until
		}
	}
	if next >= 0 {
		s.shard.schedule(s, next)
	}
}

// discard reads what the peer sends after its request, which is nothing to us,
// and reports whether the peer is still there and keeps within the limit.
func (s *hijacked) discard() bool {
	n, err := s.socket.discard(s.shard.scratch)
	s.discarded = uint16(min(int(s.discarded)+n, 1<<16-1))
	return err == nil && s.discarded <= discardLimit
}

// finish sends the last bytes.
func (s *hijacked) finish(why Reason) {
	s.phase, s.why, s.touched = finishing, why, s.shard.now
	var last []byte
	if s.chunked {
		last = lastChunk
	}
	moved, err := s.socket.finish(last)
	if s.wrote(moved, err) && !s.socket.blocked() {
		s.closeWrite()
	}
}

// closeWrite tells the peer that nothing follows, and waits for it to close.
func (s *hijacked) closeWrite() {
	s.phase, s.touched = lingering, s.shard.now
	if s.socket.closeWrite() != nil {
		s.cut(s.why)
		return
	}
	s.lookAfter()
	s.linger(readable)
}

// linger waits for the peer to close its side, and for no longer than it may
// take.
func (s *hijacked) linger(r readiness) {
	if r&hungUp != 0 || r&readable != 0 && !s.discard() || s.shard.now-s.touched >= lingerLimit {
		s.cut(s.why)
	} else if r&timeUp != 0 {
		s.lookAfter()
	}
}

// cut closes the connection, whatever is still to be sent.
func (s *hijacked) cut(why Reason) {
	if s.why == "" {
		s.why = why
	}
	s.phase = over
	s.socket.close()
	s.shard.free(s)
	if s.subscriber != nil {
		s.subscriber.ended(s.why, s.events, s.bytes)
	}
}
