package cli

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// runProgram runs the program to its end, and returns what it wrote.
func runProgram(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	cmd := exec.Command("cinnabar", args...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	var out, log strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, log.String())
	}
	return out.String(), nil
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := runProgram(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// publishers publish to a hub until they are stopped or it is gone.
type publishers struct {
	stop         chan struct{}
	done         sync.WaitGroup
	mu           sync.Mutex
	acknowledged []string
}

func startPublishers(hub string, n int) *publishers {
	p := &publishers{stop: make(chan struct{})}
	for i := range n {
		p.done.Go(func() {
			send := &publication{hubAccess: hubAccess{url: hub, key: secret}}
			for k := 0; ; k++ {
				select {
				case <-p.stop:
					return
				default:
				}
				if send.id = ""; k%2 == 0 {
					send.id = fmt.Sprintf("urn:%s:%d:%d", hub, i, k)
				}
				answer, err := send.send(http.DefaultClient, []string{"a"}, strings.Repeat("x", 200))
				if err != nil {
					return // killed
				}
				p.mu.Lock()
				p.acknowledged = append(p.acknowledged, answer.id)
				p.mu.Unlock()
			}
		})
	}
	return p
}

func (p *publishers) end() []string {
	close(p.stop)
	p.done.Wait()
	return p.acknowledged
}

// exportedIDs returns the ids of an export, in order, after a look at
// the order of positions.
func exportedIDs(t *testing.T, lines string) []string {
	t.Helper()
	var ids []string
	last := uint64(0)
	for line := range strings.Lines(lines) {
		var x struct {
			Position uint64
			ID       string
			End      *struct{ Updates int }
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if x.End != nil {
			if x.End.Updates != len(ids) {
				t.Errorf("%d updates and an end that speaks of %d", len(ids), x.End.Updates)
			}
			continue
		}
		if x.Position <= last {
			t.Errorf("position %d after %d", x.Position, last)
		}
		last = x.Position
		ids = append(ids, x.ID)
	}
	return ids
}

// holds fails for every id that is not there exactly once.
func holds(t *testing.T, what string, there, want []string) {
	t.Helper()
	count := make(map[string]int)
	for _, id := range there {
		count[id]++
	}
	for _, id := range want {
		if count[id] != 1 {
			t.Errorf("%s: %s is there %d times, want once", what, id, count[id])
		}
	}
}

// TestOperationsUnderLoad backs up, exports and compacts the history of a hub
// that is published to. What was acknowledged before is in what comes out, what
// was acknowledged at all stays in the history.
func TestOperationsUnderLoad(t *testing.T) {
	folder := t.TempDir()
	store := "bolt:" + folder + "/hub.db"
	c, at := serve(t, "--store", store, "--drain", "0")
	p := startPublishers(at.Hub, 8)
	time.Sleep(300 * time.Millisecond)
	p.mu.Lock()
	before := append([]string(nil), p.acknowledged...)
	p.mu.Unlock()
	copied := filepath.Join(folder, "copy.db")
	mustRun(t, "history", "backup", "--store", store, copied)
	lines := mustRun(t, "history", "export", "--store", store)
	t.Log(mustRun(t, "history", "compact", "--store", store))
	t.Log(mustRun(t, "history", "compact", "--store", store))
	acknowledged := p.end()
	holds(t, "the backup", exportedIDs(t, mustRun(t, "history", "export", "--store", "bolt:"+copied)), before)
	holds(t, "the export", exportedIDs(t, lines), before)
	holds(t, "the history", exportedIDs(t, mustRun(t, "history", "export", "--store", store)), acknowledged)
	if len(before) == 0 || len(acknowledged) == len(before) {
		t.Errorf("%d were acknowledged before and %d in all: there was no load", len(before), len(acknowledged))
	}
	c.signal(os.Interrupt)
	if code := c.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if _, err := os.Stat(folder + "/hub.db.sock"); err == nil {
		t.Error("the admin socket is still there")
	}
}

// TestKilledInOperations kills hubs in the middle of backups and compactions
// while they are published to. The history has everything that was acknowledged,
// and a backup is either whole or not there.
func TestKilledInOperations(t *testing.T) {
	folder := t.TempDir()
	store := "bolt:" + folder + "/hub.db"
	copied := filepath.Join(folder, "copy.db")
	var acknowledged []string
	for round := range 6 {
		c, at := serve(t, "--store", store)
		p := startPublishers(at.Hub, 4)
		time.Sleep(100 * time.Millisecond)
		operation := []string{"history", "compact", "--store", store}
		if round%2 == 1 {
			operation = []string{"history", "backup", "--force", "--store", store, copied}
		}
		killed, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for { // what ends without a hub was done without one
				select {
				case <-killed:
					return
				default:
					_, err := runProgram(t, operation...)
					if err != nil {
						t.Log(err)
					}
				}
			}
		}()
		time.Sleep(rand.N(300*time.Millisecond) + 50*time.Millisecond)
		c.cmd.Process.Kill()
		close(killed)
		c.cmd.Wait()
		<-ended
		acknowledged = append(acknowledged, p.end()...)
		holds(t, fmt.Sprintf("the history after round %d", round), exportedIDs(t, mustRun(t, "history", "export", "--store", store)), acknowledged)
		if _, err := os.Stat(copied); err == nil {
			exportedIDs(t, mustRun(t, "history", "export", "--store", "bolt:"+copied))
		}
	}
	t.Logf("%d acknowledged", len(acknowledged))
}

// TestKilledImport kills a hub in the middle of an import, and goes on with it
// until it is done: everything is there, once and in order.
func TestKilledImport(t *testing.T) {
	folder := t.TempDir()
	from, to := "bolt:"+folder+"/from.db", "bolt:"+folder+"/to.db"
	c, at := serve(t, "--store", from, "--drain", "0")
	p := startPublishers(at.Hub, 8)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		p.mu.Lock()
		n := len(p.acknowledged)
		p.mu.Unlock()
		if n > 12_000 || n > 1000 && time.Now().After(deadline) {
			break
		}
	}
	p.end()
	c.signal(os.Interrupt)
	c.exit()
	file := filepath.Join(folder, "export.ndjson")
	mustRun(t, "history", "export", "--store", from, file)
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := exportedIDs(t, string(lines))

	interrupted := 0
	for done := false; !done; {
		c, _ := serve(t, "--store", to, "--drain", "0")
		kill := time.AfterFunc(rand.N(300*time.Millisecond)+time.Duration(interrupted)*200*time.Millisecond, func() { c.cmd.Process.Kill() })
		_, err := runProgram(t, "history", "import", "--resume", "--store", to, file)
		done = kill.Stop() && err == nil
		if !done {
			interrupted++
		}
		c.cmd.Process.Kill()
		c.cmd.Wait()
	}
	got := exportedIDs(t, mustRun(t, "history", "export", "--store", to))
	if len(got) != len(want) {
		t.Fatalf("%d updates after %d interruptions, want %d", len(got), interrupted, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("update %d is %s, want %s", i, got[i], want[i])
		}
	}
	t.Logf("%d updates after %d interruptions", len(got), interrupted)
}
