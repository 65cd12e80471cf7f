package hub

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// otherConnections are what an address may have open beside as many as it may
// have streams: for publishes, and for the answer to one stream too many.
const otherConnections = 32

// A crowd counts the connections of each address. Those that have no request
// yet, or keep alive after one, are nobody's stream and take a descriptor each
// all the same, for as long as the server's timeouts let them: one address must
// not take those that are kept for publishers.
type crowd struct {
	mu   sync.Mutex
	most int // of one address; 0: any number
	from map[netip.Prefix]int
}

func newCrowd() crowd { return crowd{from: make(map[netip.Prefix]int)} }

// limit derives what an address may have open from the streams it may have.
func (c *crowd) limit(streams int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = 0
	if streams > 0 {
		c.most = streams + otherConnections
	}
}

// changed follows a connection, and reports whether it is one too many. It
// counts without a limit, too: one may be set before the connection ends.
func (c *crowd) changed(conn net.Conn, state http.ConnState) (tooMany bool) {
	if state == http.StateActive || state == http.StateIdle {
		return false
	}
	address, ok := addressOf(conn.RemoteAddr().String())
	if !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if state != http.StateNew { // closed, or a stream's from now on
		add(c.from, address, -1)
		return false
	}
	add(c.from, address, +1)
	return c.most > 0 && c.from[address] > c.most
}

// ConnState closes what one address opens of connections beyond
// [Config.MaxConnectionsPerAddress], those of streams and 32 others. Make it
// the ConnState of the http.Server around the hub. It is safe for concurrent
// use.
func (h *Hub) ConnState(conn net.Conn, state http.ConnState) {
	if h.crowd.changed(conn, state) {
		h.metrics.connections.Inc()
		h.logger.Warn("connection closed: its address has too many", "remote", conn.RemoteAddr().String())
		_ = conn.Close() // there is nobody to tell, and the server counts it as closed
	}
}
