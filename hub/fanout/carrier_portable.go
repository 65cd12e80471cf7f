package fanout

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// endLimit bounds how long the last bytes of a response may take.
const endLimit = 5 * time.Second

// joinLimit bounds the buffer in which waiting events are joined, so that they
// leave in one write; a larger event goes out alone, from the shared bytes, in
// pieces of this size.
const joinLimit = 64 << 10

// A portable stream is carried by the handler's own goroutine over an
// http.ResponseWriter: HTTP/2, every operating system, anybody's server.
type portable struct {
	pending
	wakeup chan struct{} // holds one: "look again"

	// Owned by run.
	subscriber *Subscriber
	w          http.ResponseWriter
	control    *http.ResponseController
	shared     bool      // one of several streams on its connection (HTTP/2)
	deadline   time.Time // of writes, as last set; zero for none
	events     uint64    // sent
	bytes      uint64    // sent
}

// carryPortable returns when the stream has ended.
func (e *Engine) carryPortable(w http.ResponseWriter, r *http.Request, s Subscription, opening []byte) error {
	var p *portable
	_, err := e.join(s, func(sub *Subscriber) Stream {
		p = newPortable(sub, w, r.ProtoMajor >= 2)
		return p
	})
	if err != nil {
		return err
	}
	if own, _ := ownConn(r); own != nil && e.vanishLimit() != defaultVanishLimit {
		_ = giveUpAfter(own.TCPConn, e.vanishLimit()) // or later, as the system would
	}
	p.run(r.Context(), opening)
	return nil
}

func newPortable(sub *Subscriber, w http.ResponseWriter, shared bool) *portable {
	p := &portable{
		wakeup:     make(chan struct{}, 1),
		subscriber: sub,
		w:          w,
		control:    http.NewResponseController(w),
		shared:     shared,
	}
	p.wake = func() {
		select {
		case p.wakeup <- struct{}{}:
		default: // it will look anyway
		}
	}
	return p
}

// run carries the stream until it ends, also by a panic of the writer, which an
// embedding program may have wrapped: nobody else would say that it is over.
func (p *portable) run(ctx context.Context, opening []byte) {
	reason := ClientGone
	defer func() {
		p.end()
		p.subscriber.ended(reason, p.events, p.bytes)
	}()
	if !p.shared {
		// The write deadline outlives the handler, so the connection must not
		// be used for another request.
		p.w.Header().Set("Connection", "close")
	}
	p.w.WriteHeader(http.StatusOK)
	if failed := p.write(opening); failed != "" {
		reason = failed
	} else {
		reason = p.loop(ctx)
	}
	p.setDeadline(time.Now().Add(endLimit)) // for the bytes that end the response
}

// loop sends what is pending whenever it is woken, and a heartbeat when it was
// not woken for too long.
func (p *portable) loop(ctx context.Context) Reason {
	var spare []*Event
	timer := time.NewTimer(p.idle())
	defer timer.Stop()
	for {
		silent := false
		select {
		case <-ctx.Done():
			return ClientGone
		case <-p.wakeup:
		case <-timer.C:
			silent = true
		}
		if p.subscriber.expired() {
			p.Close(p.subscriber.endsWith)
		}
		events, room, closing := p.take(spare)
		if room {
			p.subscriber.roomy()
		}
		var failed Reason
		switch {
		case len(events) > 0:
			failed = p.send(events)
		case silent && closing == "":
			failed = p.write(heartbeat.plain)
		}
		if failed != "" {
			return failed
		}
		if closing != "" {
			return closing
		}
		clear(events)
		spare = events
		timer.Reset(p.idle())
	}
}

// idle returns how long the stream may stay silent: until its heartbeat or
// its end.
func (p *portable) idle() time.Duration {
	d := p.subscriber.engine.heartbeat
	if d <= 0 {
		d = 24 * time.Hour
	}
	if left, ends := p.subscriber.lasts(); ends {
		d = min(d, left)
	}
	return d
}

// send writes events, joined as far as they are small.
func (p *portable) send(events []*Event) Reason {
	if len(events) == 1 {
		failed := p.count(1, p.write(events[0].plain))
		if events[0].heavy() && p.sent() {
			p.subscriber.roomy()
		}
		return failed
	}
	buffer := p.subscriber.engine.joins.Get().(*[]byte)
	defer p.subscriber.engine.joins.Put(buffer)
	for len(events) > 0 {
		joined, n := (*buffer)[:0], 0
		for n < len(events) && (n == 0 || len(joined)+len(events[n].plain) <= joinLimit) {
			joined = append(joined, events[n].plain...)
			n++
		}
		if cap(joined) <= joinLimit {
			*buffer = joined
		}
		if failed := p.count(n, p.write(joined)); failed != "" {
			return failed
		}
		events = events[n:]
	}
	return ""
}

// count adds events to the tallies, if writing them did not fail.
func (p *portable) count(events int, failed Reason) Reason {
	if failed == "" {
		p.events += uint64(events)
		p.subscriber.engine.delivered.Add(uint64(events))
	}
	return failed
}

// write sends bytes at once and returns why it could not. The stall limit is
// for each piece of them: a socket that goes on taking bytes, however slowly,
// does not refuse them.
func (p *portable) write(b []byte) Reason {
	for piece := range slices.Chunk(b, joinLimit) {
		p.allowStall()
		if _, err := p.w.Write(piece); err != nil {
			return p.refused()
		}
	}
	p.allowStall()
	if err := p.control.Flush(); err != nil {
		return p.refused()
	}
	p.bytes += uint64(len(b))
	if p.shared {
		// HTTP/2 resets a stream at its deadline even if nothing waits.
		p.setDeadline(time.Time{})
	}
	return ""
}

// allowStall gives the next write the stall limit, but never longer than the
// subscriber's permission lasts.
func (p *portable) allowStall() {
	stall := p.subscriber.engine.stallLimit
	limit := time.Now().Add(stall)
	if ends := p.permittedUntil(); !ends.IsZero() && ends.Before(limit) {
		limit = ends
	}
	// A deadline is a timer to move: leave one that is nearly as good.
	if p.deadline.IsZero() || limit.Before(p.deadline) || limit.Sub(p.deadline) > stall/4 {
		p.setDeadline(limit)
	}
}

// refused returns why a write failed.
func (p *portable) refused() Reason {
	switch {
	case p.deadline.IsZero() || time.Now().Before(p.deadline):
		return ClientGone
	case p.deadline.Equal(p.permittedUntil()):
		return p.subscriber.endsWith
	}
	return TooSlow
}

// permittedUntil returns when not even a write that has begun may go on; zero:
// never. Any other end waits for the bytes under way.
func (p *portable) permittedUntil() time.Time {
	if s := p.subscriber; s.ends != 0 && s.endsWith.endsPermission() {
		return time.Unix(0, s.ends)
	}
	return time.Time{}
}

// setDeadline bounds the writes that follow. A writer that knows no deadlines
// is the embedding server's choice.
func (p *portable) setDeadline(t time.Time) {
	if p.control.SetWriteDeadline(t) == nil {
		p.deadline = t
	}
}
