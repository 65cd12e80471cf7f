package fanout

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// overHTTP1 runs a test with a connection of its own to each kind of server
// that speaks HTTP/1.
func overHTTP1(t *testing.T, f func(*testing.T, *site, net.Conn)) {
	for _, tr := range transports {
		if strings.HasPrefix(tr.name, "h2") {
			continue
		}
		t.Run(tr.name, func(t *testing.T) {
			s := newSite(t, tr, 0, nil)
			f(t, s, s.dial(t))
		})
	}
}

// dial connects to a site that speaks HTTP/1.
func (s *site) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if s.server.TLS != nil {
		return tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	return conn
}

// ask sends a request and reads the answer up to its first line of the stream.
func ask(t *testing.T, conn net.Conn, request string) *bufio.Reader {
	t.Helper()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream did not begin: %v", err)
		}
		if line == "retry: 1000\n" {
			return in
		}
	}
}

const get = "GET / HTTP/1.1\r\nHost: hub\r\n"

// wantLine reads up to a line.
func wantLine(t *testing.T, in *bufio.Reader, want string) {
	t.Helper()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended before %q: %v", want, err)
		}
		if strings.HasPrefix(line, "HTTP/1") {
			t.Fatalf("a second answer in the stream: %q", line)
		}
		if strings.TrimSpace(line) == want {
			return
		}
	}
}

// TestPeersThatLeave are noticed, however they do it.
func TestPeersThatLeave(t *testing.T) {
	for name, leave := range map[string]func(net.Conn) error{
		"closing": net.Conn.Close,
		"closing their side alone": func(c net.Conn) error {
			return c.(interface{ CloseWrite() error }).CloseWrite()
		},
		"resetting": func(c net.Conn) error {
			if over, ok := c.(*tls.Conn); ok {
				c = over.NetConn()
			}
			c.(*net.TCPConn).SetLinger(0)
			return c.Close()
		},
		"closing TCP under TLS": func(c net.Conn) error {
			if over, ok := c.(*tls.Conn); ok {
				c = over.NetConn()
			}
			return c.(*net.TCPConn).CloseWrite()
		},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T, s *site, conn net.Conn) {
				ask(t, conn, get+"\r\n")
				if err := leave(conn); err != nil {
					t.Fatal(err)
				}
				if got := s.reason(t); got != ClientGone {
					t.Errorf("closed with %q, want %q", got, ClientGone)
				}
			})
		})
	}
}

// TestPeersThatSendMore than their request are served, and not answered twice.
func TestPeersThatSendMore(t *testing.T) {
	for name, request := range map[string]string{
		"a second request":          get + "\r\n" + get + "\r\n",
		"a body":                    get + "Content-Length: 5\r\n\r\nhello",
		"half a body":               get + "Content-Length: 500\r\n\r\nhello",
		"a chunked body":            get + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"a body that is waited for": get + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
		"an empty line":             get + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T, s *site, conn net.Conn) {
				in := ask(t, conn, request)
				appendTo(t, s.log, update(t, "1", "a"))
				wantLine(t, in, "data: 1")
				fmt.Fprint(conn, "GET /later HTTP/1.1\r\nHost: hub\r\n\r\n")
				appendTo(t, s.log, update(t, "2", "a"))
				wantLine(t, in, "data: 2")
				if r := s.nextEnd(0); r != "" {
					t.Errorf("the stream ended with %q", r)
				}
			})
		})
	}
}
