package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Check is something a verification does that not every hub allows for.
type Check string

const (
	Kills     Check = "kills"     // kill -9 while publishing
	Turns     Check = "turns"     // counting the turns live → catching up → live
	Disk      Check = "disk"      // a disk that is full for a while
	Old       Check = "0.x"       // publishers and subscribers of protocol 0.x
	New       Check = "1.0"       // and of 1.0
	Anonymous Check = "anonymous" // subscribers without a token
)

// Checks are all of them.
func Checks() []Check { return []Check{Kills, Turns, Disk, Old, New, Anonymous} }

// A Verification puts a hub through all bad days at once, in rounds of a few
// seconds: publishers and subscribers of both generations run on while
// subscribers stall, the disk is full, and the hub is killed. After each round
// all is judged and forgotten, so that it may go on for hours in bounded memory.
// At the end the history is read once more.
type Verification struct {
	Levers
	Credentials Credentials
	Generations []Generation // of publishers and subscribers; at least one
	Anonymous   bool         // the hub admits subscribers without a token
	Alone       bool         // nobody else publishes to this hub
	Publishers  int
	For         time.Duration // no round begins later; there is one at least
	Patience    time.Duration // for the hub to get ready, and for events to arrive
	// Without names what is not to be checked. What cannot be checked for any
	// other reason is a failure of the report.
	Without []Check
	// Progress is told every few seconds how far it is. Calls do not overlap.
	Progress func(string)
}

// progressEvery is how often Progress is told.
const progressEvery = 3 * time.Second

// Run verifies until the time is over, or until the first round with a fault:
// what is lost may stay lost. The error is about the run itself; the report
// holds what was found until then.
func (v Verification) Run(ctx context.Context) (Report, error) {
	record := NewRecord()
	r := &verifyRun{Verification: v, record: record, base: "https://verify.example/" + record.nonce}
	for i := range topics {
		r.topics = append(r.topics, fmt.Sprintf("%s/%d", r.base, i))
	}
	r.report.Unchecked = v.unchecked()
	done, reported := make(chan struct{}), make(chan struct{})
	go func() { defer close(reported); r.tellProgress(done) }()
	err := r.rounds(ctx)
	close(done)
	<-reported
	r.report.Took, r.report.Tally = record.Now(), record.Tally()
	return r.report, err
}

// unchecked says which checks are left out, and why.
func (v Verification) unchecked() []Unchecked {
	var all []Unchecked
	leaveOut := func(c Check, unless bool, why string) {
		switch {
		case slices.Contains(v.Without, c):
			all = append(all, Unchecked{c, "not asked for", true})
		case !unless:
			all = append(all, Unchecked{c, why, false})
		}
	}
	leaveOut(Kills, v.Kill != nil, "nothing is known that kills and restarts the hub")
	leaveOut(Turns, v.Metrics != nil, "nothing is known of the hub's metrics")
	leaveOut(Disk, v.FileLimit != nil, "only the disk of a hub started here, on Linux, can be filled")
	leaveOut(Old, slices.Contains(v.Generations, Legacy), "the hub is given no 0.x tokens")
	leaveOut(New, slices.Contains(v.Generations, Current), "the hub is given no 1.0 tokens")
	leaveOut(Anonymous, v.Anonymous, "the hub admits no anonymous subscribers")
	return all
}

// topics is how many topics are published about.
const topics = 6

// A verifyRun is what the rounds of a verification share.
type verifyRun struct {
	Verification
	record   *Record
	base     string // of all topics
	topics   []string
	boundary string // id of the last update of the round before
	archive  archive

	down atomic.Bool // the hub is being killed and restarted
	bulk atomic.Bool // publish large payloads

	mu     sync.Mutex
	report Report
	stage  string
}

// note changes the report.
func (r *verifyRun) note(change func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
}

func (r *verifyRun) at(round int, stage string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage = fmt.Sprintf("round %d, %s", round, stage)
}

func (r *verifyRun) tellProgress(done <-chan struct{}) {
	tellEvery(done, r.Progress, func() string {
		r.mu.Lock()
		defer r.mu.Unlock()
		line := fmt.Sprintf("%3.0fs %s: %v", r.record.Now().Seconds(), r.stage, r.record.Tally())
		if n := len(r.report.InFlight); n > 0 {
			line += fmt.Sprintf("; %d kills, %d publishes in flight at the last", n, r.report.InFlight[n-1])
		}
		return line
	})
}

// tellEvery tells how far something is, if anybody is to be told, until it is
// done.
func tellEvery(done <-chan struct{}, tell func(string), line func() string) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		if tell != nil {
			tell(line())
		}
	}
}

// does tells whether a check is to be made.
func (r *verifyRun) does(c Check) bool {
	return !slices.ContainsFunc(r.report.Unchecked, func(u Unchecked) bool { return u.Check == c })
}

func (r *verifyRun) rounds(ctx context.Context) error {
	r.at(1, "opening")
	first, err := r.record.mark(ctx, r.URL(), r.publisherToken(), r.settled())
	if err != nil {
		return err
	}
	r.boundary = first.ID
	for n := 1; n == 1 || r.record.Now() < r.For; n++ {
		if err := r.round(ctx, n); err != nil {
			return fmt.Errorf("round %d: %w", n, err)
		}
		if len(r.report.Faults) > 0 {
			return nil
		}
	}
	r.at(r.report.Rounds, "reading all of it again")
	events, found, err := r.archive.reread(ctx, r.URL, r.Patience, r.everything("", r.Generations[0]))
	r.note(func(p *Report) {
		p.Reread = events
		p.find(found...)
	})
	return err
}

// settled is the topic of the last update of a round.
func (r *verifyRun) settled() string { return r.base + "/settled" }

// selectors are those for all topics.
func (r *verifyRun) selectors() []string {
	if r.Alone {
		return []string{"*"}
	}
	return append(slices.Clone(r.topics), r.settled())
}

// everything is a subscription to all updates, private ones included.
func (r *verifyRun) everything(name string, g Generation) Subscription {
	return Subscription{
		Name: fmt.Sprintf("%s, %v", name, g), Generation: g, Topics: r.selectors(),
		Granted: r.selectors(), Token: r.Credentials.MaySubscribe(g, r.selectors()...),
	}
}

func (r *verifyRun) publisherToken() string {
	return r.Credentials.MayPublish(r.Generations[0], "*")
}

// await waits until a condition holds, looking often; it tells whether it does
// in time.
func await(ctx context.Context, atMost time.Duration, holds func() bool) bool {
	const look = 5 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for !holds() {
		if ctx.Err() != nil {
			return false
		}
		pause(ctx, look)
	}
	return true
}

var errImpatient = errors.New("patience is over")
