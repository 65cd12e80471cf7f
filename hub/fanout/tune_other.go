//go:build !linux

package fanout

import (
	"syscall"
	"time"
)

// tune leaves buffers to the system, which has no option to bound what is
// unsent.
func tune(syscall.Conn) error { return nil }

// giveUpAfter leaves it to the system when a peer is given up.
func giveUpAfter(syscall.Conn, time.Duration) error { return nil }
