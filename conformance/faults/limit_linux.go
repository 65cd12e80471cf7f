package faults

import (
	"fmt"
	"math"
	"syscall"
	"unsafe"
)

const canLimitFiles = true

// noLimit is the file limit of a disk with room.
const noLimit = math.MaxUint64

// limitFiles bounds the size of files that a process of ours may write, in
// bytes: writing beyond fails as on a full disk. What it may ask for itself
// stays, so that the bound can be lifted again without privilege.
func limitFiles(pid int, bytes uint64) error {
	var limit syscall.Rlimit
	if err := prlimit(pid, nil, &limit); err != nil {
		return fmt.Errorf("reading the file limit of process %d: %w", pid, err)
	}
	limit.Cur = min(bytes, limit.Max)
	if err := prlimit(pid, &limit, nil); err != nil {
		return fmt.Errorf("limiting the files of process %d: %w", pid, err)
	}
	return nil
}

func prlimit(pid int, set, old *syscall.Rlimit) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE,
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
