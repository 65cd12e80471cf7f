//go:build unix

package bolt

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

const limitedEnv = "CINNABAR_TEST_LIMITED_HISTORY"

// TestFullDisk lets a real file system refuse: a process of its own may not
// make files larger than 24 MiB, fills that, is given more, and goes on.
func TestFullDisk(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), limitedEnv+"="+filepath.Join(t.TempDir(), "hub.db"))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the limited process: %v", err)
	}
}

// limitedChild is the other process.
func limitedChild() bool {
	path := os.Getenv(limitedEnv)
	if path == "" {
		return false
	}
	if err := fillAndGoOn(path); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	return true
}

func fillAndGoOn(path string) error {
	signal.Ignore(syscall.SIGXFSZ) // so that writing fails instead
	limit := func(size uint64) error {
		var r syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &r); err != nil {
			return err
		}
		r.Cur = min(size, r.Max)
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &r)
	}
	if err := limit(24 << 20); err != nil {
		return err
	}
	l, err := Open(path, Options{})
	if err != nil {
		return err
	}
	body := strings.Repeat("x", 100<<10)
	var acknowledged []store.Entry
	fill := func(n int) error {
		for i := range n {
			u, err := spec.NewUpdate(spec.Fields{Topics: []string{"a"}, Data: fmt.Sprint(i, body)},
				spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
			if err != nil {
				return err
			}
			r, err := l.Append(background, store.Disk, u)
			if err != nil {
				return err
			}
			acknowledged = append(acknowledged, r.Entries...)
		}
		return nil
	}
	// Pages that commits have freed may make room once more; in the end there
	// is none, and trying to recover does not pretend otherwise.
	for round := 0; l.Health() == nil; round++ {
		if err = fill(1000); !errors.Is(err, store.ErrUnavailable) || round == 10 {
			return fmt.Errorf("filling the disk, round %d: %v after %d; want ErrUnavailable", round, err, len(acknowledged))
		}
		for i := 0; i < 50 && l.Health() != nil; i++ {
			time.Sleep(10 * time.Millisecond)
		}
	}
	fmt.Printf("%d entries, then: %v\n", len(acknowledged), err)
	if err := limit(1 << 62); err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); l.Health() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("not healed: %w", l.Health())
		}
	}
	if err := fill(200); err != nil {
		return fmt.Errorf("appending after the disk had room: %w", err)
	}
	if err := l.Close(); err != nil {
		return err
	}
	l, err = Open(path, Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	i := 0
	for after := store.Position(0); i < len(acknowledged); {
		c, err := l.Read(background, after, 1<<20)
		if err != nil {
			return err
		}
		if len(c.Entries) == 0 {
			return fmt.Errorf("%d of %d acknowledged entries are there", i, len(acknowledged))
		}
		for _, e := range c.Entries {
			if e.Position == acknowledged[i].Position && e.ID == acknowledged[i].ID {
				i++
			}
		}
		after = c.Through
	}
	fmt.Printf("%d acknowledged entries are there\n", i)
	return nil
}
