package fanout

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sendBuffer bounds what the kernel holds of a stream, in bytes, which it
// doubles for its own bookkeeping. Left alone it takes 2.8 MB for a peer that
// does not read.
const sendBuffer = 128 << 10

// A descriptor is a rawConn: a descriptor of the engine's own for a connection
// that came through package net, whose descriptor is closed. What package net
// keeps for a connection, some 700 bytes, is as much as all the rest of an idle
// stream. Its number may name another connection after close: only the shard
// whose goroutine calls close uses it.
type descriptor int

// duplicate makes a descriptor for a connection. It does not wait, since that
// is a property of what both name.
func duplicate(c *net.TCPConn, vanished time.Duration) (descriptor, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd := -1
	var failed error
	err = raw.Control(func(original uintptr) {
		if fd, failed = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0); failed != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
	})
	if err == nil && failed == nil && vanished != defaultVanishLimit {
		_ = giveUpAfter(c, vanished) // is a property of what both name, too
	}
	if err == nil && failed != nil {
		err = os.NewSyscallError("fcntl", failed)
	}
	if err != nil {
		return -1, fmt.Errorf("duplicating a descriptor: %w", err)
	}
	return descriptor(fd), nil
}

func (d descriptor) read(b []byte) (int, error) {
	for {
		n, err := unix.Read(int(d), b)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, errNotNow
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// write is send(2), which has less above TCP than write(2): 7 % of a delivery.
// The call does not wait, so the scheduler is not told of it; what told costs is
// that a thread looks after the processor every 20 µs.
func (d descriptor) write(b []byte) (int, error) {
	for {
		n, _, err := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(d), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch err {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, nil
		}
		return 0, os.NewSyscallError("sendto", err)
	}
}

func (d descriptor) closeWrite() error {
	return os.NewSyscallError("shutdown", unix.Shutdown(int(d), unix.SHUT_WR))
}

func (d descriptor) close() { _ = unix.Close(int(d)) } // nothing is left to lose
