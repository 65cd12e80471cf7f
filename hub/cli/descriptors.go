package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"cinnabar/hub"
)

// Descriptors are shared out by their numbers. The kernel always gives the
// lowest free one, so the one it would give next says how many are in use,
// whoever opened them, and nothing has to be counted:
//
//	0 ──────────────────────────── room ───────── limit-own ──── limit
//	  streams, and all else           publishers,     the hub's own
//	                                  probes          files, metrics
//
// Beyond room subscribers are sent away; at limit-own no connection is
// accepted before another is closed.
type descriptors struct {
	limit int // of the process
	// next returns the number that would be given next; the limit or more
	// when none is left.
	next func() int
}

const (
	// ownDescriptors are for what the hub opens itself: its history, the
	// connections of the metrics listener and to engines and issuers.
	ownDescriptors = 32
	// fewestDescriptors leave room for a handful of streams.
	fewestDescriptors = 128
)

// reserved returns how many descriptors are kept for connections that are no
// streams: enough for a back end's publishers.
func (d *descriptors) reserved() int { return min(max(d.limit/16, 32), 1024) }

// room returns how many streams there can be over HTTP/1.1, where each has a
// connection.
func (d *descriptors) room() int { return d.limit - d.reserved() - ownDescriptors }

// short reports whether those left are reserved.
func (d *descriptors) short() bool { return d.next() >= d.room() }

// openDescriptors learns the limit of this process; nil where there is none
// to learn. The runtime has raised it as far as it may be.
func openDescriptors() (*descriptors, error) {
	d, err := systemDescriptors()
	if err != nil {
		return nil, fmt.Errorf("learning the limit of open files: %w", err)
	}
	if d != nil && d.limit < fewestDescriptors {
		return nil, fmt.Errorf("at most %d files may be open, which leaves no room for subscribers: raise the limit to %d or more (ulimit -n; LimitNOFILE= in systemd)", d.limit, fewestDescriptors)
	}
	return d, nil
}

// limitStreams makes the hub's bound on streams one that the process can keep,
// and lets it ask what is short.
func (d *descriptors) limitStreams(c *hub.Config, logger *slog.Logger) {
	memory := newMemoryGauge()
	c.Shortage = func() hub.Shortage {
		switch {
		case d != nil && d.short():
			return hub.Descriptors
		case memory.short():
			return hub.Memory
		}
		return ""
	}
	switch {
	case d == nil:
	case c.MaxConnections == 0:
		c.MaxConnections = d.room()
	case c.MaxConnections > d.room():
		logger.Warn("more connections are allowed than there can be over HTTP/1.1: raise the limit of open files (ulimit -n; LimitNOFILE= in systemd)",
			"max_connections", c.MaxConnections, "open_files", d.limit, "room", d.room())
	}
}

// pauseAccepting is how long a listener waits for a descriptor.
const pauseAccepting = 10 * time.Millisecond

// A gate is a listener that leaves connections in the kernel's queue while
// the descriptors left are the hub's own.
type gate struct {
	net.Listener
	descriptors *descriptors
	logger      *slog.Logger
	close       sync.Once
	closed      chan struct{}
}

// guard makes a listener wait for descriptors.
func (d *descriptors) guard(l net.Listener, logger *slog.Logger) net.Listener {
	if d == nil {
		return l
	}
	return &gate{Listener: l, descriptors: d, logger: logger, closed: make(chan struct{})}
}

// Accept implements [net.Listener].
func (g *gate) Accept() (net.Conn, error) {
	for {
		if g.descriptors.next() < g.descriptors.limit-ownDescriptors {
			conn, err := g.Listener.Accept()
			if !exhausted(err) {
				return conn, err
			}
		}
		g.logger.Warn("connections wait for others to close: the limit of open files is reached", "open_files", g.descriptors.limit)
		select {
		case <-g.closed:
			return nil, net.ErrClosed
		case <-time.After(pauseAccepting):
		}
	}
}

// SyscallConn implements [syscall.Conn]: connections inherit from the socket.
func (g *gate) SyscallConn() (syscall.RawConn, error) {
	if c, ok := g.Listener.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// Close implements [net.Listener].
func (g *gate) Close() error {
	g.close.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// exhausted reports whether an accept failed for want of what connections
// that close give back.
func exhausted(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
