package fanout

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// A transport is one way in which a stream reaches its client.
type transport struct {
	name    string
	serve   func(*httptest.Server)
	client  func(*httptest.Server) *http.Client
	prepare func(fataler, *Engine) // may be nil
}

var transports = []transport{
	{name: "hijacked http1.1", serve: startHijacked, client: (*httptest.Server).Client},
	{name: "hijacked tls", serve: startHijackedTLS, client: (*httptest.Server).Client},
	{name: "reluctant http1.1", serve: startHijacked, client: (*httptest.Server).Client, prepare: begrudge},
	{name: "reluctant tls", serve: startHijackedTLS, client: (*httptest.Server).Client, prepare: begrudge},
	{name: "http1.1", serve: (*httptest.Server).Start, client: (*httptest.Server).Client},
	{name: "tls", serve: (*httptest.Server).StartTLS, client: (*httptest.Server).Client},
	{name: "h2", serve: func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }, client: (*httptest.Server).Client},
	{name: "h2c", serve: func(s *httptest.Server) {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	}, client: func(*httptest.Server) *http.Client {
		tr := &http.Transport{Protocols: new(http.Protocols)}
		tr.Protocols.SetUnencryptedHTTP2(true)
		return &http.Client{Transport: tr}
	}},
}

func startHijacked(s *httptest.Server)    { own(s); s.Start() }
func startHijackedTLS(s *httptest.Server) { own(s); s.StartTLS() }

// named returns a transport by its name.
func named(name string) transport {
	return transports[slices.IndexFunc(transports, func(tr transport) bool { return tr.name == name })]
}

// own lets the engine take streams from the server.
func own(s *httptest.Server) { s.Listener = Own(s.Config, s.Listener) }

// A site serves one engine's streams at a URL.
type site struct {
	engine *Engine
	log    store.Log
	server *httptest.Server
	client *http.Client

	mu     sync.Mutex
	closed []Reason      // that nobody has asked for, in order; any number, since a shard must not wait for a test
	more   chan struct{} // holds one: another was added
}

// newSite serves the subscription that prepare completes.
func newSite(t *testing.T, tr transport, heartbeat time.Duration, prepare func(*Subscription)) *site {
	t.Helper()
	return newStallingSite(t, tr, heartbeat, 0, prepare)
}

// newStallingSite also says how long a socket may refuse bytes.
func newStallingSite(t *testing.T, tr transport, heartbeat, stall time.Duration, prepare func(*Subscription)) *site {
	t.Helper()
	log := newLog(t)
	e, err := New(Config{Log: log, Heartbeat: heartbeat, StallLimit: stall})
	if err != nil {
		t.Fatal(err)
	}
	if tr.prepare != nil {
		tr.prepare(t, e)
	}
	s := &site{engine: e, log: log, more: make(chan struct{}, 1)}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sub := Subscription{
			Selectors: []*spec.Selector{topic(t, "a")},
			Closed:    func(r Reason, _ Tally) { s.ended(r) },
		}
		if prepare != nil {
			prepare(&sub)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		if err := e.Carry(w, r, sub, []byte("retry: 1000\n")); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}))
	tr.serve(s.server)
	s.client = tr.client(s.server)
	t.Cleanup(func() {
		if err := e.Close(context.Background(), Shutdown); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
		s.client.CloseIdleConnections()
		s.server.Close()
	})
	return s
}

// open starts a stream; its body is closed with the test.
func (s *site) open(t *testing.T) *bufio.Scanner {
	t.Helper()
	resp, err := s.client.Get(s.server.URL)
	if err != nil {
		t.Fatalf("opening a stream: %v", err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, want 200", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 8<<20)
	return lines
}

// next returns the next line that starts with one of the prefixes.
func next(t *testing.T, lines *bufio.Scanner, prefix string) string {
	t.Helper()
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), prefix) {
			return lines.Text()
		}
	}
	t.Fatalf("the stream ended before a line with %q: %v", prefix, lines.Err())
	return ""
}

// ended notes that a stream has.
func (s *site) ended(r Reason) {
	s.mu.Lock()
	s.closed = append(s.closed, r)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// nextEnd returns why the next stream ended, "" if none has in time.
func (s *site) nextEnd(within time.Duration) Reason {
	limit := time.After(within)
	for {
		s.mu.Lock()
		if len(s.closed) > 0 {
			r := s.closed[0]
			s.closed = s.closed[1:]
			s.mu.Unlock()
			return r
		}
		s.mu.Unlock()
		select {
		case <-s.more:
		case <-limit:
			return ""
		}
	}
}

// reason waits for it.
func (s *site) reason(t *testing.T) Reason {
	t.Helper()
	r := s.nextEnd(20 * time.Second)
	if r == "" {
		t.Fatal("the stream did not end")
	}
	return r
}

func overAll(t *testing.T, f func(*testing.T, transport)) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) { f(t, tr) })
	}
}

func TestCarriedStreamDelivers(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newSite(t, tr, 0, nil)
		lines := s.open(t)
		next(t, lines, "retry: 1000")
		for i := range 300 {
			appendTo(t, s.log, update(t, fmt.Sprint(i), "a"))
		}
		big := strings.Repeat("x", 3<<20)
		appendTo(t, s.log, update(t, big, "a"))
		for i := range 300 {
			if got, want := next(t, lines, "data:"), fmt.Sprintf("data: %d", i); got != want {
				t.Fatalf("REPLAY-order-gapless: got %q, want %q", got, want)
			}
		}
		if got := next(t, lines, "data:"); got != "data: "+big {
			t.Errorf("an event of 3 MiB arrived with %d bytes", len(got))
		}
	})
}

func TestHeartbeatIsACommentWithoutABlankLine(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newSite(t, tr, 20*time.Millisecond, nil)
		lines := s.open(t)
		next(t, lines, "retry:")
		for range 3 {
			if !lines.Scan() || lines.Text() != ":" {
				t.Fatalf("SSE-keepalive: a silent stream sent %q, want %q", lines.Text(), ":")
			}
		}
	})
}

// A server may well bound requests and answers; a stream has its own limits.
func TestStreamOutlivesTheServersTimeouts(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		serve := tr.serve
		tr.serve = func(s *httptest.Server) {
			s.Config.ReadTimeout, s.Config.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond
			serve(s)
		}
		lines := newSite(t, tr, 40*time.Millisecond, nil).open(t)
		for range 10 {
			next(t, lines, ":")
		}
	})
}

func TestStreamEndsOnTime(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		asked := make(chan time.Time, 1)
		s := newSite(t, tr, 0, func(sub *Subscription) {
			sub.Ends, sub.EndsWith = time.Now().Add(300*time.Millisecond), TokenExpired
			asked <- sub.Ends
		})
		lines := s.open(t)
		ends := <-asked
		for lines.Scan() {
		}
		if err := lines.Err(); err != nil {
			t.Errorf("SSE-clean-end: the response was cut instead of ended: %v", err)
		}
		if late := time.Since(ends); late < 0 || late > 5*time.Second {
			t.Errorf("AUTH-exp-close: ended %v after its end", late)
		}
		if got := s.reason(t); got != TokenExpired {
			t.Errorf("closed with %q, want %q", got, TokenExpired)
		}
	})
}

func TestClosingSendsWhatIsPending(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newSite(t, tr, 0, nil)
		lines := s.open(t)
		next(t, lines, "retry:")
		appendTo(t, s.log, update(t, "last words", "a"))
		s.engine.mu.Lock()
		for sub := range s.engine.members {
			sub.stream.Enqueue(&Event{payload: newPayload(append(make([]byte, chunkHead), "data: and one more\n\n"...)), made: time.Now()})
			sub.stream.Close(MaxLifetime)
		}
		s.engine.mu.Unlock()
		next(t, lines, "data: and one more")
		for lines.Scan() {
		}
		if err := lines.Err(); err != nil {
			t.Errorf("SSE-clean-end: the response was cut instead of ended: %v", err)
		}
		if got := s.reason(t); got != MaxLifetime {
			t.Errorf("closed with %q, want %q", got, MaxLifetime)
		}
	})
}

// TestLifetimeLeavesTimeToWrite: what a stream still has to send when its
// lifetime is over must not break it off.
func TestLifetimeLeavesTimeToWrite(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newSite(t, tr, 0, func(sub *Subscription) { sub.Ends, sub.EndsWith = time.Now(), MaxLifetime })
		lines := s.open(t)
		next(t, lines, "retry: 1000")
		for lines.Scan() {
		}
		if err := lines.Err(); err != nil {
			t.Errorf("SSE-clean-end: the response was cut instead of ended: %v", err)
		}
		if got := s.reason(t); got != MaxLifetime {
			t.Errorf("closed with %q, want %q", got, MaxLifetime)
		}
	})
}

func TestClientThatLeavesIsForgotten(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newSite(t, tr, 0, nil)
		resp, err := s.client.Get(s.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := s.reason(t); got != ClientGone {
			t.Errorf("closed with %q, want %q", got, ClientGone)
		}
		if st := s.engine.Stats(); st.Live+st.CatchingUp != 0 || st.Closed[ClientGone] != 1 {
			t.Errorf("a subscriber is still counted: %+v", st)
		}
	})
}

// TestSlowReaderLosesNothing stops reading for longer than any buffer holds.
func TestSlowReaderLosesNothing(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newSite(t, tr, 0, nil)
		lines := s.open(t)
		next(t, lines, "retry:")
		payload := strings.Repeat("x", 32<<10)
		const n = 1200 // 38 MiB: more than the kernel and an HTTP/2 window take
		for i := range n {
			appendTo(t, s.log, update(t, fmt.Sprintf("%d %s", i, payload), "a"))
		}
		for i := range n {
			got := next(t, lines, "data:")
			if want := fmt.Sprintf("data: %d ", i); !strings.HasPrefix(got, want) {
				t.Fatalf("event %d: got %.20q", i, got)
			}
		}
		st := s.engine.Stats()
		if st.FellBehind == 0 {
			t.Errorf("the reader was never sent back to catching up, so this test shows nothing: %+v", st)
		}
		t.Logf("live → catching up %d times, caught up %d times", st.FellBehind, st.CaughtUp)
	})
}

// TestStalledReaderHoldsOneHeavyEvent: of the large events that a reader does
// not take its stream refers to one, which is being written. It gets them all
// when it reads.
func TestStalledReaderHoldsOneHeavyEvent(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newSite(t, tr, 0, nil)
		lines := s.open(t)
		lines.Buffer(nil, 16<<20)
		next(t, lines, "retry:")
		payload := strings.Repeat("x", 8<<20) // an HTTP/2 window is smaller
		const n = 4
		for i := range n {
			appendTo(t, s.log, update(t, fmt.Sprintf("%d %s", i, payload), "a"))
		}
		for deadline := time.Now().Add(20 * time.Second); s.engine.Stats().FellBehind == 0 || s.pendingSize() > pendingBytes; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("beside what is being written %d bytes wait: %+v", s.pendingSize(), s.engine.Stats())
			}
		}
		for i := range n {
			if got, want := next(t, lines, "data:"), fmt.Sprintf("data: %d ", i); !strings.HasPrefix(got, want) {
				t.Fatalf("event %d: got %.20q", i, got)
			}
		}
	})
}

// pendingSize is how many bytes the streams of a site have taken and not begun
// to write.
func (s *site) pendingSize() (size int) {
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	for sub := range s.engine.members {
		switch stream := sub.stream.(type) {
		case *portable:
			stream.mu.Lock()
			size += stream.pending.bytes
			stream.mu.Unlock()
		case *hijacked:
			stream.shard.mu.Lock()
			if stream.waiting != nil {
				size += stream.waiting.size
			}
			stream.shard.mu.Unlock()
		}
	}
	return size
}

func TestReaderThatNeverReadsIsClosed(t *testing.T) {
	overAll(t, func(t *testing.T, tr transport) {
		s := newStallingSite(t, tr, 0, 500*time.Millisecond, nil)
		resp, err := s.client.Get(s.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		payload := strings.Repeat("x", 512<<10)
		for {
			appendTo(t, s.log, update(t, payload, "a"))
			if got := s.nextEnd(5 * time.Millisecond); got != "" {
				if got != TooSlow {
					t.Errorf("closed with %q, want %q", got, TooSlow)
				}
				return
			}
		}
	})
}

// TestHTTP10StreamHasNoChunks speaks 1.0, as nginx does to its upstreams.
func TestHTTP10StreamHasNoChunks(t *testing.T) {
	for _, name := range []string{"http1.1", "hijacked http1.1"} {
		t.Run(name, func(t *testing.T) { testHTTP10StreamHasNoChunks(t, named(name)) })
	}
}

func testHTTP10StreamHasNoChunks(t *testing.T, tr transport) {
	s := newSite(t, tr, 0, nil)
	conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.0\r\nHost: hub\r\n\r\n")
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(strings.ToLower(line), "transfer-encoding") {
			t.Errorf("a 1.0 client was answered with %q", line)
		}
		if line == "\r\n" {
			break
		}
	}
	id := appendTo(t, s.log, update(t, "hello", "a"))[0].ID.String()
	want := "retry: 1000\n" + "id: " + id + "\ndata: hello\n\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(in, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("the body begins\n%q, want\n%q", got, want)
	}
}
