package fanout

import (
	"net"
	"time"
)

// A poller watches the connections of all hijacked streams.
type poller interface {
	// adopt takes a connection from package net, which the caller closes, and
	// reports under a berth what happens to it until it is closed. vanished is
	// how long bytes may stay unacknowledged before the peer is given up.
	adopt(c *net.TCPConn, at berth, vanished time.Duration) (rawConn, error)
	// run reports until close; reported follows each group of reports.
	run(report func(berth, readiness), reported func())
	close()
}

// A berth is where a hijacked stream is found, as long as it is there: a slot
// is used again, with another generation.
type berth struct{ slot, generation uint32 }

// readiness is what there is to know of a connection.
type readiness uint8

const (
	readable readiness = 1 << iota // bytes have come
	writable                       // there is room for bytes again
	hungUp                         // the peer has closed its side, or the connection is broken
	timeUp                         // not the poller's: there was something to do at this time
)
