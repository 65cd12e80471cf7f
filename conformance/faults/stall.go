package faults

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Stall lets one subscriber stop reading while publishers run, and read on
// later over the same connection.
type Stall struct {
	Subject    // its history has to hold the whole run
	Publishers int
	Size       int // bytes of a payload
	Others     int // subscribers that read all the time
	Stalls     int
	// Bytes are published, of payload, before the first stall, during each,
	// and after each while the subscriber reads on; within the patience.
	Bytes int64
	Log   func(StallPhase) // told at the end of each; may be nil
}

// A StallPhase is a stretch of the run.
type StallPhase struct {
	Name     string
	Took     time.Duration
	Bytes    int64         // of payload, acknowledged in it
	Peak     Usage         // RSS and Anon at their highest; CPU of the phase
	Lag      time.Duration // of the others, from a publish's answer to their seeing it: 99th percentile
	WorstLag time.Duration
}

func (p StallPhase) String() string {
	return fmt.Sprintf("%-10s %6.1f MB in %5.2f s; hub: at most %.0f MB resident, %.0f MB of it anonymous, CPU %.2f s; others lag %v (p99), %v (worst)",
		p.Name, float64(p.Bytes)/1e6, p.Took.Seconds(), float64(p.Peak.RSS)/1e6, float64(p.Peak.Anon)/1e6, p.Peak.CPU.Seconds(),
		p.Lag.Round(100*time.Microsecond), p.WorstLag.Round(100*time.Microsecond))
}

// A StallReport is what a stall showed. Before holds the phase without stall.
type StallReport struct {
	Before          StallPhase
	Stalled, Resume []StallPhase
	Held            []int // events that lay unread when the reader went on, per stall
	Connections     int   // of the stalled subscriber; 1 when it was never cut
	Findings
}

// Run stalls the subscriber. The error is about the run itself.
func (s Stall) Run(ctx context.Context) (report StallReport, late error) {
	r := stallRun{Stall: s, record: NewRecord()}
	everything := Subscription{Topics: []string{"*"}, Granted: []string{"*"}, Token: s.Credentials.subscriber()}
	for i := range s.Others {
		other := everything
		other.Name = fmt.Sprintf("other subscriber %d", i)
		r.others = append(r.others, r.record.Follow(s.Hub.URL, other))
	}
	slow := everything
	// Small against what is published, and still several segments of loopback:
	// with less, the kernel's timers would slow it down while it reads, too.
	slow.Name, slow.ReadBuffer = "stalling subscriber", 256<<10
	r.slow = r.record.Follow(s.Hub.URL, slow)
	all := append(slices.Clone(r.others), r.slow)
	for _, f := range all {
		defer f.Stop()
		if err := patiently(ctx, s.Patience, f.Open); err != nil {
			return report, err
		}
	}
	stopLoad := r.startLoad(ctx)
	defer stopLoad()
	late = r.stall(ctx, &report)
	if err := stopLoad(); err != nil {
		return report, err
	}
	if late == nil {
		late = r.settle(ctx, r.record, all)
	}
	report.judge(r.record, all)
	report.Connections = len(r.slow.View().Connections)
	if report.Err() != nil {
		late = nil // the judge knows why
	}
	return report, late
}

// A stallRun is what the phases of a Stall share.
type stallRun struct {
	Stall
	record *Record
	others []*Follower
	slow   *Follower
}

// stall goes through the phases, while publishers run.
func (r *stallRun) stall(ctx context.Context, report *StallReport) (err error) {
	if report.Before, err = r.phase(ctx, "before"); err != nil {
		return err
	}
	for range r.Stalls {
		r.slow.Pause()
		stalled, err := r.phase(ctx, "stalled")
		if err != nil {
			return err
		}
		report.Held = append(report.Held, r.behind())
		r.slow.Resume()
		resumed, err := r.phase(ctx, "reads on")
		if err != nil {
			return err
		}
		if err := r.await(ctx, r.slow); err != nil { // it has to catch up under load
			return err
		}
		report.Stalled = append(report.Stalled, stalled)
		report.Resume = append(report.Resume, resumed)
	}
	return nil
}

// startLoad publishes until the function returned is called, which says how
// it went.
func (r *stallRun) startLoad(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	load := Load{Publishers: r.Publishers, Tokens: []string{r.Credentials.publisher()}, Next: func(i, n int) Update {
		return Update{Topic: fmt.Sprintf("topic/%d", i), Private: n%2 == 0, Size: r.Size}
	}}
	stopped := make(chan error, 1)
	go func() { stopped <- load.Run(ctx, r.record, "load", r.Hub.URL) }()
	return sync.OnceValue(func() error {
		cancel()
		return <-stopped
	})
}

// phase lasts until so many bytes were published, and watches the hub. At its
// end the others have seen it all: they do not wait for the stalled one.
func (r *stallRun) phase(ctx context.Context, name string) (p StallPhase, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	const look = 50 * time.Millisecond
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	p.Name = name
	began, before := r.record.Now(), r.record.Tally().Bytes
	first, err := UsageOf(r.Hub.Site().PID)
	if err != nil {
		return p, err
	}
	for p.Bytes < r.Bytes {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return p, fmt.Errorf("%s: %d of %d bytes published: %w", name, p.Bytes, r.Bytes, ctx.Err())
		}
		u, err := UsageOf(r.Hub.Site().PID)
		if err != nil {
			return p, err
		}
		p.Peak = Usage{RSS: max(p.Peak.RSS, u.RSS), Anon: max(p.Peak.Anon, u.Anon), CPU: u.CPU - first.CPU}
		p.Bytes = r.record.Tally().Bytes - before
	}
	ended := r.record.Now()
	p.Took = ended - began
	if err := r.await(ctx, r.others...); err != nil {
		return p, fmt.Errorf("%s: %w", name, err)
	}
	p.Lag, p.WorstLag = r.lag(began, ended)
	if r.Log != nil {
		r.Log(p)
	}
	return p, nil
}

func (r *stallRun) await(ctx context.Context, followers ...*Follower) error {
	return patiently(ctx, r.Patience, func(ctx context.Context) error {
		return r.record.AwaitExpected(ctx, followers...)
	})
}

// lag returns how late the others saw what was answered in a stretch. Whoever
// sees an update before its publisher has the answer is not late at all.
func (r *stallRun) lag(from, to time.Duration) (p99, worst time.Duration) {
	answered := make(map[string]time.Duration)
	for _, a := range r.record.Attempts() {
		if a.Ended >= from && a.Ended < to {
			answered[a.Key] = a.Ended
		}
	}
	var lags []time.Duration
	for _, f := range r.others {
		for _, s := range f.View().Sightings {
			if at, ok := answered[s.Key]; ok {
				lags = append(lags, max(0, s.At-at))
			}
		}
	}
	if len(lags) == 0 {
		return 0, 0
	}
	slices.Sort(lags)
	return lags[len(lags)*99/100], lags[len(lags)-1]
}

// behind returns how many events the stalled subscriber has yet to see.
func (r *stallRun) behind() int {
	return len(r.others[0].View().Sightings) - len(r.slow.View().Sightings)
}
