package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cinnabar/conformance/faults"
)

// A Measurement is what to measure, of which hub, and how thoroughly.
type Measurement struct {
	Scenarios []Scenario
	Rounds    int           // hub and yardstick take turns in each
	Turn      time.Duration // how long a turn publishes
	Streams   int           // at a time, at most; scenarios that want fewer open fewer
	History   int           // updates in the history that is replayed
	Patience  time.Duration // for events that are to come, while none does
	Dir       string        // where histories go for the time of the run; "" is the system's choice

	// Given is a hub that somebody else runs; nil: hubs are started.
	Given *Given
	// Serve runs a hub on loopback; flags are appended to its command.
	Serve faults.Program
	Flags []string // for every hub started, the last word about its settings

	Credentials faults.Credentials
	Anonymous   bool              // the hub admits subscribers without a token
	Generation  faults.Generation // spoken where either will do

	// Yardstick is the command that calls [ServeYardstick] with its last
	// argument.
	Yardstick []string
	// Progress is told what is going on, a line at a time.
	Progress func(line string)
}

// A Given hub is one that somebody else runs. It is published to.
type Given struct {
	URL *url.URL
	PID int // on this machine; 0: unknown, and so is what it takes
}

// A run is a measurement under way.
type run struct {
	Measurement
	dir       string
	nonce     string // in the topics of this run
	series    uint32 // the last one given out
	histories int    // started so far
	loop      *writeLoop
	report    Report
}

// Run measures. The report is good for what was measured when there is an
// error, too.
func (m Measurement) Run(ctx context.Context) (_ *Report, err error) {
	r := &run{Measurement: m, nonce: rand.Text()[:8]}
	began := time.Now()
	r.dir, err = os.MkdirTemp(m.Dir, "cinnabar-bench-")
	if err == nil {
		r.dir, err = filepath.Abs(r.dir) // as hubs want it
	}
	if err != nil {
		return &r.report, fmt.Errorf("making a folder for histories: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	r.report.Machine = thisMachine()
	if r.Rounds < usualRounds || r.Streams < usualStreams {
		r.note("budgets are meant for %d rounds and for scenarios that open %s streams; these are %d and %s, at most",
			usualRounds, thousands(usualStreams), r.Rounds, thousands(r.Streams))
	}
	for _, s := range r.Scenarios {
		if failed := s.run(r, ctx); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", s.Name, failed))
		}
		if ctx.Err() != nil { // a terminal has interrupted hubs and yardsticks, too
			err = fmt.Errorf("%s: interrupted: what was measured before counts", s.Name)
			break
		}
	}
	r.report.Took = time.Since(began)
	r.report.finish()
	return &r.report, err
}

// What budgets are meant for.
const (
	usualRounds  = 5
	usualStreams = 10_000
)

func (r *run) progress(format string, args ...any) {
	r.Progress(fmt.Sprintf(format, args...))
}

// streams returns how many to open where a scenario wants n.
func (r *run) streams(n int) int { return min(n, r.Streams) }

// topic names a topic that nobody else publishes to.
func (r *run) topic(name string) string { return "https://bench.example/" + r.nonce + "/" + name }

// next returns a series that no other updates belong to.
func (r *run) nextSeries() uint32 {
	r.series++
	return r.series
}

// judge notes what was wrong with what streams got.
func (r *run) judge(where string, t *Tally) {
	r.report.Delivered += t.Events
	if err := t.Err(); err != nil {
		r.report.Faults = append(r.report.Faults, fmt.Sprintf("%s: %v", where, err))
		r.progress("%s: WRONG: %v", where, err)
	}
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A Scenario is one way to put load on a hub.
type Scenario struct {
	Name  string
	About string
	run   func(*run, context.Context) error
}

// Scenarios returns all there are, in the order they run in.
func Scenarios() []Scenario {
	return []Scenario{
		{"idle", "memory of streams that nothing happens on: plain, with distinct tokens, over TLS; CPU to connect and to idle", (*run).idle},
		{"fanout", "CPU and latency of deliveries: at a pace, of large events, and as fast as publishes are acknowledged", (*run).fanout},
		{"matching", "CPU of a publish that reaches 1 of many, all selectors distinct: exact, URI template, URL pattern", (*run).matching},
		{"private", "CPU of deliveries of private updates to distinct tokens, against public ones", (*run).private},
		{"slow", "what others notice when a tenth of the streams are not read", (*run).slow},
		{"storm", "CPU of many clients that reconnect at once, 10 updates behind", (*run).storm},
		{"publish", "durable publishes per second, and CPU of each", (*run).publish},
		{"presence", "publishing while 10,000 clients a minute come and leave, where the hub tells who listens", (*run).presence},
		{"replay", "resuming in a long history, and reading all of it", (*run).replay},
	}
}

// Named returns the scenarios with the names, or all for no names.
func Named(names []string) ([]Scenario, error) {
	all := Scenarios()
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Name == name }) {
			return nil, fmt.Errorf("%q is no scenario", name)
		}
	}
	return slices.DeleteFunc(all, func(s Scenario) bool { return !slices.Contains(names, s.Name) }), nil
}
