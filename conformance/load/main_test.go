package load

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// yardstickEnv makes the test's binary serve the yardstick it is called with.
const yardstickEnv = "CINNABAR_LOAD_YARDSTICK"

func TestMain(m *testing.M) {
	if os.Getenv(yardstickEnv) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := ServeYardstick(ctx, os.Args[1], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// testRun is a run of a second or so, whose yardsticks are this binary.
func testRun(t *testing.T) *run {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(yardstickEnv, "1")
	return &run{nonce: "test", dir: t.TempDir(), Measurement: Measurement{
		Rounds: 1, Turn: turn, Patience: patience, Streams: 20, Anonymous: true,
		Yardstick: []string{binary}, Progress: func(line string) { t.Log(line) },
	}}
}
