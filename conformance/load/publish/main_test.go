package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"time"

	"cinnabar/conformance/load"
)

func TestMain(m *testing.M) {
	if os.Getenv(bareEnv) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := serveBare(ctx); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// A run in small: every figure is there. What they are is not judged.
func TestMeasuresEverything(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: only Linux tells what a process takes")
	}
	s := settings{
		folder: t.TempDir(), rounds: 2, turn: 200 * time.Millisecond, size: 100, rates: []int{1, 8}, costs: []int{4},
		json: true, progress: io.Discard, key: load.Key,
	}
	var out bytes.Buffer
	if err := s.run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Rates) != 2 || len(r.Costs) != 3 {
		t.Fatalf("%d rates and %d costs, want 2 and 3:\n%s", len(r.Rates), len(r.Costs), &out)
	}
	for _, rate := range r.Rates {
		if len(rate.Ratio) != 2 || rate.Ratio.Median() <= 0 {
			t.Errorf("%d clients: ratios %v, want two", rate.Clients, rate.Ratio)
		}
	}
	for _, cost := range r.Costs {
		if len(cost.CPU) != 2 {
			t.Errorf("%d clients, %s: CPU %v, want two figures", cost.Clients, cost.Target, cost.CPU)
		}
	}
	var table bytes.Buffer
	r.print(&table)
	t.Logf("\n%s", &table)
}
