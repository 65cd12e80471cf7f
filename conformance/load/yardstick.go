package load

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"

	"cinnabar/conformance/faults"
)

// The yardsticks that this package serves itself, as processes of their own.
const (
	goLoop      = "go-write-loop"
	bareHandler = "bare-handler"
)

// Yardsticks are the names that [ServeYardstick] knows.
func Yardsticks() []string { return []string{bareHandler, goLoop} }

// ServeYardstick is a yardstick until ctx ends. It writes a line to out when
// it is ready, as hubs do.
func ServeYardstick(ctx context.Context, name string, out io.Writer) error {
	switch name {
	case goLoop:
		return serveLoop(ctx, out)
	case bareHandler:
		return serveBare(ctx, out)
	}
	return fmt.Errorf("%q is no yardstick: there are %q", name, Yardsticks())
}

// announce writes the line that [faults.ReadyLine] reads.
func announce(out io.Writer, addr string) error {
	ready := map[string]string{"event": "ready", "hub": "http://" + addr + hubPath}
	if err := json.NewEncoder(out).Encode(ready); err != nil {
		return fmt.Errorf("announcing a yardstick: %w", err)
	}
	return nil
}

//go:embed yardstick/loop.c
var loopSource []byte

// yardstick starts the write loop in C, or in Go where nothing compiles C.
func (r *run) yardstick(ctx context.Context) (*target, error) {
	if r.loop == nil {
		r.loop = r.compileLoop(ctx)
	}
	name := "C write loop"
	if r.loop.inGo {
		name = "Go write loop"
	}
	t, err := r.start(ctx, name, faults.Program{Command: r.loop.command})
	if err == nil {
		t.yardstick = true
	}
	return t, err
}

// A writeLoop is how to run the write loop.
type writeLoop struct {
	command []string
	inGo    bool
}

func (r *run) compileLoop(ctx context.Context) *writeLoop {
	program := filepath.Join(r.dir, "loop")
	compile := exec.CommandContext(ctx, "gcc", "-O2", "-o", program, "-x", "c", "-")
	compile.Stdin = bytes.NewReader(loopSource)
	if out, err := compile.CombinedOutput(); err != nil {
		r.progress("the write loop runs in Go: gcc does not compile the one in C (%v) %s", err, out)
		return &writeLoop{slices.Concat(r.Yardstick, []string{goLoop}), true}
	}
	return &writeLoop{command: []string{program}}
}
