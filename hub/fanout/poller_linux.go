package fanout

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An epoll is one epoll instance for all hijacked streams. Its data is a berth,
// never a descriptor: a number that was closed may mean another connection by
// the time its event is read.
//
// It is edge-triggered, so that a stream is registered once and costs no system
// call until it is closed, which removes it.
type epoll struct {
	file *os.File // the instance: readable when it has events, which lets Go wait for it
	raw  syscall.RawConn
}

func newPoller() (poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	// os.NewFile waits for what does not wait itself.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &epoll{file: os.NewFile(uintptr(fd), "epoll")}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		p.file.Close()
		return nil, fmt.Errorf("waiting for epoll: %w", err)
	}
	return p, nil
}

// adopt implements [poller].
func (p *epoll) adopt(c *net.TCPConn, at berth, vanished time.Duration) (rawConn, error) {
	d, err := duplicate(c, vanished)
	if err != nil {
		return nil, err
	}
	if err := p.watch(d, at); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// watch registers a descriptor until it is closed.
func (p *epoll) watch(d descriptor, at berth) error {
	event := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
		Fd:     int32(at.slot),
		Pad:    int32(at.generation),
	}
	var failed error
	err := p.raw.Control(func(fd uintptr) {
		failed = unix.EpollCtl(int(fd), unix.EPOLL_CTL_ADD, int(d), &event)
	})
	return errors.Join(err, os.NewSyscallError("epoll_ctl", failed))
}

// run implements [poller].
func (p *epoll) run(report func(berth, readiness), reported func()) {
	events := make([]unix.EpollEvent, 256)
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events, 0)
			return n > 0
		})
		if err != nil {
			return // closed
		}
		for _, e := range events[:n] {
			report(berth{slot: uint32(e.Fd), generation: uint32(e.Pad)}, readinessOf(e.Events))
		}
		reported()
	}
}

func readinessOf(events uint32) readiness {
	var r readiness
	if events&unix.EPOLLIN != 0 {
		r |= readable
	}
	if events&unix.EPOLLOUT != 0 {
		r |= writable
	}
	if events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		r |= hungUp
	}
	return r
}

// close implements [poller].
func (p *epoll) close() { p.file.Close() }
