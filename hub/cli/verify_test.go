//go:build unix

package cli

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A hub that somebody else keeps alive is killed by their command and verified
// in both generations; only its disk and its metrics are out of reach.
func TestVerifyGivenHub(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	const issuer, resource = "https://issuer.example", "https://hub.example/.well-known/mercure"
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	supervisor := exec.Command("sh", "-c", `trap 'kill -9 $!; exit' TERM; while :; do cinnabar serve "$@" & echo $! >`+pid+`; wait; done`, "sh",
		"--addr", addr, "--store", "bolt://"+filepath.Join(dir, "hub.db"), "--anonymous", "--publisher-jwt-key", secret,
		"--subscriber-jwt-key", secret, "--trusted-issuers", issuer, "--resource-identifier", resource)
	if err := supervisor.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		supervisor.Process.Signal(syscall.SIGTERM)
		supervisor.Wait()
	})
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			break
		}
		if time.Since(begun) > patience {
			t.Fatalf("no hub yet: %v", err)
		}
	}
	c := start(t, "verify", "--for", "0", "--url", "http://"+addr+"/.well-known/mercure", "--restart-command", "kill -9 $(cat "+pid+")",
		"--publisher-jwt-key", secret, "--subscriber-jwt-key", secret, "--trusted-issuers", issuer, "--resource-identifier", resource,
		"--anonymous", "--without", "disk,turns")
	c.out.until(t, "kills          3; publishes in flight at each: ")
	c.out.until(t, "verified: ")
	if code := c.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// Interrupted, it says what it knows and does not pass.
func TestVerifyInterrupted(t *testing.T) {
	c := start(t, "verify", "--for", "1h", "--dir", t.TempDir())
	c.log.until(t, "round ") // whichever is under way when it reports
	c.signal(os.Interrupt)
	c.out.until(t, "acknowledged ")
	if code := c.exit(); code != 1 {
		t.Errorf("exit code %d after an interrupt, want 1", code)
	}
}
