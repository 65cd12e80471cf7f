// Publish measures what publishing costs: durable publishes per second against
// a bare loop of append and fdatasync on the same file system, and CPU time
// per publish against a bare net/http handler.
//
//	go run ./conformance/load/publish                              # builds and runs Cinnabar
//	go run ./conformance/load/publish -url URL -pid PID -key KEY   # a hub that runs, durable ones only
//
// Hub and yardstick take turns, round by round; printed are medians and
// ranges. It needs Linux, a machine with nothing else to do, and a -folder on
// a real disk.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

type settings struct {
	url, key string
	pid      int
	hub      string // path of the program
	folder   string
	rounds   int
	turn     time.Duration
	size     int
	rates    []int // clients
	costs    []int // clients
	json     bool
	progress io.Writer
}

func main() {
	s := settings{rates: []int{1, 64, 256}, costs: []int{16, 64}, progress: os.Stderr}
	flag.StringVar(&s.url, "url", "", "URL of a running hub, for plain HTTP; by default one is built and run")
	flag.IntVar(&s.pid, "pid", 0, "its process id")
	flag.StringVar(&s.key, "key", load.Key, "its HS256 key for publishers of protocol 0.x")
	flag.StringVar(&s.hub, "hub", "", "program to run as the hub instead of building it")
	flag.StringVar(&s.folder, "folder", os.TempDir(), "where the history and the yardstick's file lie for the time of the run")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds")
	flag.DurationVar(&s.turn, "for", 3*time.Second, "how long each turn of a round takes")
	flag.IntVar(&s.size, "size", 420, "bytes of data in each update; the yardstick's records are 80 larger")
	flag.Func("clients", "publishers at a time, for rates [1,64,256]", numbers(&s.rates))
	flag.Func("cpu-clients", "publishers at a time, for CPU time [16,64]", numbers(&s.costs))
	flag.BoolVar(&s.json, "json", false, "print JSON instead of a table")
	bare := flag.Bool("bare", false, "be the bare handler (this is how the program runs itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := func() error { return s.run(ctx, os.Stdout) }
	if *bare {
		run = func() error { return serveBare(ctx) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

// numbers reads a list of numbers of clients.
func numbers(list *[]int) func(string) error {
	return func(s string) error {
		*list = nil
		for field := range strings.SplitSeq(s, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || n < 1 {
				return errors.New("want numbers with commas between them")
			}
			*list = append(*list, n)
		}
		return nil
	}
}

// A target is one process that is published to.
type target struct {
	name string
	url  *url.URL
	pid  int
}

func (s settings) run(ctx context.Context, out io.Writer) (err error) {
	if s.url != "" && s.pid == 0 || s.rounds < 1 {
		return errors.New("give -pid with -url, and at least one round; see -help")
	}
	folder, err := os.MkdirTemp(s.folder, "cinnabar-publish-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	var running []*faults.Hub
	defer func() {
		for _, h := range running {
			err = errors.Join(err, load.Stop(h))
		}
	}()
	targetOf := func(name string, h *faults.Hub) (target, error) {
		running = append(running, h)
		at, err := url.Parse(h.URL())
		return target{name, at, h.Site().PID}, err
	}
	m := measurement{settings: s, folder: folder}
	if m.bare, err = s.startBare(ctx, targetOf); err != nil {
		return err
	}
	if s.url != "" {
		at, err := url.Parse(s.url)
		if err != nil {
			return err
		}
		m.durable = target{"the hub", at, s.pid}
	} else if err := m.startHubs(ctx, targetOf); err != nil {
		return err
	}
	r, err := m.measure(ctx)
	if err != nil {
		return err
	}
	if s.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	r.print(out)
	return nil
}

// startBare runs this program as the bare handler.
func (s settings) startBare(ctx context.Context, started func(string, *faults.Hub) (target, error)) (target, error) {
	exe, err := os.Executable()
	if err != nil {
		return target{}, err
	}
	h, err := faults.Start(ctx, faults.Program{Command: []string{exe, "-bare"}, Env: append(os.Environ(), bareEnv+"=1")})
	if err != nil {
		return target{}, err
	}
	return started("bare handler", h)
}

// bareEnv makes the test's binary be the bare handler.
const bareEnv = "CINNABAR_LOAD_BARE"

// startHubs runs a hub with a history on disk and one without.
func (m *measurement) startHubs(ctx context.Context, started func(string, *faults.Hub) (target, error)) (err error) {
	program := m.hub
	if program == "" {
		fmt.Fprintln(m.progress, "building the hub")
		if program, err = load.Build(ctx, m.folder); err != nil {
			return err
		}
	}
	h, err := load.Serve(ctx, program, "bolt://"+filepath.Join(m.folder, "hub.db"), m.progress)
	if err != nil {
		return err
	}
	if m.durable, err = started("bolt, durable", h); err != nil {
		return err
	}
	if h, err = load.Serve(ctx, program, "memory:", m.progress); err != nil {
		return err
	}
	m.memory, err = started("memory", h)
	return err
}
