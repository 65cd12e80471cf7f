//go:build unix

package cli

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// systemDescriptors asks the kernel. It keeps one descriptor, to be duplicated
// for a moment when the next number is wanted.
func systemDescriptors() (*descriptors, error) {
	var rlimit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &rlimit); err != nil {
		return nil, err
	}
	limit := int(min(uint64(rlimit.Cur), math.MaxInt32))
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	return &descriptors{limit: limit, next: func() int {
		fd, err := unix.FcntlInt(null.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return limit // there is none
		}
		unix.Close(fd)
		return fd
	}}, nil
}
