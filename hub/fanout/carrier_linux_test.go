package fanout

import (
	"testing"
	"time"

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
