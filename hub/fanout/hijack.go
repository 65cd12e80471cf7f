package fanout

import "net/http"

// hijack makes a stream for a request, nil where its connection cannot leave
// net/http.
func (e *Engine) hijack(w http.ResponseWriter, r *http.Request) *hijacked {
	if e.portable || r.ProtoMajor != 1 {
		return nil
	}
	c, over := ownConn(r)
	if c == nil || !canHijack(w) || !e.admits() || !e.writers.start() {
		return nil
	}
	s, err := e.writers.open(c, over, r.ProtoAtLeast(1, 1))
	if err != nil {
		e.logger.Warn("a stream stays with net/http", "error", err)
		return nil
	}
	return s
}

// canHijack looks below what wraps a ResponseWriter, as
// [http.ResponseController] does.
func canHijack(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}

// carryHijacked takes the connection from net/http, with its part of the
// answer, and returns.
func (e *Engine) carryHijacked(s *hijacked, w http.ResponseWriter, r *http.Request, want Subscription, first []byte) error {
	if err := e.begin(s, want); err != nil {
		return err
	}
	own, _ := ownConn(r)
	broken := true
	defer func() { s.hand(broken) }() // also where a writer that somebody wrapped panics
	broken = s.takeOver(w, own, first) != nil
	return nil
}

// admits reports whether a subscriber might join, before anything is spent on
// one. Only join decides.
func (e *Engine) admits() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.closing && (e.maxStreams == 0 || len(e.members) < e.maxStreams)
}

// begin joins the stream's subscriber, or gives up the stream.
func (e *Engine) begin(s *hijacked, want Subscription) error {
	_, err := e.join(want, func(sub *Subscriber) Stream {
		s.subscriber, s.ends = sub, sub.ends != 0
		return s
	})
	if err != nil {
		s.subscriber = nil
		s.hand(true)
	}
	return err
}

// takeOver lets net/http write the beginning of the answer, and takes both it
// and the connection. It does not wait for the peer.
func (s *hijacked) takeOver(w http.ResponseWriter, own *conn, first []byte) error {
	own.hold()
	control := http.NewResponseController(w)
	w.Header().Set("Connection", "close")
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(first); err != nil {
		return err
	}
	if err := control.Flush(); err != nil {
		return err
	}
	s.bytes = uint64(len(first))
	_, buffered, err := control.Hijack()
	if err != nil {
		return err
	}
	s.discarded = uint16(min(buffered.Reader.Buffered(), 1<<16-1))
	own.leave(s.socket)
	return nil
}
