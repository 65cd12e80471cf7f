package clients

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// A follower is a real client in a process of its own, following several
// streams. It tells us what it lives through and is told nothing.
type follower struct {
	news chan struct{} // one slot: something was added to the log

	mu    sync.Mutex
	log   []happening
	ended bool
}

// A happening is one line a client's script writes.
type happening struct {
	Stream int    `json:"stream"`
	Kind   string `json:"kind"` // open, event, lost (will come back), closed (will not); wall.js has its own
	event
}

// startFollower runs a script of this folder until the test is over.
func startFollower(t *testing.T, script string, args ...string) *follower {
	t.Helper()
	f, _ := startScript(t, script, args...)
	return f
}

// startWall opens the example's page in a browser; what is encoded to form is
// entered on the page.
func startWall(t *testing.T, site string) (wall *follower, form *json.Encoder) {
	t.Helper()
	wall, stdin := startScript(t, "wall.js", site)
	return wall, json.NewEncoder(stdin)
}

// startScript runs a script, which lasts until its standard input ends, and
// ends that with the test.
func startScript(t *testing.T, script string, args ...string) (*follower, io.Writer) {
	t.Helper()
	command := exec.Command("node", append([]string{script}, args...)...)
	command.Env = append(os.Environ(), "CHROMIUM="+chromiumPath, "TMPDIR="+t.TempDir())
	command.Stderr = t.Output()
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatalf("starting %s: %v", script, err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatalf("starting %s: %v", script, err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("starting %s: %v", script, err)
	}
	f := &follower{news: make(chan struct{}, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			var h happening
			if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
				t.Errorf("%s wrote %q: %v", script, lines.Bytes(), err)
				continue
			}
			f.add(h)
		}
		f.end()
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		// Playwright's browser ends with the pipe to the script that holds it.
		force := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
		defer force.Stop()
		<-read
		_ = command.Wait()
	})
	return f, stdin
}

func (f *follower) add(h happening) {
	f.mu.Lock()
	f.log = append(f.log, h)
	f.mu.Unlock()
	f.tell()
}

func (f *follower) end() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.tell()
}

func (f *follower) tell() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// await waits until what one stream has lived through satisfies done; want
// says in words what that is, beginning with the requirement.
func (f *follower) await(t *testing.T, stream int, want string, done func([]happening) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		log, ended := f.of(stream)
		if done(log) {
			return
		}
		if ended {
			t.Fatalf("%s; the client ended, having reported %+v", want, log)
		}
		select {
		case <-f.news:
		case <-deadline:
			t.Fatalf("%s within %v; the client reported %+v", want, patience, log)
		}
	}
}

// of returns the happenings of one stream.
func (f *follower) of(stream int) (log []happening, ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.log {
		if h.Stream == stream {
			log = append(log, h)
		}
	}
	return log, f.ended
}

// count returns how many happenings are of a kind.
func count(log []happening, kind string) (n int) {
	for _, h := range log {
		if h.Kind == kind {
			n++
		}
	}
	return n
}

// events returns the events among happenings.
func events(log []happening) (events []event) {
	for _, h := range log {
		if h.Kind == "event" {
			events = append(events, h.event)
		}
	}
	return events
}
