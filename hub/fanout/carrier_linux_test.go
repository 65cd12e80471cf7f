package fanout

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
	"weak"

	"cinnabar/spec"

	"golang.org/x/sys/unix"
)

// TestPeersThatGoOnSending are left: a hijacked stream reads what comes, or
// would not notice a peer that leaves.
func TestPeersThatGoOnSending(t *testing.T) {
	for _, name := range []string{"hijacked http1.1", "hijacked tls"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, named(name), 0, nil)
			conn := s.dial(t)
			ask(t, conn, get+"\r\n")
			go func() {
				for {
					if _, err := conn.Write(make([]byte, 512)); err != nil {
						return
					}
				}
			}()
			if got := s.reason(t); got != ClientGone {
				t.Errorf("closed with %q, want %q", got, ClientGone)
			}
		})
	}
}

// TestKernelBoundsAStream: what it holds for a peer that does not read, and for
// how long for one that does not answer.
func TestKernelBoundsAStream(t *testing.T) {
	s := newStallingSite(t, named("hijacked http1.1"), 0, 20*time.Second, nil)
	ask(t, s.dial(t), get+"\r\n")
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	for sub := range s.engine.members {
		fd := int(sub.stream.(*hijacked).socket.(*plain).raw.(descriptor))
		buffer, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
		if err != nil || buffer != 2*sendBuffer {
			t.Errorf("the send buffer has %d bytes (%v), want %d", buffer, err, 2*sendBuffer)
		}
		patience, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		if err != nil || patience != 30_000 {
			t.Errorf("bytes may stay unacknowledged for %d ms (%v), want 30 s", patience, err)
		}
	}
}

// TestRequestIsForgotten: an idle stream keeps nothing of its request.
func TestRequestIsForgotten(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"http1.1": startHijacked, "tls": startHijackedTLS} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t, newLog(t))
			requests := make(chan weak.Pointer[http.Request], 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests <- weak.Make(r)
				want := Subscription{Selectors: []*spec.Selector{topic(t, "a")}}
				if err := e.Carry(w, r, want, []byte("retry: 1000\n")); err != nil {
					t.Error(err)
				}
			}))
			start(server)
			defer server.Close()
			s := &site{engine: e, server: server}
			ask(t, s.dial(t), get+"\r\n")
			request := <-requests
			for deadline := time.Now().Add(10 * time.Second); request.Value() != nil; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the request is still reachable")
				}
				runtime.GC()
			}
			if st := e.Stats(); st.Live != 1 {
				t.Errorf("the stream is not open any more: %+v", st)
			}
		})
	}
}
