package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// Levers are what can be done to a hub and read of it, from outside. What is
// nil or empty cannot.
type Levers struct {
	URL     func() string
	Metrics func() string // base URL of its metrics
	Kill    func(context.Context) error
	Start   func(context.Context) error // after Kill; returns when the hub is ready
	// FileLimit bounds the size of files that the hub writes, in bytes, as a
	// full disk does.
	FileLimit func(bytes uint64) error
	History   string // path of the file it writes
}

// Levers returns those of a process of ours with its history in a file.
func (h *Hub) Levers(history string) Levers {
	l := Levers{
		URL:     h.URL,
		Metrics: func() string { return h.Site().Metrics },
		Kill:    func(context.Context) error { return h.Kill() },
		Start:   h.Start,
		History: history,
	}
	if canLimitFiles {
		l.FileLimit = func(bytes uint64) error { return limitFiles(h.Site().PID, bytes) }
	}
	return l
}

// GivenHub returns the levers of a hub that somebody else runs. The command,
// "" for none, is a line for the shell that kills the hub and starts it again;
// metrics, "" for none, is the URL of the page.
func GivenHub(url, metrics, restart string) Levers {
	l := Levers{URL: func() string { return url }}
	if metrics != "" {
		base := strings.TrimSuffix(metrics, "/metrics")
		l.Metrics = func() string { return base }
	}
	if restart == "" {
		return l
	}
	l.Kill = func(ctx context.Context) error {
		// What it prints is not read: the hub it starts may go on holding a pipe.
		if err := exec.CommandContext(ctx, "sh", "-c", restart).Run(); err != nil {
			return fmt.Errorf("running %q: %w", restart, err)
		}
		return nil
	}
	l.Start = func(ctx context.Context) error { return awaitAnswer(ctx, url) }
	return l
}

// awaitAnswer waits until something that is a hub and not its proxy's excuse
// answers at a URL.
func awaitAnswer(ctx context.Context, url string) error {
	var last error
	for ctx.Err() == nil {
		status, err := get(ctx, url)
		if err == nil && status < 500 {
			return nil
		}
		if last = err; err == nil {
			last = fmt.Errorf("status %d", status)
		}
		pause(ctx, reconnection)
	}
	return errors.Join(fmt.Errorf("waiting for the hub to answer: %w", ctx.Err()), last)
}

func get(ctx context.Context, url string) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
