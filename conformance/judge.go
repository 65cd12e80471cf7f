package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"sync"
)

// A T is one run of one case: against one hub, in one generation. A failed
// assertion says what was expected; Fatalf ends the run.
type T struct {
	*Target
	Gen string // the generation judged: legacy or current

	ctx context.Context
	run string // makes the topics of this run its own
	*minutes
}

// minutes are what happened in a run, on whichever hub.
type minutes struct {
	mu       sync.Mutex
	failures []string
	steps    []string // requests made, for whoever reads a failure
	failedAt []int    // for each failure, how many steps had been made
	cleanups []func()
}

// newT prepares a run.
func newT(ctx context.Context, target *Target, gen string) *T {
	var b [8]byte
	rand.Read(b[:])
	return &T{Target: target, Gen: gen, ctx: ctx, run: hex.EncodeToString(b[:]), minutes: new(minutes)}
}

// On returns the same run against a variant of the hub.
func (t *T) On(variant string) *T {
	target, err := t.variant(variant)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &T{Target: target, Gen: t.Gen, ctx: t.ctx, run: t.run, minutes: t.minutes}
}

// restarts stops and starts the hub on the same history, where the suite was
// told how, and reports whether it did. The command has to wait until the hub
// is ready.
func (t *T) restarts() bool {
	switch {
	case t.restart != nil:
		if err := t.restart(); err != nil {
			t.Fatalf("restarting the hub: %v", err)
		}
	case t.Restart != "":
		if out, err := exec.CommandContext(t.ctx, "sh", "-c", t.Restart).CombinedOutput(); err != nil {
			t.Fatalf("restarting the hub by %q: %v: %s", t.Restart, err, out)
		}
	default:
		return false
	}
	t.step("restarted the hub")
	t.client.CloseIdleConnections()
	return true
}

// Errorf notes a failed assertion and goes on.
func (m *minutes) Errorf(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures = append(m.failures, fmt.Sprintf(format, args...))
	m.failedAt = append(m.failedAt, len(m.steps))
}

// Fatalf notes a failed assertion and ends the run. Only the goroutine that
// runs the case may call it.
func (m *minutes) Fatalf(format string, args ...any) {
	m.Errorf(format, args...)
	runtime.Goexit()
}

// Cleanup adds what has to be undone after the run, last first.
func (m *minutes) Cleanup(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cleanups = append(m.cleanups, f)
}

// end undoes.
func (m *minutes) end() {
	m.mu.Lock()
	fs := m.cleanups
	m.cleanups = nil
	m.mu.Unlock()
	for _, f := range slices.Backward(fs) {
		f()
	}
}

// step notes what was done.
func (m *minutes) step(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps = append(m.steps, fmt.Sprintf(format, args...))
}

// Of a run with many steps only those that led to a failure are shown: a table
// of cases makes hundreds, one of which went wrong.
const (
	fewSteps  = 8
	stepsBack = 3 // before the one that went wrong
)

// stepsToFailures returns the steps that led to failures, and where others
// were left out.
func (m *minutes) stepsToFailures() []string {
	if len(m.steps) <= fewSteps {
		return m.steps
	}
	shown := make([]bool, len(m.steps))
	for _, at := range m.failedAt {
		for i := max(0, at-1-stepsBack); i < at; i++ {
			shown[i] = true
		}
	}
	var steps []string
	leftOut := 0
	note := func() {
		if leftOut > 0 {
			steps = append(steps, fmt.Sprintf("… %d steps without a failure", leftOut))
		}
		leftOut = 0
	}
	for i, step := range m.steps {
		if !shown[i] {
			leftOut++
			continue
		}
		note()
		steps = append(steps, step)
	}
	note()
	return steps
}

// Topic returns a topic that is this run's own: an https URL that ends in the
// name.
func (t *T) Topic(name string) string {
	return "https://example.com/" + t.run + "/" + name
}

// Legacy reports whether the generation judged is 0.x.
func (t *T) Legacy() bool { return t.Gen == legacy }
