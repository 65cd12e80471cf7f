//go:build !unix

package cli

import (
	"errors"
	"net"
)

func listenPrivately(string) (net.Listener, error) {
	return nil, errors.New("this system has no sockets that are private")
}

// isNobody reports whether nobody listens on a socket: nobody does here.
func isNobody(err error) bool { return err != nil }
