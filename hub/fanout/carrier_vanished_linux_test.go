package fanout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
	"weak"

	"golang.org/x/sys/unix"
)

// TestPeersThatVanish say nothing: their network is gone, and the kernel would
// go on asking for a quarter of an hour.
func TestPeersThatVanish(t *testing.T) {
	for _, name := range []string{"hijacked http1.1", "hijacked tls", "http1.1", "h2c"} {
		t.Run(name, func(t *testing.T) {
			here, there := newNetwork(t), newNetwork(t)
			here.ip(t, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", fmt.Sprint(there.thread))
			for i, n := range []*network{here, there} {
				n.ip(t, "addr", "add", fmt.Sprintf("10.0.0.%d/24", i+1), "dev", "cable")
				n.ip(t, "link", "set", "cable", "up")
			}
			tr := named(name)
			serve := tr.serve
			tr.serve = func(s *httptest.Server) {
				s.Listener.Close()
				here.run(func() error {
					l, err := net.Listen("tcp", "10.0.0.1:0")
					if err != nil {
						t.Fatal(err)
					}
					s.Listener = l
					return nil
				})
				if name == "h2c" || name == "http1.1" {
					own(s) // which bounds what the kernel does for these, too
				}
				serve(s)
			}
			s := newStallingSite(t, tr, 0, time.Second, nil)
			var conn net.Conn
			if err := there.run(func() (err error) {
				conn, err = net.Dial("tcp", s.server.Listener.Addr().String())
				return err
			}); err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if s.server.TLS != nil {
				conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
			}
			s.openOver(t, conn)
			var subscriber weak.Pointer[Subscriber]
			s.engine.mu.Lock()
			for sub := range s.engine.members {
				subscriber = weak.Make(sub)
			}
			s.engine.mu.Unlock()

			there.ip(t, "link", "set", "cable", "down")
			appendTo(t, s.log, update(t, "is anybody there?", "a"))
			if got := s.reason(t); got != ClientGone {
				t.Errorf("closed with %q, want %q", got, ClientGone)
			}
			if st := s.engine.Stats(); st.Live+st.CatchingUp != 0 {
				t.Errorf("a subscriber is still counted: %+v", st)
			}
			for deadline := time.Now().Add(20 * time.Second); subscriber.Value() != nil; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the subscriber is still reachable")
				}
				runtime.GC()
			}
		})
	}
}

// openOver opens a stream over a connection, and reads its first line.
func (s *site) openOver(t *testing.T, conn net.Conn) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(s.server.Config.Protocols != nil)
	protocols.SetHTTP1(s.server.Config.Protocols == nil)
	client := &http.Client{Transport: &http.Transport{
		Protocols:   protocols,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}}
	resp, err := client.Get("http://" + s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	line := make([]byte, len("retry: 1000\n"))
	if _, err := resp.Body.Read(line); err != nil || string(line) != "retry: 1000\n" {
		t.Fatalf("the stream begins with %q (%v)", line, err)
	}
}

// A network is a network namespace: the one of a thread that runs what is to
// happen in it.
type network struct {
	thread int
	jobs   chan func()
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		leaveOut(t, err)
	}
	n := &network{jobs: make(chan func())}
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the namespace
		err := unix.Unshare(unix.CLONE_NEWNET)
		n.thread = unix.Gettid()
		began <- err
		for job := range n.jobs {
			job()
		}
	}()
	t.Cleanup(func() { close(n.jobs) })
	if err := <-began; errors.Is(err, os.ErrPermission) {
		leaveOut(t, err)
	} else if err != nil {
		t.Fatal(err)
	}
	return n
}

// leaveOut skips a test where no network can be made.
func leaveOut(t *testing.T, why error) {
	t.Helper()
	t.Skipf("left out: peers that vanish, since no network can be made for them: %v", why)
}

// run calls f in the network.
func (n *network) run(f func() error) error {
	done := make(chan error, 1)
	n.jobs <- func() { done <- f() }
	return <-done
}

// ip runs ip(8) in the network.
func (n *network) ip(t *testing.T, arguments ...string) {
	t.Helper()
	if err := n.run(func() error {
		if out, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %w: %s", arguments, err, out)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
