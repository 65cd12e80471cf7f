package cli

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
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

// A reader of its output that goes away ends it, and takes the hubs along.
func TestBenchUnread(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: bench runs on Linux")
	}
	dir := t.TempDir()
	unread := exec.Command("sh", "-c", `cinnabar bench idle --streams 10 --turn 10ms --rounds 1000000 --dir "$0" 2>&1 | head -3`, dir)
	unread.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := unread.CombinedOutput() // when both have ended
	if err != nil || !strings.Contains(string(out), "idle 1/1000000") {
		t.Fatalf("%v: %s", err, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("it leaves %v behind, %v", left, err)
	}
}
