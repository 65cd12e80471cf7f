package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A Crash kills a hub, again and again, while it is publishing. The hub has to
// admit anonymous subscribers, and its history has to hold the whole run.
type Crash struct {
	Subject
	Kills      int
	Publishers int
	Size       int              // bytes of a payload
	Between    time.Duration    // from when publishing begins to the kill, give or take half
	Log        func(CrashRound) // told at the end of each; may be nil
}

// A CrashRound is one kill and what was found after it.
type CrashRound struct {
	InFlight   int           // publishes waiting for their answer when the hub was killed
	Unanswered int           // publishes that never got it
	Settled    int           // of those, how many the history holds
	Replayed   int           // events that resuming in mid-history brought
	Recovery   time.Duration // from starting the hub to its being ready
	Total      Tally         // since the first round
	Findings
}

func (r CrashRound) String() string {
	return fmt.Sprintf("%d in flight at the kill, %d unanswered (%d of them stored), ready after %v, %d replayed from mid-history; in all %v",
		r.InFlight, r.Unanswered, r.Settled, r.Recovery.Round(time.Millisecond), r.Replayed, r.Total)
}

// Run kills the hub and returns what it found, round by round, up to the first
// with a fault. The error is about the run itself.
func (c Crash) Run(ctx context.Context) ([]CrashRound, error) {
	r := crashRun{Crash: c, record: NewRecord()}
	r.everything = Subscription{Topics: []string{"*"}, Granted: []string{"*"}, Token: c.Credentials.subscriber()}
	witness := r.everything
	witness.Name = "witness of all rounds"
	for _, s := range []Subscription{witness, {Name: "anonymous witness of all rounds", Topics: []string{"*"}}} {
		f := r.record.Follow(c.Hub.URL, s)
		defer f.Stop()
		if err := patiently(ctx, c.Patience, f.Open); err != nil {
			return nil, err
		}
		r.witnesses = append(r.witnesses, f)
	}
	var rounds []CrashRound
	for n := range c.Kills {
		round, err := r.round(ctx, n)
		if err != nil {
			return rounds, fmt.Errorf("kill %d: %w", n+1, err)
		}
		rounds = append(rounds, round)
		if c.Log != nil {
			c.Log(round)
		}
		if round.Err() != nil {
			break // what is lost stays lost in every further round
		}
	}
	return rounds, nil
}

// A crashRun is what the rounds of a Crash share.
type crashRun struct {
	Crash
	record     *Record
	everything Subscription
	witnesses  []*Follower // follow from the first round to the last
	settled    int         // indeterminate publishes found in the history so far
}

func (r *crashRun) round(ctx context.Context, n int) (round CrashRound, err error) {
	before, began := r.record.Tally(), r.record.Now()
	if round.InFlight, err = r.killUnderLoad(ctx, n); err != nil {
		return round, err
	}
	round.Unanswered = r.record.Tally().Indeterminate - before.Indeterminate

	started := time.Now()
	if err := patiently(ctx, r.Patience, r.Hub.Start); err != nil {
		return round, err
	}
	round.Recovery = time.Since(started)
	if n%3 == 2 { // dying again right after it, a hub has a life without a publish
		if err := r.Hub.Kill(); err != nil {
			return round, err
		}
		if err := patiently(ctx, r.Patience, r.Hub.Start); err != nil {
			return round, err
		}
	}
	history, resuming := r.everything, r.everything
	history.Name, history.From = "fresh reader of the history", Earliest
	resuming.Name, resuming.From = "reader resuming in mid-history", middle(r.record.Attempts(), began)
	fresh := []*Follower{r.record.Follow(r.Hub.URL, history), r.record.Follow(r.Hub.URL, resuming)}
	defer fresh[0].Stop()
	defer fresh[1].Stop()
	followers := slices.Concat(fresh, r.witnesses)
	// What is seen before anything new is published comes from the history.
	// Who waits in vain lacks something, which is for the judge to say.
	late := patiently(ctx, r.Patience, func(ctx context.Context) error {
		return r.record.AwaitExpected(ctx, followers...)
	})
	round.Replayed = len(fresh[1].View().Sightings)
	if late == nil {
		late = r.settle(ctx, r.record, followers)
	}
	round.judge(r.record, followers)
	settled := round.Verdicts[0].Settled
	round.Settled, r.settled = settled-r.settled, settled
	round.Total = r.record.Tally()
	if round.Err() != nil {
		late = nil // the judge knows why
	}
	return round, late
}

// killUnderLoad returns how many publishes were in flight at the kill.
func (r *crashRun) killUnderLoad(ctx context.Context, n int) (inFlight int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	load := Load{Publishers: r.Publishers, Tokens: []string{r.Credentials.publisher()}, Next: func(i, n int) Update {
		return Update{Topic: fmt.Sprintf("topic/%d", i), Private: n%4 == 0, OwnID: n%8 == 0, Size: r.Size}
	}}
	stopped := make(chan error, 1)
	go func() { stopped <- load.Run(ctx, r.record, fmt.Sprintf("round-%d", n+1), r.Hub.URL) }()
	select {
	case <-time.After(r.Between/2 + rand.N(r.Between)):
	case err := <-stopped:
		return 0, fmt.Errorf("all publishers gave up before the kill: %w", cmp.Or(err, errors.New("no answers")))
	}
	inFlight = r.record.InFlight()
	err = r.Hub.Kill()
	cancel()
	return inFlight, errors.Join(err, <-stopped)
}

// middle returns the id in the middle of those acknowledged since a time.
func middle(attempts []Attempt, since time.Duration) string {
	var ids []string
	for _, a := range attempts {
		if a.Outcome == Acknowledged && a.Began >= since {
			ids = append(ids, a.ID)
		}
	}
	if len(ids) == 0 {
		return Earliest
	}
	return ids[len(ids)/2]
}
