package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A carrier is the socket of a stream and how far it got.
type carrier struct {
	socket socket
	phase  phase
	tls    *tls.Conn // nil for plain HTTP
}

type phase uint8

const (
	unconnected phase = iota
	connecting
	reading
	gone // closed, or stalled on purpose
)

// A poller is the epoll set of a reader. What changes in it does so under the
// reader's lock.
type poller struct {
	epoll, wake int
	hub         netip.AddrPort
	sources     []netip.Addr
	atOnce      int // streams that may be connecting
	mine        []*connection

	buf        []byte // what comes, before it is fed to its stream
	waiting    []int  // of mine, to be connected
	connecting int

	closing atomic.Bool
	done    sync.WaitGroup
}

// rest is how long a reader rests when it has read all there is. Latencies are
// told that much too long, at most.
const rest = 300 * time.Microsecond

// woken is the epoll data of the descriptor that wakes the reader up.
const woken = -1

// startReaders begins to open and read the streams.
func startReaders(ctx context.Context, s *Streams, o *Opening, n int) (all []*reader, err error) {
	hub, err := resolve(ctx, o.Hub)
	if err != nil {
		return nil, err
	}
	if err := checkDescriptors(o.N); err != nil {
		return nil, err
	}
	sources := o.Sources
	if len(sources) == 0 && hub.Addr().Is4() && hub.Addr().IsLoopback() {
		sources = loopbacks()
	}
	for range n {
		r := &reader{streams: s, poller: poller{hub: hub, sources: sources, atOnce: max(1, o.AtOnce/n), buf: make([]byte, 64<<10)}}
		if err := r.open(); err != nil {
			for _, earlier := range all {
				earlier.stop()
			}
			return nil, err
		}
		all = append(all, r)
	}
	for i, c := range s.connections {
		r := all[i%n]
		c.socket = -1
		r.waiting = append(r.waiting, len(r.mine))
		r.mine = append(r.mine, c)
	}
	for _, r := range all {
		if o.Hub.Scheme == "https" {
			r.shakeHands(ctx, o)
		}
		r.done.Go(r.run)
	}
	return all, nil
}

func (p *poller) open() (err error) {
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if p.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return errors.Join(os.NewSyscallError("eventfd", err), unix.Close(p.epoll))
	}
	return p.control(unix.EPOLL_CTL_ADD, p.wake, woken, unix.EPOLLIN)
}

func (p *poller) control(op, fd, data int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(data)}))
}

// run reads until the streams are closed.
func (r *reader) run() {
	events := make([]unix.EpollEvent, 256)
	for !r.closing.Load() {
		r.mu.Lock()
		r.connectMore()
		r.mu.Unlock()
		n, err := unix.EpollWait(r.epoll, events, -1)
		if err != nil && err != unix.EINTR {
			r.streams.fail(os.NewSyscallError("epoll_wait", err))
			return
		}
		r.mu.Lock()
		for _, e := range events[:max(n, 0)] {
			if e.Fd != woken {
				r.ready(int(e.Fd))
			}
		}
		// A reader that always waits is woken up by each write, at the cost
		// of whoever writes; no subscriber on another machine does that.
		resting := n < len(events) && len(r.waiting) == 0 && r.connecting == 0
		r.mu.Unlock()
		r.streams.notify()
		if resting {
			time.Sleep(rest)
		}
	}
}

// connectMore begins to connect as many streams as may be connecting.
func (r *reader) connectMore() {
	for len(r.waiting) > 0 && r.connecting < r.atOnce {
		i := r.waiting[0]
		r.waiting = r.waiting[1:]
		c := r.mine[i]
		err := r.connect(c, i)
		if err == nil {
			c.phase = connecting
			r.connecting++
			err = r.control(unix.EPOLL_CTL_ADD, int(c.socket), i, unix.EPOLLOUT)
		}
		if err != nil {
			r.streams.fail(err)
		}
	}
}

func (r *reader) connect(c *connection, i int) (err error) {
	buffer := 0
	if c.Stalled {
		buffer = 4 << 10
	}
	var from netip.Addr
	if len(r.sources) > 0 {
		from = r.sources[i%len(r.sources)]
	}
	c.socket, err = connect(from, r.hub, buffer)
	return err
}

// checkDescriptors says what to do where too few files may be open. Go has
// raised the soft limit to the hard one.
func checkDescriptors(streams int) error {
	const others = 400 // publishers, libraries, what an open history holds
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	if uint64(streams+others) > limit.Cur {
		return fmt.Errorf("%d streams take more descriptors than the %d this process may have: raise its hard limit (ulimit -Hn), or ask for fewer streams", streams, limit.Cur)
	}
	return nil
}

// ready does for a stream what its socket is ready for.
func (r *reader) ready(i int) {
	c := r.mine[i]
	switch c.phase {
	case connecting:
		err := c.socket.connected()
		if err == nil {
			err = c.socket.write(c.request)
		}
		if err == nil {
			c.phase, c.request = reading, nil
			err = r.control(unix.EPOLL_CTL_MOD, int(c.socket), i, unix.EPOLLIN)
		}
		if err != nil {
			r.streams.fail(err)
		}
	case reading:
		if c.tls != nil {
			r.readSecure(c)
		} else if n, err := c.socket.read(r.buf); err != unix.EAGAIN {
			r.came(c, n, err)
		}
	}
}

// readSecure reads until there is nothing more, for records may wait inside
// the connection when its socket is empty.
func (r *reader) readSecure(c *connection) {
	for c.phase == reading {
		n, err := c.tls.Read(r.buf)
		if errors.Is(err, errNothing) {
			return
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		r.came(c, n, err)
	}
}

// came takes in n bytes that were read into the buffer.
func (r *reader) came(c *connection, n int, err error) {
	opened := c.open
	if n <= 0 || err != nil {
		r.over(c)
		r.leave(c)
	} else if !r.take(c, r.buf[:n]) || c.Stalled && c.open {
		r.leave(c)
	}
	if c.open != opened || !c.open && c.phase == gone {
		r.connecting--
	}
}

// leave stops reading a stream. One that is to stall stays open, unread.
func (r *reader) leave(c *connection) {
	c.phase = gone
	r.control(unix.EPOLL_CTL_DEL, int(c.socket), 0, 0)
	if !c.Stalled {
		c.socket.close()
		c.socket = -1
	}
}

// stop ends the reader and closes its streams.
func (r *reader) stop() {
	r.closing.Store(true)
	unix.Write(r.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	r.done.Wait()
	for _, c := range r.mine {
		if c.socket >= 0 {
			c.socket.close()
		}
	}
	unix.Close(r.epoll)
	unix.Close(r.wake)
}
