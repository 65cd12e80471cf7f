package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything that should happen at once may take on a busy
// machine.
const patience = 30 * time.Second

// A child is the program, run by a test.
type child struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, log lines
}

// lines are what a child wrote, one by one.
type lines <-chan string

func start(t *testing.T, args ...string) *child {
	t.Helper()
	return startCommand(t, exec.Command("cinnabar", args...))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *child {
	t.Helper()
	c := &child{t: t, cmd: cmd}
	c.cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	c.out, c.log = c.pipe(c.cmd.StdoutPipe()), c.pipe(c.cmd.StderrPipe())
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.cmd.Process.Kill(); c.cmd.Wait() })
	return c
}

func (c *child) pipe(r io.ReadCloser, err error) lines {
	if err != nil {
		c.t.Fatal(err)
	}
	// A child writes a handful of lines; the buffer keeps the reader from
	// waiting for a test that does not look.
	l := make(chan string, 1000)
	go func() {
		defer close(l)
		for s := bufio.NewScanner(r); s.Scan(); {
			l <- s.Text()
		}
	}()
	return l
}

// until returns the lines up to the first that holds the text.
func (l lines) until(t *testing.T, text string) []string {
	t.Helper()
	var seen []string
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-l:
			seen = append(seen, line)
			if strings.Contains(line, text) {
				return seen
			}
			if !ok {
				t.Fatalf("the program ended without saying %q:\n%s", text, strings.Join(seen, "\n"))
			}
		case <-timeout:
			t.Fatalf("the program did not say %q:\n%s", text, strings.Join(seen, "\n"))
		}
	}
}

// readyLine is what serve tells on its standard output.
type readyLine struct {
	Event, Hub, Metrics string
	PID                 int
}

// serve starts a hub that has to become ready.
func serve(t *testing.T, args ...string) (*child, readyLine) {
	t.Helper()
	return ready(t, exec.Command("cinnabar", append([]string{"serve", "--addr", "127.0.0.1:0", "--publisher-jwt-key", secret, "--anonymous"}, args...)...))
}

// ready starts a hub by a command and waits for what it tells.
func ready(t *testing.T, cmd *exec.Cmd) (*child, readyLine) {
	t.Helper()
	c := startCommand(t, cmd)
	var r readyLine
	line := c.out.until(t, "ready")
	if err := json.Unmarshal([]byte(line[len(line)-1]), &r); err != nil {
		t.Fatal(err)
	}
	return c, r
}

const secret = "a-secret-of-more-than-32-bytes-for-tests"

func (c *child) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// exit waits for the child's end and returns its exit code.
func (c *child) exit() int {
	c.t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	select {
	case err := <-done:
		var status *exec.ExitError
		if err != nil && !errors.As(err, &status) {
			c.t.Fatal(err)
		}
	case <-time.After(patience):
		c.signal(syscall.SIGQUIT)
		c.t.Fatal("the program did not end")
	}
	return c.cmd.ProcessState.ExitCode()
}
