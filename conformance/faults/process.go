package faults

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
)

// A Site is what a hub says of itself when it is ready.
type Site struct {
	Hub     string `json:"hub"`     // URL to publish to and subscribe at
	Metrics string `json:"metrics"` // base URL of its metrics; "" for none
	PID     int    `json:"pid"`     // its own, whatever it runs under; 0: the one started
}

// ReadyLine reads the line that tells that a hub is ready: a JSON object
// whose event is "ready".
func ReadyLine(line string) (Site, bool) {
	var ready struct {
		Event string `json:"event"`
		Site
	}
	err := json.Unmarshal([]byte(line), &ready)
	return ready.Site, err == nil && ready.Event == "ready"
}

// A Program is how to run a hub.
type Program struct {
	// Command is the path and the arguments. The hub has to choose free ports
	// by itself.
	Command []string
	// Under is a program to run it under, with its arguments: a tracer.
	Under []string
	// Ready finds the line, of those the hub prints, that says where it
	// serves; nil means [ReadyLine].
	Ready func(line string) (Site, bool)
	// Env is its environment; nil means that of this process.
	Env []string
	// Output gets all lines; nil discards them.
	Output io.Writer
}

// ErrGone: the hub's process has ended already.
var ErrGone = errors.New("the hub is gone")

// A Hub is a hub's process, over all its lives. The methods that begin or end
// a life are not safe for concurrent use; the others are.
type Hub struct {
	program Program

	mu   sync.Mutex
	site Site

	gone chan struct{} // closed when the process of this life is gone
	err  error         // how it went; read after gone
}

// Start runs the program until it is ready, or until ctx ends.
func Start(ctx context.Context, p Program) (*Hub, error) {
	if p.Output == nil {
		p.Output = io.Discard
	}
	if p.Ready == nil {
		p.Ready = ReadyLine
	}
	h := &Hub{program: p}
	return h, h.Start(ctx)
}

// URL returns where the hub is, or was when it last ran.
func (h *Hub) URL() string { return h.Site().Hub }

// Site returns what the hub last said of itself.
func (h *Hub) Site() Site {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.site
}

// Start begins another life. When the hub does not get ready, it is killed.
func (h *Hub) Start(ctx context.Context) error {
	line := slices.Concat(h.program.Under, h.program.Command)
	cmd := exec.Command(line[0], line[1:]...)
	output, input, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting the hub: %w", err)
	}
	cmd.Stdout, cmd.Stderr = input, input
	cmd.Env = h.program.Env
	err = errors.Join(cmd.Start(), input.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("starting the hub: %w", err), output.Close())
	}
	ready, gone := make(chan Site, 1), make(chan struct{})
	h.gone = gone
	h.mu.Lock()
	h.site.PID = cmd.Process.Pid // unless the hub says otherwise
	h.mu.Unlock()
	go func() {
		h.read(output, ready)
		h.err = cmd.Wait()
		close(gone)
	}()
	select {
	case site := <-ready:
		h.mu.Lock()
		defer h.mu.Unlock()
		site.PID = cmp.Or(site.PID, h.site.PID)
		h.site = site
		return nil
	case <-gone:
		return fmt.Errorf("the hub ended before it was ready: %w", exitError(h.err))
	case <-ctx.Done():
		err := fmt.Errorf("the hub did not get ready: %w", ctx.Err())
		return errors.Join(err, cmd.Process.Kill())
	}
}

// read passes on what the hub prints, until its end.
func (h *Hub) read(output *os.File, ready chan<- Site) {
	defer output.Close()
	announced := false
	for lines := bufio.NewReader(output); ; {
		line, err := lines.ReadString('\n')
		io.WriteString(h.program.Output, line) // the caller's to keep; the hub goes on without
		if site, ok := h.program.Ready(line); ok && !announced {
			announced = true
			ready <- site
		}
		if err != nil {
			return
		}
	}
}

func exitError(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// Kill ends the hub with SIGKILL and returns when its process is gone. A hub
// that is gone already is an error: it did not die by this hand.
func (h *Hub) Kill() error {
	if err := h.signal(os.Kill); err != nil {
		return fmt.Errorf("killing the hub: %w", err)
	}
	<-h.gone
	return nil
}

// Reload asks the hub to read its settings again, with SIGHUP.
func (h *Hub) Reload() error {
	if err := h.signal(syscall.SIGHUP); err != nil {
		return fmt.Errorf("making the hub read its settings: %w", err)
	}
	return nil
}

// Stop asks the hub to end with SIGTERM. An exit code other than 0 is an
// error; when ctx ends first, the hub is killed.
func (h *Hub) Stop(ctx context.Context) error {
	if err := h.signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping the hub: %w", err)
	}
	select {
	case <-h.gone:
		if h.err != nil {
			return fmt.Errorf("the hub stopped with %w", h.err)
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("the hub does not stop: %w", ctx.Err()), h.Kill())
	}
}

func (h *Hub) signal(s os.Signal) error {
	select {
	case <-h.gone:
		return fmt.Errorf("%w: %w", ErrGone, exitError(h.err))
	default:
	}
	p, err := os.FindProcess(h.Site().PID)
	if err != nil {
		return err
	}
	return p.Signal(s)
}
