//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
)

// With FAKE_HUB set the test binary stands in for a hub's process, of the
// kind that the word says. Otherwise TestMain removes what the tests built.
func TestMain(m *testing.M) {
	if kind := os.Getenv("FAKE_HUB"); kind != "" {
		os.Exit(fakeProcess(kind))
	}
	code := m.Run()
	if builds != "" {
		os.RemoveAll(builds)
	}
	os.Exit(code)
}

func fakeProcess(kind string) (code int) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	fmt.Println("level=INFO msg=\"about to serve\"")
	switch kind {
	case "ends":
		return 3
	case "silent":
	default:
		fmt.Printf("{\"event\":\"ready\",\"hub\":\"http://127.0.0.1:1/hub\",\"pid\":%d}\n", os.Getpid())
	}
	<-asked
	if kind == "stops badly" {
		return 4
	}
	return 0
}

// startFake is [Start] for a fake process.
func startFake(t *testing.T, kind string, patience time.Duration) (*Hub, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return Start(ctx, Program{Command: []string{"/usr/bin/env", "FAKE_HUB=" + kind, self}})
}

func TestHubLives(t *testing.T) {
	h, err := startFake(t, "serves", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if h.URL() != "http://127.0.0.1:1/hub" {
		t.Errorf("URL() = %q, want what the ready line said", h.URL())
	}
	first := h.Site().PID
	if err := h.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first, 0); err != syscall.ESRCH {
		t.Errorf("after Kill, process %d: %v, want it gone", first, err)
	}
	if err := h.Kill(); !errors.Is(err, ErrGone) {
		t.Errorf("killing a hub that is gone: %v, want ErrGone", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := h.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if second := h.Site().PID; second == first {
		t.Errorf("the second life has the process of the first, %d", first)
	}
	if err := h.Stop(ctx); err != nil {
		t.Errorf("stopping a hub that exits with 0: %v", err)
	}
}

func TestHubFails(t *testing.T) {
	if _, err := startFake(t, "ends", 10*time.Second); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("starting a hub that ends: %v, want its exit status", err)
	}
	if _, err := startFake(t, "silent", 200*time.Millisecond); err == nil {
		t.Error("starting a hub that never gets ready succeeds")
	}
	h, err := startFake(t, "stops badly", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 4") {
		t.Errorf("stopping a hub that exits with 4: %v", err)
	}
}

func TestUsageOf(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: usage is read from Linux's /proc")
	}
	debug.FreeOSMemory() // so that nothing is given back meanwhile
	before, err := UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	ballast, err := syscall.Mmap(-1, 0, 64<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(ballast)
	for i := range ballast {
		ballast[i] = byte(i)
	}
	after, err := UsageOf(os.Getpid())
	for start := time.Now(); err == nil && after.CPU == before.CPU && time.Since(start) < 10*time.Second; {
		after, err = UsageOf(os.Getpid())
	}
	if err != nil {
		t.Fatal(err)
	}
	if grown := after.Anon - before.Anon; grown < 32<<20 || after.RSS < after.Anon {
		t.Errorf("64 MiB written: anonymous memory grew by %d bytes to %d of %d resident", grown, after.Anon, after.RSS)
	}
	if after.CPU == before.CPU {
		t.Errorf("10 s of work counted as no CPU time, %v", after.CPU)
	}
}
