package fanout

import (
	"crypto/tls"
	"slices"
)

// sealed is a socket with TLS: a tls.Conn above, the raw connection below, and
// in between a place for the ciphertext the peer did not take. The tls.Conn
// sees no write fail half-way, after which it would refuse every other.
//
// What one call encrypts leaves in one write, however many records it is.
type sealed struct {
	raw rawConn
	tls *tls.Conn

	spare *[]byte // the shard's, for out
	out   []byte  // ciphertext of the call under way
	kept  []byte  // ciphertext that did not leave, of at most one piece and some alerts
	rest  []byte  // plaintext not yet encrypted
	read  int     // bytes of ciphertext that came: what costs the peer nothing to send
}

// sealedPiece bounds what is encrypted at once, and so what is kept of it: a
// large event is shared as plaintext, but its ciphertext is one stream's.
const sealedPiece = 64 << 10

func (s *sealed) begin(raw rawConn) { s.raw = raw }
func (s *sealed) open(head []byte)  { s.kept = head }

func (s *sealed) start(b []byte, _ *[]byte) (bool, error) {
	s.gather(s.kept)
	s.kept = nil
	if len(b) == 0 {
		return s.flush()
	}
	return s.encrypt(b)
}

func (s *sealed) send(b []byte) (moved bool, err error) {
	if len(b) > 0 {
		return s.encrypt(b)
	}
	if moved, err = s.flush(); err != nil {
		return moved, err
	}
	more, err := s.encrypt(s.rest)
	return moved || more, err
}

// encrypt sends b piece by piece, until one is not taken.
func (s *sealed) encrypt(b []byte) (moved bool, err error) {
	s.rest = b
	for err == nil && len(s.kept) == 0 && len(s.rest) > 0 {
		n := min(len(s.rest), sealedPiece)
		if _, err = s.tls.Write(s.rest[:n]); err != nil {
			return moved, err
		}
		if s.rest = s.rest[n:]; len(s.rest) == 0 {
			s.rest = nil
		}
		var more bool
		more, err = s.flush()
		moved = moved || more
	}
	return moved, err
}

func (s *sealed) finish(b []byte) (bool, error) {
	if len(b) > 0 {
		if _, err := s.tls.Write(b); err != nil {
			return false, err
		}
	}
	if err := s.tls.CloseWrite(); err != nil {
		return false, err
	}
	return s.flush()
}

// flush sends what was kept and then what was encrypted since.
func (s *sealed) flush() (moved bool, err error) {
	b := s.out
	if len(s.kept) > 0 {
		b = append(s.kept, s.out...)
	}
	if len(b) == 0 {
		return false, nil
	}
	n, err := s.raw.write(b)
	s.kept = slices.Clone(b[n:])
	if cap(s.out) <= 2*sealedPiece {
		*s.spare = s.out[:0]
	}
	s.out = nil
	return n > 0, err
}

// gather takes ciphertext from the tls.Conn.
func (s *sealed) gather(b []byte) {
	if s.out == nil {
		s.out, *s.spare = *s.spare, nil
	}
	s.out = append(s.out, b...)
}

func (s *sealed) blocked() bool { return len(s.kept) > 0 || len(s.rest) > 0 }

// discard lets the tls.Conn handle what is meant for it: a close_notify is
// io.EOF, a change of keys may have to be answered.
func (s *sealed) discard(scratch []byte) (int, error) {
	before := s.read
	_, err := discardFrom(s.tls.Read, scratch)
	releaseBuffers(s.tls)
	n := s.read - before
	if len(s.out) > 0 {
		if _, failed := s.flush(); err == nil {
			err = failed
		}
	}
	return n, err
}

func (s *sealed) closeWrite() error { return s.raw.closeWrite() }
func (s *sealed) close()            { s.raw.close() }
