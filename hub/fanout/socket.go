package fanout

import (
	"errors"
	"io"
	"slices"
)

// A rawConn is a connection below TLS that never waits.
type rawConn interface {
	// read returns errNotNow where nothing has come, io.EOF when the peer has
	// closed its side.
	read([]byte) (int, error)
	// write takes as much as there is room for, which may be nothing.
	write([]byte) (int, error)
	// closeWrite tells the peer that nothing follows.
	closeWrite() error
	close()
}

// errNotNow is what a rawConn has instead of bytes. To tls.Conn it is the kind
// of error after which a read may be tried again.
var errNotNow error = notNow{}

type notNow struct{}

func (notNow) Error() string   { return "nothing to read" }
func (notNow) Timeout() bool   { return true }
func (notNow) Temporary() bool { return true }

// A socket is a connection that has left net/http. It never waits: it keeps
// what the peer did not take, and is blocked for as long. One goroutine has it.
type socket interface {
	begin(rawConn)
	// open keeps the head of the answer for start; the socket is blocked until
	// then.
	open(head []byte)
	// start is the first send: the head with b, which may be empty, right behind
	// it. spare is room to join them in.
	start(b []byte, spare *[]byte) (moved bool, err error)
	// send sends b, or without one what is kept. Bytes are given only to a
	// socket that is not blocked, which may go on referring to them. It reports
	// whether any left.
	send(b []byte) (moved bool, err error)
	// finish is the last send: the peer learns that nothing follows.
	finish(b []byte) (moved bool, err error)
	blocked() bool
	// discard reads what has come, and says how much it was at most. The error
	// is io.EOF when the peer has closed its side.
	discard(scratch []byte) (n int, err error)
	closeWrite() error
	close()
}

// discardLimit is how many bytes a peer may send after its request: the odd
// line break, a pipelined request that will not be answered, a change of keys.
const discardLimit = 4 << 10

// plain is a socket without TLS.
type plain struct {
	raw  rawConn
	rest []byte // kept
}

func (s *plain) begin(raw rawConn) { s.raw = raw }
func (s *plain) open(head []byte)  { s.rest = head }

func (s *plain) start(b []byte, spare *[]byte) (bool, error) {
	head := s.rest
	if len(b) > joinLimit { // not worth a copy
		moved, err := s.send(nil)
		switch {
		case err != nil:
		case s.blocked():
			s.rest = slices.Concat(s.rest, b)
		default:
			return s.send(b)
		}
		return moved, err
	}
	all := append(append((*spare)[:0], head...), b...)
	*spare = all[:0]
	if len(all) == 0 {
		return false, nil
	}
	n, err := s.raw.write(all)
	switch {
	case n == len(all):
		s.rest = nil
	case n >= len(head):
		s.rest = b[n-len(head):]
	default:
		s.rest = slices.Clone(all[n:])
	}
	return n > 0, err
}

func (s *plain) send(b []byte) (bool, error) {
	if b == nil {
		b = s.rest
	}
	n, err := s.raw.write(b)
	s.rest = b[n:]
	if n == len(b) {
		s.rest = nil // the bytes are shared: hold them no longer than needed
	}
	return n > 0, err
}

func (s *plain) finish(b []byte) (bool, error) {
	if len(b) == 0 {
		return true, nil
	}
	return s.send(b)
}

func (s *plain) blocked() bool { return len(s.rest) > 0 }

func (s *plain) discard(scratch []byte) (n int, err error) {
	return discardFrom(s.raw.read, scratch)
}

func (s *plain) closeWrite() error { return s.raw.closeWrite() }
func (s *plain) close()            { s.raw.close() }

// discardFrom reads until nothing comes, or more than may.
func discardFrom(read func([]byte) (int, error), scratch []byte) (total int, err error) {
	for total <= discardLimit {
		n, err := read(scratch)
		total += n
		switch {
		case errors.Is(err, errNotNow):
			return total, nil
		case err != nil:
			return total, err
		case n == 0:
			return total, io.ErrNoProgress
		}
	}
	return total, nil
}
