//go:build !linux

package load

import (
	"context"
	"net"
	"sync"
)

// A carrier is the connection of a stream.
type carrier struct{ conn net.Conn }

// A poller has a goroutine for each stream where there is no epoll: correct,
// and too dear to measure large numbers with.
type poller struct {
	dial    func() (net.Conn, error)
	turns   chan struct{} // as many as may be connecting
	mine    []*connection
	closing bool // under the reader's lock
	reading sync.WaitGroup
}

// startReaders begins to open and read the streams. They all come from the
// address the system chooses.
func startReaders(ctx context.Context, s *Streams, o *Opening, n int) (all []*reader, err error) {
	for range n {
		r := &reader{streams: s}
		r.dial = func() (net.Conn, error) { return dial(ctx, o.Hub, o.TLS) }
		r.turns = make(chan struct{}, max(1, o.AtOnce/n))
		all = append(all, r)
	}
	for i, c := range s.connections {
		r := all[i%n]
		r.mine = append(r.mine, c)
		r.reading.Go(func() { r.read(c) })
	}
	return all, nil
}

// read opens a stream and reads it to its end.
func (r *reader) read(c *connection) {
	r.turns <- struct{}{}
	conn, err := r.dial()
	if err == nil {
		_, err = conn.Write(c.request)
	}
	<-r.turns
	if err != nil {
		r.streams.fail(err)
		return
	}
	r.mu.Lock()
	c.conn = conn
	closing := r.closing
	r.mu.Unlock()
	if closing {
		conn.Close()
	}
	buf := make([]byte, 4<<10)
	for more := true; more && !(c.Stalled && c.open); {
		n, err := conn.Read(buf)
		r.mu.Lock()
		if more = err == nil && !r.closing; more {
			more = r.take(c, buf[:n])
		} else if !r.closing {
			r.over(c)
		}
		r.mu.Unlock()
		r.streams.notify()
	}
}

// stop closes the streams and waits for their goroutines.
func (r *reader) stop() {
	r.mu.Lock()
	r.closing = true
	for _, c := range r.mine {
		if c.conn != nil {
			c.conn.Close()
		}
	}
	r.mu.Unlock()
	r.reading.Wait()
}
