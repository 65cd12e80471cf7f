package cli

import (
	"os"
	"runtime"
	"testing"
)

// Interrupted, it prints what it has and does not pass; no process of its own
// is left.
func TestBenchInterrupted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: bench runs on Linux")
	}
	c := start(t, "bench", "idle", "publish", "--streams", "10", "--turn", "10ms", "--rounds", "1000000", "--dir", t.TempDir())
	c.log.until(t, "idle 2/1000000, ")
	c.signal(os.Interrupt)
	c.out.until(t, "memory per stream, HTTP/1.1, 10 streams")
	c.log.until(t, "cinnabar: idle: interrupted")
	if code := c.exit(); code != 1 {
		t.Errorf("exit code %d after an interrupt, want 1", code)
	}
}
