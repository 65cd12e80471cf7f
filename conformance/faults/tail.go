package faults

import (
	"strings"
	"sync"
)

// A Tail keeps the last lines written to it, one by one, as a [Program]
// writes its output. It is safe for concurrent use.
type Tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *Tail) Write(line []byte) (int, error) {
	const kept = 40
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, string(line))
	t.lines = t.lines[max(0, len(t.lines)-kept):]
	return len(line), nil
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "")
}
