package load

import (
	"os/exec"
	"runtime"
	"slices"
	"testing"
)

// Each write loop delivers everything to everybody, small and large, in order.
func TestWriteLoops(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: yardsticks run on Linux")
	}
	for _, inGo := range []bool{false, true} {
		r := testRun(t)
		if inGo {
			r.loop = &writeLoop{slices.Concat(r.Yardstick, []string{goLoop}), true}
		} else if _, err := exec.LookPath("gcc"); err != nil {
			t.Log("the loop in C is left out: there is no gcc; the one in Go stands in")
		}
		loop, err := r.yardstick(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fanOuts(r.pacedBudget()) {
			f.streams = r.Streams
			if err := r.fanOutTurn(t.Context(), loop, 0, f); err != nil {
				t.Errorf("%s, %v: %v", loop.name, f, err)
			}
		}
		if err := loop.stop(); err != nil {
			t.Error(err)
		}
		if err := r.report.Err(); err != nil || r.report.Delivered < int64(r.Streams*4) {
			t.Errorf("%s: %d events delivered, %v", loop.name, r.report.Delivered, err)
		}
	}
}

// Without a compiler the loop runs in Go, and less is allowed beside it.
func TestWriteLoopWithoutCompiler(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: yardsticks run on Linux")
	}
	r := testRun(t)
	t.Setenv("PATH", t.TempDir())
	loop, err := r.yardstick(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.stop(); err != nil {
		t.Error(err)
	}
	if loop.name != "Go write loop" || r.pacedBudget() >= 1.3 {
		t.Errorf("the yardstick is the %s, with a budget of %v times its CPU", loop.name, r.pacedBudget())
	}
}
