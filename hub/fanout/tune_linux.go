package fanout

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unsentLimit bounds what the kernel takes of a connection beyond what is under
// way, in bytes. Left alone it takes 4 MiB for a peer that does not read. A
// distant peer that reads is not slowed down, as it would be by a small buffer,
// which is for both.
const unsentLimit = 512 << 10

// tune bounds what the kernel does for a connection, or for all that a listener
// accepts: they inherit it, which saves two calls for each.
func tune(c syscall.Conn) error {
	return errors.Join(
		setOption(c, unix.TCP_NOTSENT_LOWAT, unsentLimit),
		giveUpAfter(c, defaultVanishLimit),
	)
}

// giveUpAfter bounds how long bytes may stay unacknowledged before the peer is
// given up: it is gone, and could not say so.
func giveUpAfter(c syscall.Conn, d time.Duration) error {
	return setOption(c, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
}

func setOption(c syscall.Conn, option, value int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return fmt.Errorf("setting an option of a socket: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, option, value))
	})
	return errors.Join(err, failed)
}
