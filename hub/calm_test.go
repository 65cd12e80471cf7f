package hub_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/hub"
)

func TestCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		plain := slog.New(slog.NewTextHandler(&text, nil))
		logger := hub.Calm(hub.Calm(plain))
		told := func(what string, want ...string) {
			t.Helper()
			lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
			text.Reset()
			if len(lines) != len(want) {
				t.Fatalf("%s: %d lines, want %d:\n%s", what, len(lines), len(want), strings.Join(lines, "\n"))
			}
			for i, line := range lines {
				if !strings.Contains(line+" ", want[i]) {
					t.Errorf("%s: line %q lacks %q", what, line, want[i])
				}
			}
		}
		full := errors.New("disk full")

		for range 1000 {
			logger.Error("refused", "remote", "b", "reason", full)
		}
		logger.Error("refused", "remote", "b", "reason", "surprise")
		logger.Warn("refused", "reason", full)
		logger.With("part", "x").Error("failed", "error", full)
		told("a storm and three others", "reason=\"disk full\"", "reason=surprise", "level=WARN", "part=x error=")

		time.Sleep(10 * time.Second)
		logger.Error("refused", "remote", "c", "reason", full)
		logger.With("part", "x").Error("failed", "error", full)
		told("ten seconds later", "untold=999 ", "part=x error=")

		for i := range 3 {
			logger.Info("hello", "n", i)
		}
		told("what is no trouble", "n=0", "n=1", "n=2")

		for i := range 200 {
			logger.Warn(fmt.Sprintf("handshake with 192.0.2.%d:%d failed", i, 1000+i))
			logger.Error("reading failed", "error", fmt.Errorf("at position %d", i))
		}
		told("two troubles that differ in numbers alone", "192.0.2.0:1000", "at position 0")

		for i := range 200 {
			logger.Error("strange", "error", strings.Repeat("x", i))
		}
		if n := strings.Count(text.String(), "\n"); n != 200 {
			t.Errorf("of 200 different troubles %d were told", n)
		}
	})
}
