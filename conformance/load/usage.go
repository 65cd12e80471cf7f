package load

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"cinnabar/conformance/faults"
)

// Written returns how many bytes a process has caused to be written to block
// devices. It needs Linux, and a file system that counts: tmpfs does not.
func Written(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0, fmt.Errorf("reading what a process has written: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		var n int64
		if _, err := fmt.Sscanf(line, "write_bytes: %d", &n); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("process %d does not say what it has written", pid)
}

// A Watch is what a process took of the machine from one moment to another.
type Watch struct {
	Before, After faults.Usage
	Peak          faults.Usage // of memory, sampled every 20 ms
	CPU           time.Duration
}

// WatchWhile watches a process while something is done.
func WatchWhile(ctx context.Context, pid int, do func(context.Context) error) (w Watch, err error) {
	if w.Before, err = faults.UsageOf(pid); err != nil {
		return w, err
	}
	w.Peak = w.Before
	ctx, cancel := context.WithCancel(ctx)
	sampled := make(chan error)
	go func() {
		ticks := time.NewTicker(20 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				sampled <- nil
				return
			case <-ticks.C:
			}
			u, err := faults.UsageOf(pid)
			if err != nil {
				sampled <- err
				return
			}
			w.Peak.Anon, w.Peak.RSS = max(w.Peak.Anon, u.Anon), max(w.Peak.RSS, u.RSS)
		}
	}()
	err = do(ctx)
	cancel()
	if sampling := <-sampled; err == nil {
		err = sampling
	}
	if err != nil {
		return w, err
	}
	w.After, err = faults.UsageOf(pid)
	w.CPU = w.After.CPU - w.Before.CPU
	return w, err
}
