// Replay measures what a long history costs whoever resumes from it: the time
// to the first event, and CPU time and memory of the hub for all of it, each
// event being checked for order and completeness.
//
//	go run ./conformance/load/replay                       # a million updates in a temporary file
//	go run ./conformance/load/replay -history /data/h.db   # fills the file once, then uses it again
//
// It builds and runs Cinnabar by itself, needs Linux and a machine with
// nothing else to do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

type settings struct {
	hub        string // path of the program
	history    string
	n          int
	size       int
	fillers    int
	publishers int
	resumes    int
	rounds     int
	slow       time.Duration
	json       bool
	progress   io.Writer
}

func main() {
	s := settings{progress: os.Stderr}
	flag.StringVar(&s.hub, "hub", "", "program to run as the hub instead of building it")
	flag.StringVar(&s.history, "history", "", "history file to fill, or to use as an earlier run left it; it grows with every run. By default a temporary one")
	flag.IntVar(&s.n, "n", 1_000_000, "updates in the history, at least")
	flag.IntVar(&s.size, "size", 200, "bytes of data in each")
	flag.IntVar(&s.fillers, "fillers", 256, "publishers that fill the history")
	flag.IntVar(&s.publishers, "publishers", 16, "publishers while replays run")
	flag.IntVar(&s.resumes, "resumes", 200, "how often to resume from each place")
	flag.IntVar(&s.rounds, "rounds", 5, "how often to replay everything to one quiet reader")
	flag.DurationVar(&s.slow, "slow", 10*time.Second, "how long the slow reader is slow")
	flag.BoolVar(&s.json, "json", false, "print JSON instead of a table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context, out io.Writer) (err error) {
	if s.n < 200 || s.fillers < 1 {
		return errors.New("it takes at least 200 updates and a publisher; see -help")
	}
	folder, err := os.MkdirTemp("", "cinnabar-replay-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if s.hub == "" {
		fmt.Fprintln(s.progress, "building the hub")
		if s.hub, err = load.Build(ctx, folder); err != nil {
			return err
		}
	}
	if s.history == "" {
		s.history = filepath.Join(folder, "hub.db")
	}
	if s.history, err = filepath.Abs(s.history); err != nil {
		return err
	}

	m := &measurement{settings: s, ledger: newLedger()}
	if _, err := os.Stat(s.history); errors.Is(err, fs.ErrNotExist) {
		if err := m.serving(ctx, m.fill, "--durability", "os"); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if err := m.serving(ctx, m.plain); err != nil {
		return err
	}
	certificate, err := writeCertificate(folder)
	if err != nil {
		return err
	}
	if err := m.serving(ctx, m.secure, "--tls-cert", certificate, "--tls-key", certificate); err != nil {
		return err
	}
	if s.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(m.result)
	}
	m.result.print(out)
	return nil
}

// serving runs the hub while something is done.
func (m *measurement) serving(ctx context.Context, do func(context.Context, *faults.Hub) error, flags ...string) (err error) {
	began := time.Now()
	h, err := load.Serve(ctx, m.hub, "bolt://"+m.history, m.progress, append(flags, "--retention-bytes", "0")...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, load.Stop(h)) }()
	fmt.Fprintf(m.progress, "the hub is ready after %v\n", time.Since(began).Round(time.Millisecond))
	return do(ctx, h)
}
