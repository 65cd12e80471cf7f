package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A secureSocket is a socket below TLS. While hands are shaken it blocks;
// after that a read that finds nothing fails with a temporary error, which a
// tls.Conn forgets.
type secureSocket struct {
	socket
	parked bool
}

// errNothing: nothing is there to be read.
var errNothing net.Error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "nothing to read yet" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

func (s *secureSocket) Read(b []byte) (int, error) {
	for {
		n, err := s.read(b)
		switch {
		case err == unix.EAGAIN && s.parked:
			return 0, errNothing
		case err == unix.EAGAIN:
			if err := s.wait(unix.POLLIN); err != nil {
				return 0, err
			}
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (s *secureSocket) Write(b []byte) (int, error) {
	if err := s.write(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (s *secureSocket) Close() error                     { s.close(); return nil }
func (s *secureSocket) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *secureSocket) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *secureSocket) SetDeadline(time.Time) error      { return nil }
func (s *secureSocket) SetReadDeadline(time.Time) error  { return nil }
func (s *secureSocket) SetWriteDeadline(time.Time) error { return nil }

// shakeHands opens the streams of a reader over TLS. Handshakes block, so a
// few goroutines make them, and hand the streams over to the reader.
func (r *reader) shakeHands(ctx context.Context, o *Opening) {
	const hands = 16
	config := o.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	config.ServerName, config.NextProtos = o.Hub.Hostname(), []string{"http/1.1"}
	work := make(chan int, len(r.waiting))
	for _, i := range r.waiting {
		work <- i
	}
	close(work)
	r.waiting = nil
	for range min(hands, r.atOnce) {
		r.done.Go(func() {
			for i := range work {
				if ctx.Err() != nil || r.closing.Load() {
					return
				}
				if err := r.openSecure(i, config); err != nil {
					r.streams.fail(err)
					return
				}
			}
		})
	}
}

func (r *reader) openSecure(i int, config *tls.Config) error {
	c := r.mine[i]
	if err := r.connect(c, i); err != nil {
		return err
	}
	if err := c.socket.wait(unix.POLLOUT); err != nil {
		return err
	}
	if err := c.socket.connected(); err != nil {
		return err
	}
	below := &secureSocket{socket: c.socket}
	conn := tls.Client(below, config)
	if err := conn.Handshake(); err != nil {
		return fmt.Errorf("shaking hands: %w", err)
	}
	if _, err := conn.Write(c.request); err != nil {
		return err
	}
	below.parked = true

	r.mu.Lock()
	defer r.mu.Unlock()
	c.tls, c.phase, c.request = conn, reading, nil
	r.connecting++
	if err := r.control(unix.EPOLL_CTL_ADD, int(c.socket), i, unix.EPOLLIN); err != nil {
		return err
	}
	r.readSecure(c) // what came with the end of the handshake wakes nobody up
	r.streams.notify()
	return nil
}
