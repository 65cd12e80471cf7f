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

// Topic returns a topic that is this run's own: an https URL that ends in the
// name.
func (t *T) Topic(name string) string {
	return "https://example.com/" + t.run + "/" + name
}

// Legacy reports whether the generation judged is 0.x.
func (t *T) Legacy() bool { return t.Gen == legacy }
