package hub_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/store/memory"
)

// pipes listens for connections that are made within the process, so that a
// test can own the clock.
type pipes struct {
	incoming chan net.Conn
	closed   chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// ask sends the head of a request and returns its answer's first line, the
// time it took, and what follows.
func (p pipes) ask(t *testing.T, request string) (status string, took time.Duration, rest *bufio.Reader, conn net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	p.incoming <- theirs
	start := time.Now()
	if _, err := io.WriteString(ours, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	rest = bufio.NewReader(ours)
	line, err := rest.ReadString('\n')
	if err != nil {
		t.Fatalf("reading the answer to %q: %v", request, err)
	}
	return strings.TrimSpace(line), time.Since(start), rest, ours
}

func TestBodiesArriveInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		key, err := auth.ParseKey(hubtest.PublisherSecret, "HS256")
		if err != nil {
			t.Fatal(err)
		}
		h, err := hub.New(hub.Config{Log: log, PublisherKey: key, Anonymous: true, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: h}
		go server.Serve(listener)
		defer server.Close()
		defer h.Close(context.Background())

		token := hubtest.Sign(t, "", hubtest.Token{Publish: []string{"*"}})
		for name, test := range map[string]struct{ request, want string }{
			"a publish": {"POST /.well-known/mercure HTTP/1.1\nHost: h\nAuthorization: Bearer " + token +
				"\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 99\n\ntopic=a", "408"},
			"a stranger's publish": {"POST /.well-known/mercure HTTP/1.1\nHost: h\nContent-Length: 99\n\n", "401"},
			"a body nobody wants":  {"GET /.well-known/mercure?match=a HTTP/1.1\nHost: h\nContent-Length: 99\n\n", "408"},
			"nothing there":        {"GET /nothing HTTP/1.1\nHost: h\nContent-Length: 99\n\n", "404"},
		} {
			status, took, _, conn := listener.ask(t, test.request)
			conn.Close()
			if !strings.Contains(status, test.want) || took != 30*time.Second {
				t.Errorf("%s whose body does not come: %q after %v, want %s after 30s", name, status, took, test.want)
			}
		}

		// The deadline of a body that did come is not that of the stream.
		status, _, stream, conn := listener.ask(t, "GET /.well-known/mercure?match=a HTTP/1.1\nHost: h\nContent-Length: 2\n\nhi")
		defer conn.Close()
		if !strings.Contains(status, "200") {
			t.Fatalf("a subscribe with a small body: %q, want 200", status)
		}
		for heartbeats := 0; heartbeats < 3; {
			line, err := stream.ReadString('\n')
			if err != nil {
				t.Fatalf("SSE-keepalive: the stream ended after %d heartbeats: %v", heartbeats, err)
			}
			if line == ":\n" {
				heartbeats++
			}
		}
	})
}

// TestSlowQueriesLeaveRoom: who begins bodies and does not end them fills its
// own share of the room, not that of others.
func TestSlowQueriesLeaveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		h, err := hub.New(hub.Config{Log: log, Anonymous: true, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close(context.Background())
		query := func(from string, body io.Reader) int {
			r := httptest.NewRequest("QUERY", "/.well-known/mercure", body)
			r.RemoteAddr = from
			r.ContentLength = -1 // chunked: it may become as large as allowed
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		statuses := make(chan int, 20)
		var slow []*io.PipeWriter
		for range cap(statuses) {
			body, end := io.Pipe()
			slow = append(slow, end)
			go func() { statuses <- query("192.0.2.1:1", body) }()
		}
		synctest.Wait()
		const nothing = "a=b" // a whole body, refused for what it lacks
		if got := query("192.0.2.2:1", strings.NewReader(nothing)); got != http.StatusBadRequest {
			t.Errorf("a QUERY from another address: %d, want 400 at once", got)
		}
		time.Sleep(2 * time.Second)
		for range cap(statuses) - 4 {
			if got := <-statuses; got != http.StatusServiceUnavailable {
				t.Errorf("a QUERY beyond the share of its address: %d, want 503", got)
			}
		}
		for _, end := range slow {
			end.Close()
		}
		for range 4 {
			if got := <-statuses; got != http.StatusBadRequest {
				t.Errorf("a QUERY within the share of its address: %d, want 400", got)
			}
		}
	})
}
