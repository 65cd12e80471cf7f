package cli

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// limited starts serve in a shell that lowers its own limits first, which even
// the runtime cannot raise again.
func limited(t *testing.T, limit string, args ...string) (*child, readyLine) {
	t.Helper()
	args = append([]string{"serve", "--addr", "127.0.0.1:0", "--publisher-jwt-key", secret, "--anonymous",
		"--metrics-addr", "127.0.0.1:0", "--store", "bolt:" + t.TempDir() + "/hub.db"}, args...)
	return ready(t, exec.Command("sh", append([]string{"-c", limit + ` && exec cinnabar "$@"`, "sh"}, args...)...))
}

func openFiles(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// dial opens connections that ask for nothing.
func dial(t *testing.T, addr string, n int) []net.Conn {
	t.Helper()
	var conns []net.Conn
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conns = append(conns, conn)
	}
	return conns
}

// A crowd opens streams, each over a connection of its own.
type crowd struct {
	t      *testing.T
	hub    string
	served []*follower
}

// join opens a stream and reports whether it is served; if not, how it was
// answered.
func (c *crowd) join(query string) (served bool, status int, body string) {
	c.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	r, err := client.Get(c.hub + query)
	if err != nil {
		c.t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK || r.ContentLength > 0 { // a stream has no length
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			c.t.Fatal(err)
		}
		return false, r.StatusCode, string(b)
	}
	f := &follower{t: c.t, answer: r, events: make(chan event, 100), end: make(chan error, 1)}
	c.t.Cleanup(func() { r.Body.Close() })
	go func() {
		var s eventStream
		f.end <- s.read(r.Body, func(e event) error { f.events <- e; return nil })
	}()
	c.served = append(c.served, f)
	return true, r.StatusCode, ""
}

// TestDescriptorsRunShort lowers the limit of open files for real: streams are
// served up to the reserve, the next one is told to come back, and publishers,
// probes and metrics go on being answered, as do the streams; when some have
// left, others are served.
func TestDescriptorsRunShort(t *testing.T) {
	const limit = 160
	for name, test := range map[string]struct {
		query, overload string
		refused         func(status int, body string) bool
	}{
		"0.x, retry": {"?topic=a", "retry", func(s int, b string) bool {
			return s == 200 && strings.HasPrefix(b, "retry: ") && !strings.Contains(b, "data")
		}},
		"1.0, status": {"?match=a", "status", func(s int, b string) bool {
			return s == 503 && strings.Contains(b, "file descriptors are running short")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, at := limited(t, fmt.Sprintf("ulimit -n %d", limit), "--overload", test.overload)
			c := &crowd{t: t, hub: at.Hub}
			d := descriptors{limit: limit}
			for range limit {
				served, status, body := c.join(test.query)
				if served {
					continue
				}
				if !test.refused(status, body) {
					t.Fatalf("after %d streams: status %d, %q", len(c.served), status, body)
				}
				break
			}
			open := openFiles(t, at.PID)
			if len(c.served) < d.room()/2 || len(c.served) > d.room() || open < d.room()-2 || open > d.room()+2 {
				t.Fatalf("%d streams were served, %d files are open; want to be refused where %d are", len(c.served), open, d.room())
			}

			// Publishers that keep their connections, half of the reserve.
			for range d.reserved() / 2 {
				client := &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
				answer, err := (&publication{hubAccess: hubAccess{url: at.Hub, key: secret}}).send(client, []string{"a"}, "d")
				if err != nil {
					t.Fatal(err)
				}
				for i, f := range c.served {
					if e := f.next(); e.ID != answer.id {
						t.Fatalf("stream %d got %+v, want the update %s", i, e, answer.id)
					}
				}
			}
			for _, url := range []string{strings.TrimSuffix(at.Hub, "/.well-known/mercure") + "/healthz", at.Metrics + "/readyz", at.Metrics + "/metrics"} {
				if got := status(t, url); got != http.StatusOK {
					t.Errorf("%s: %d, want 200", url, got)
				}
			}
			if served, status, body := c.join(test.query); served || !test.refused(status, body) {
				t.Errorf("with the reserve in use: served %t, status %d, %q", served, status, body)
			}

			gone := c.served[:len(c.served)/2+d.reserved()/2]
			c.served = c.served[len(gone):]
			for _, f := range gone {
				f.answer.Body.Close()
			}
			for deadline := time.Now().Add(patience); openFiles(t, at.PID) >= d.room(); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the hub keeps the connections of those who left")
				}
			}
			if served, status, body := c.join(test.query); !served {
				t.Fatalf("after others left: status %d, %q", status, body)
			}
			id := publish(t, at.Hub, "a", "for those who stayed and the new one")
			for i, f := range c.served {
				if e := f.next(); e.ID != id {
					t.Errorf("stream %d got %+v, want the update %s", i, e, id)
				}
			}
		})
	}
}

// TestFlood fills every descriptor with connections that ask for nothing: what
// the hub opens for itself, and its metrics, still work, and the others' turn
// comes.
func TestFlood(t *testing.T) {
	const limit = 128
	c, at := limited(t, fmt.Sprintf("ulimit -n %d", limit))
	flood := dial(t, strings.TrimPrefix(strings.TrimSuffix(at.Hub, "/.well-known/mercure"), "http://"), limit)
	c.log.until(t, "connections wait for others to close")
	for range 3 {
		if got := status(t, at.Metrics+"/metrics"); got != http.StatusOK {
			t.Errorf("/metrics: %d, want 200", got)
		}
	}
	if open := openFiles(t, at.PID); open > limit-ownDescriptors+4 {
		t.Errorf("%d files are open, want %d kept", open, ownDescriptors)
	}
	for _, conn := range flood[:limit/2] {
		conn.Close()
	}
	publish(t, at.Hub, "a", "d")
}

// TestTooFewDescriptors: a hub that could serve nobody says so.
func TestTooFewDescriptors(t *testing.T) {
	for _, limit := range []int{fewestDescriptors - 1, 20} {
		cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -n %d && exec cinnabar serve --addr 127.0.0.1:0 --protocols 0.x --store memory: --anonymous --publisher-jwt-key %s", limit, secret))
		out, err := cmd.CombinedOutput()
		if err == nil || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), "raise the limit") {
			t.Errorf("with %d descriptors: %v, %s", limit, err, out)
		}
	}
}

// TestMemoryRunsShort: a hub whose memory limit is below what it needs sends
// every subscriber away and serves publishers.
func TestMemoryRunsShort(t *testing.T) {
	_, at := limited(t, "export GOMEMLIMIT=1MiB")
	c := &crowd{t: t, hub: at.Hub}
	publish(t, at.Hub, "a", "d")
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if served, _, _ := c.join("?topic=a"); !served {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("subscribers are served")
		}
	}
	publish(t, at.Hub, "a", "d")
	_, at = limited(t, "export GOMEMLIMIT=1GiB")
	if served, status, body := (&crowd{t: t, hub: at.Hub}).join("?topic=a"); !served {
		t.Errorf("with enough memory: status %d, %q", status, body)
	}
}
