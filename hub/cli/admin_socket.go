package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"time"
)

// noSocket is the path that means none.
const noSocket = "-"

// maxSocketPath is how long the path of a Unix socket may be, in bytes.
func maxSocketPath() int {
	if runtime.GOOS == "linux" {
		return 107
	}
	return 103
}

const shorter = "name a shorter one with --admin-socket, such as /run/cinnabar/admin.sock, or - for none"

// socketPath returns where the admin socket of a hub is, "" for nowhere: the
// path that was configured, else beside the file of the history.
func (p *program) socketPath(configured, location string) (string, error) {
	switch {
	case configured == noSocket:
		return "", nil
	case configured != "":
		if runtime.GOOS == "windows" {
			return "", errors.New("--admin-socket: on this system others could open the socket: leave the setting out, and stop the hub for history commands")
		}
	default:
		e, at, err := p.engine(location)
		if err != nil || e.File == nil || runtime.GOOS == "windows" {
			return "", nil // whoever opens the history says what is wrong with it
		}
		file, err := e.File(at)
		if err != nil {
			return "", nil
		}
		configured = file + ".sock"
	}
	if n := len(configured); n > maxSocketPath() {
		return "", fmt.Errorf("--admin-socket: the path %s has %d bytes, and this system takes %d at most: %s", configured, n, maxSocketPath(), shorter)
	}
	return configured, nil
}

// refuseTaken refuses the socket of a hub that lives, and what is no socket.
func refuseTaken(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("--admin-socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("--admin-socket: %s is there and is no socket: move it away, or name another path", path)
	}
	conn, err := net.DialTimeout("unix", path, 5*time.Second)
	if isNobody(err) {
		return nil
	}
	if err == nil {
		conn.Close()
	}
	return fmt.Errorf("--admin-socket: another hub listens on %s: stop that one first, or name another path", path)
}

// listenAdmin listens on the admin socket, in the place of one that a hub left
// behind which was killed. The socket goes with the listener.
func listenAdmin(path string) (net.Listener, error) {
	if err := refuseTaken(path); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--admin-socket: removing what a killed hub left behind: %w", err)
	}
	l, err := listenPrivately(path)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, fmt.Errorf("--admin-socket: cannot listen on %s: %w: name another path, or - for none", path, err)
	}
	return l, nil
}
