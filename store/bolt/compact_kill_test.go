package bolt

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

const compactedEnv = "CINNABAR_TEST_COMPACTED_HISTORY"

// TestCompactKilled kills a process that compacts its history again and again
// while it appends. Whatever it had acknowledged is there, at its place, and
// nothing else lies beside it once it was opened again.
func TestCompactKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "hub.db")
	l := used(t, path, 4000, Options{})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	rounds, midway, total := 12, 0, 0
	for range rounds {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), compactedEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := make(map[string]store.Position)
		lines := bufio.NewScanner(out)
		compactions, when := 0, rand.IntN(3)
		for lines.Scan() {
			var p store.Position
			var id string
			switch n, _ := fmt.Sscan(lines.Text(), &p, &id); {
			case n == 2:
				acknowledged[id] = p
			case lines.Text() != "compacting":
				t.Fatalf("the child said %q", lines.Text())
			default:
				if compactions++; compactions == when+1 {
					// Somewhere within it, or not long after.
					time.AfterFunc(rand.N(80*time.Millisecond), func() { cmd.Process.Kill() })
				}
			}
		}
		cmd.Wait() // killed
		if _, err := os.Stat(draftPath(path)); err == nil {
			midway++
		}
		total += len(acknowledged)
		l, err := Open(path, Options{MaxBytes: -1})
		if err != nil {
			t.Fatal(err)
		}
		for id, p := range acknowledged {
			if place, err := l.Find(background, id); err != nil || place.Found != store.Known || place.After != p {
				t.Errorf("%s leads to %+v, error %v; want %d", id, place, err, p)
			}
		}
		if s, err := l.Summary(background); err != nil || s.Entries < int64(4000+len(acknowledged)) {
			t.Errorf("%+v, error %v; want all entries", s, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		leftOver(t, folder, "hub.db")
	}
	t.Logf("%d acknowledged, %d of %d kills within a compaction", total, midway, rounds)
	if midway == 0 {
		t.Error("no kill came within a compaction: nothing was put at risk")
	}
}

// compactedChild is the process that is killed.
func compactedChild() bool {
	path := os.Getenv(compactedEnv)
	if path == "" {
		return false
	}
	fail := func(err error) {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	l, err := Open(path, Options{MaxBytes: -1})
	if err != nil {
		fail(err)
	}
	go func() {
		for {
			fmt.Println("compacting")
			if _, err := l.Compact(background, silent); err != nil {
				fail(err)
			}
		}
	}()
	for i := 0; ; i++ {
		f := spec.Fields{Topics: []string{"a"}, Data: strings.Repeat("y", 100)}
		if i%2 == 0 {
			f.ID = fmt.Sprintf("urn:%d:%d", os.Getpid(), i)
		}
		u, err := spec.NewUpdate(f, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
		if err != nil {
			fail(err)
		}
		r, err := l.Append(background, store.Disk, u)
		if err != nil {
			fail(err)
		}
		fmt.Println(r.Entries[0].Position, r.Entries[0].ID)
	}
}
