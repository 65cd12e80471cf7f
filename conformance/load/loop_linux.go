package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A loop does what loop.c does, in Go: the yardstick where there is no C
// compiler. It is itself 1.1 to 1.25 times as dear.
type loop struct {
	epoll, listener int
	streams         []int
	place           map[int]int // in streams, by descriptor; -1 for a publisher
	request         []byte
	from            int // whose request that is: publishers send one at a time
	event           []byte
	events          int
}

const loopHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: private\r\n" +
	"Transfer-Encoding: chunked\r\n\r\nd\r\nretry: 3000\n\n\r\n"

// serveLoop serves until ctx ends. It says where on out.
func serveLoop(ctx context.Context, out io.Writer) error {
	l := loop{place: make(map[int]int), from: -1}
	if err := l.listen(); err != nil {
		return err
	}
	at, err := unix.Getsockname(l.listener)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	if err := announce(out, "127.0.0.1:"+strconv.Itoa(at.(*unix.SockaddrInet4).Port)); err != nil {
		return err
	}
	// The process is the loop's alone and ends with it, descriptors included.
	failed := make(chan error, 1)
	go func() { failed <- l.run() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

func (l *loop) listen() (err error) {
	if l.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return os.NewSyscallError("socket", err)
	}
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := errors.Join(
		unix.Bind(l.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		unix.Listen(l.listener, 4096),
		l.watch(l.listener),
	); err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	return nil
}

func (l *loop) watch(fd int) error {
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (l *loop) run() error {
	buf := make([]byte, 64<<10)
	for ready := make([]unix.EpollEvent, 256); ; {
		n, err := unix.EpollWait(l.epoll, ready, -1)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("epoll_wait", err)
		}
		for _, e := range ready[:max(n, 0)] {
			if int(e.Fd) == l.listener {
				err = l.accept()
			} else {
				l.take(int(e.Fd), buf)
			}
			if err != nil {
				return err
			}
		}
	}
}

func (l *loop) accept() error {
	for {
		fd, _, err := unix.Accept4(l.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return nil // for now there are no more
		}
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		l.place[fd] = -1
		if err := l.watch(fd); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
}

// take reads a request, or the next part of a publish.
func (l *loop) take(fd int, buf []byte) {
	if l.from != fd {
		l.from, l.request = fd, l.request[:0]
	}
	n, err := unix.Read(fd, buf)
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if n <= 0 {
		l.leave(fd)
		return
	}
	l.request = append(l.request, buf[:n]...)
	head, body, whole := bytes.Cut(l.request, []byte("\r\n\r\n"))
	if !whole {
		return
	}
	if !bytes.HasPrefix(head, []byte("POST ")) {
		if l.place[fd] < 0 {
			l.place[fd] = len(l.streams)
			l.streams = append(l.streams, fd)
			sendAll(fd, []byte(loopHead))
		}
		l.request = l.request[:0]
		return
	}
	_, length, _ := bytes.Cut(head, []byte("\r\nContent-Length: "))
	length, _, _ = bytes.Cut(length, []byte("\r\n"))
	if n, err := strconv.Atoi(string(length)); err != nil || len(body) >= n {
		l.publish(fd, body)
		l.request = l.request[:0]
	}
}

// publish sends the data of a form, which needs no decoding, to all streams.
func (l *loop) publish(fd int, form []byte) {
	_, data, _ := bytes.Cut(form, []byte("data="))
	data, _, _ = bytes.Cut(data, []byte("&"))
	l.events++
	id := fmt.Sprintf("urn:uuid:00000000-0000-8000-8000-%012x", l.events)
	l.event = fmt.Appendf(l.event[:0], "%x\r\nid: %s\ndata: %s\n\n\r\n", len("id: \ndata: \n\n")+len(id)+len(data), id, data)
	for _, stream := range l.streams {
		sendAll(stream, l.event)
	}
	sendAll(fd, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", len(id), id))
}

func (l *loop) leave(fd int) {
	if at := l.place[fd]; at >= 0 {
		last := l.streams[len(l.streams)-1]
		l.streams[at], l.place[last] = last, at
		l.streams = l.streams[:len(l.streams)-1]
	}
	delete(l.place, fd)
	l.from = -1
	unix.Close(fd)
}

// sendAll writes everything: where a socket is full, it waits. A peer that is
// gone shows when it is read.
func sendAll(fd int, b []byte) {
	for len(b) > 0 {
		n, err := unix.SendmsgN(fd, b, nil, nil, unix.MSG_NOSIGNAL)
		switch err {
		case nil:
			b = b[n:]
		case unix.EAGAIN:
			unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
		case unix.EINTR:
		default:
			return
		}
	}
}
