package load

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A socket is a TCP connection outside Go's own poller, which would wake up
// for each event a second time. It never blocks by itself.
type socket int

// resolve returns the address of a hub.
func resolve(ctx context.Context, hub *url.URL) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(authority(hub))
	if err != nil {
		return netip.AddrPort{}, err
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, ip := range ips {
		if ip.Unmap().Is4() { // where both are there: loopback has many addresses in IPv4
			return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
		}
	}
	return netip.AddrPortFrom(ips[0], uint16(number)), nil
}

// loopbacks are the addresses to connect to loopback from.
func loopbacks() (all []netip.Addr) {
	for i := range byte(16) {
		all = append(all, netip.AddrFrom4([4]byte{127, 0, 0, 2 + i}))
	}
	return all
}

// connect begins to connect to a hub from an address, which may be the zero
// one. A receive buffer of 0 bytes is the system's.
func connect(from netip.Addr, to netip.AddrPort, receiveBuffer int) (_ socket, err error) {
	family := unix.AF_INET6
	if to.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if receiveBuffer > 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer); err != nil {
			return -1, os.NewSyscallError("setsockopt", err)
		}
	}
	if from.IsValid() {
		// The port is chosen when the destination is known, else an address
		// would run out of them.
		err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err == nil {
			err = unix.Bind(fd, address(netip.AddrPortFrom(from, 0)))
		}
		if err != nil {
			return -1, os.NewSyscallError("bind", err)
		}
	}
	if err := unix.Connect(fd, address(to)); err != nil && err != unix.EINPROGRESS {
		return -1, os.NewSyscallError("connect", err)
	}
	return socket(fd), nil
}

func address(to netip.AddrPort) unix.Sockaddr {
	if to.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

// connected returns how connecting ended.
func (s socket) connected() error {
	errno, err := unix.GetsockoptInt(int(s), unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && errno != 0 {
		err = unix.Errno(errno)
	}
	return os.NewSyscallError("connect", err)
}

// wait waits until the socket is ready for events of poll(2).
func (s socket) wait(events int16) error {
	const patience = 30 * time.Second
	fds := []unix.PollFd{{Fd: int32(s), Events: events}}
	for deadline := time.Now().Add(patience); ; {
		n, err := unix.Poll(fds, int(time.Until(deadline).Milliseconds()))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return os.NewSyscallError("poll", err)
		case n == 0:
			return fmt.Errorf("the hub did not answer for %v", patience)
		default:
			return nil
		}
	}
}

// read returns how much came; unix.EAGAIN when nothing is there.
func (s socket) read(b []byte) (int, error) {
	for {
		n, err := unix.Read(int(s), b)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// write writes all of a request, which is short: a fresh socket has room.
func (s socket) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(int(s), b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := s.wait(unix.POLLOUT); err != nil {
				return err
			}
		case err != nil:
			return os.NewSyscallError("write", err)
		default:
			b = b[n:]
		}
	}
	return nil
}

func (s socket) close() { unix.Close(int(s)) }
