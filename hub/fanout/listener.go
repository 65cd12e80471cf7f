package fanout

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// Own lets an engine take streams over HTTP/1.x from a server, which halves
// what a delivery costs and takes a tenth of the memory. Serve on the listener
// it returns, with Serve or ServeTLS; call it before. Without it, or on systems
// other than Linux, every stream is carried by its handler's goroutine.
//
// The server forgets the connections of streams that were taken: its Shutdown
// and Close do not wait for them, [Engine.Close] ends them.
func Own(s *http.Server, l net.Listener) net.Listener {
	inner := s.ConnContext
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if inner != nil {
			ctx = inner(ctx, c)
		}
		return context.WithValue(ctx, ownKey{}, c)
	}
	inherits, ok := l.(syscall.Conn)
	return owned{l, ok && tune(inherits) == nil}
}

// ownKey is the key of a request's connection in its context.
type ownKey struct{}

// owned is a listener whose connections can leave net/http.
type owned struct {
	net.Listener
	tuned bool // and so is what it accepts
}

// Accept implements [net.Listener].
func (l owned) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		if !l.tuned {
			_ = tune(tcp) // it costs more if it stalls, no more than that
		}
		return &conn{TCPConn: tcp}, err
	}
	return c, err
}

// A conn is a TCP connection that can leave net/http. With TLS the tls.Conn
// above stays, and from then on reads and writes through a [sealed] socket.
type conn struct {
	*net.TCPConn                        // nil once it has left
	sealed       *sealed                // nil before
	head         atomic.Pointer[[]byte] // gathers what is written, while it is leaving
}

// ownConn returns the connection of a request, and the TLS above it if there
// is any; nil for one that is not from an owned listener.
func ownConn(r *http.Request) (*conn, *tls.Conn) {
	switch c := r.Context().Value(ownKey{}).(type) {
	case *conn:
		return c, nil
	case *tls.Conn:
		if own, ok := c.NetConn().(*conn); ok {
			return own, c
		}
	}
	return nil, nil
}

// hold gathers what net/http writes from here on, so that it leaves together
// with the first events. Writes follow each other, whoever makes them: above is
// one response, or one tls.Conn.
func (c *conn) hold() { c.head.Store(new([]byte)) }

// leave makes the connection the socket's. Nobody may be reading or writing.
func (c *conn) leave(s socket) {
	if head := c.head.Swap(nil); head != nil {
		s.open(*head)
	}
	c.sealed, _ = s.(*sealed)
	c.TCPConn.Close() // the socket has a descriptor of its own
	c.TCPConn = nil   // and its memory would be as large as the stream's
}

// Read implements [net.Conn].
func (c *conn) Read(b []byte) (int, error) {
	if c.sealed == nil {
		return c.TCPConn.Read(b)
	}
	n, err := c.sealed.raw.read(b)
	c.sealed.read += n
	return n, err
}

// Write implements [net.Conn]. What is leaving, or has left, is gathered.
func (c *conn) Write(b []byte) (int, error) {
	if head := c.head.Load(); head != nil {
		*head = append(*head, b...)
		return len(b), nil
	}
	if c.sealed == nil {
		return c.TCPConn.Write(b)
	}
	c.sealed.gather(b)
	return len(b), nil
}

// SetDeadline implements [net.Conn]. What has left net/http never waits.
func (c *conn) SetDeadline(t time.Time) error {
	if c.sealed == nil {
		return c.TCPConn.SetDeadline(t)
	}
	return nil
}

// SetReadDeadline implements [net.Conn].
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.sealed == nil {
		return c.TCPConn.SetReadDeadline(t)
	}
	return nil
}

// SetWriteDeadline implements [net.Conn].
func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.sealed == nil {
		return c.TCPConn.SetWriteDeadline(t)
	}
	return nil
}
