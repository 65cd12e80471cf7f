//go:build unix

package cli

import (
	"errors"
	"io/fs"
	"net"
	"sync"
	"syscall"
)

var maskMu sync.Mutex // held while the mask of new files is another

// listenPrivately makes a socket that nobody but its owner can open, not even
// for a moment. The mask is the process's: what else is made meanwhile gets a
// tighter mode than it asked for, for once.
func listenPrivately(path string) (net.Listener, error) {
	maskMu.Lock()
	defer maskMu.Unlock()
	defer syscall.Umask(syscall.Umask(0o177))
	return net.Listen("unix", path)
}

// isNobody reports whether nobody listens on a socket.
func isNobody(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}
