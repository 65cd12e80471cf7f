package clients

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// A proxy stands between clients and the hub so that the network can fail
// while both are well. It carries bytes and remembers the head of each
// connection's first request.
type proxy struct {
	listener net.Listener
	carriers sync.WaitGroup

	mu       sync.Mutex
	upstream string // empty while cut
	open     map[net.Conn]struct{}
	requests []*http.Request
}

func startProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	p := &proxy{listener: listener, upstream: upstream, open: map[net.Conn]struct{}{}}
	p.carriers.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		p.carriers.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// cut resets every connection, and each new one until heal.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.upstream = ""
	for conn := range p.open {
		reset(conn)
	}
}

// heal carries new connections to upstream, which may have moved.
func (p *proxy) heal(upstream string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.upstream = upstream
}

// seen returns the requests for one request target, in order of arrival.
func (p *proxy) seen(target string) []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	var seen []*http.Request
	for _, r := range p.requests {
		if r.RequestURI == target {
			seen = append(seen, r)
		}
	}
	return seen
}

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.carriers.Go(func() { p.carry(conn) })
	}
}

func (p *proxy) carry(client net.Conn) {
	defer client.Close()
	hub, ok := p.connect(client)
	if !ok {
		reset(client)
		return
	}
	defer hub.Close()
	defer p.forget(client, hub)

	var head bytes.Buffer
	request := bufio.NewReader(io.TeeReader(client, &head))
	if r, err := http.ReadRequest(request); err == nil {
		p.mu.Lock()
		p.requests = append(p.requests, r)
		p.mu.Unlock()
	}
	if _, err := hub.Write(head.Bytes()); err != nil {
		return
	}
	p.carriers.Go(func() {
		_, _ = io.Copy(hub, client)
		_ = hub.(*net.TCPConn).CloseWrite()
	})
	// A hub that dies must look to the client as it would without us.
	_, _ = io.Copy(client, hub)
}

// connect dials the hub on behalf of client, and enters both in the list of
// what cut has to reset.
func (p *proxy) connect(client net.Conn) (hub net.Conn, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.upstream == "" {
		return nil, false
	}
	hub, err := net.Dial("tcp", p.upstream)
	if err != nil {
		return nil, false
	}
	p.open[client], p.open[hub] = struct{}{}, struct{}{}
	return hub, true
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.open, conn)
	}
}

// reset closes with RST rather than FIN: the peer learns that it was cut off.
func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}
