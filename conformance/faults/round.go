package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"time"
)

// killsPerRound is how often a round kills the hub.
const killsPerRound = 3

// round goes through all bad days once, and judges.
func (r *verifyRun) round(ctx context.Context, n int) error {
	r.at(n, "opening")
	c, err := r.begin(ctx, n)
	if err != nil {
		return err
	}
	defer c.stop()
	r.at(n, "stall")
	if err := r.stall(ctx, c); err != nil {
		return fmt.Errorf("stalling subscribers: %w", err)
	}
	if r.does(Disk) {
		r.at(n, "full disk")
		if err := r.fillDisk(ctx, c); err != nil {
			return fmt.Errorf("filling the disk: %w", err)
		}
	}
	r.at(n, "kills")
	for k := range killsPerRound {
		if err := r.shake(ctx, c); err != nil {
			return err
		}
		if !r.does(Kills) {
			continue
		}
		if err := r.kill(ctx, k == killsPerRound-1 && n%2 == 0); err != nil {
			return err
		}
	}
	r.at(n, "judging")
	return r.judge(ctx, c)
}

// Counters of the hub: streams that went from live to catching up, and back.
const (
	fellBehind = "mercure_subscribers_behind_total"
	becameLive = "mercure_subscribers_caught_up_total"
)

// stallFor bounds how long subscribers stall. A hub that lets none of them
// fall behind in that time is found out by the report.
const stallFor = 20 * time.Second

// stall lets subscribers stop reading until the hub sends them back to
// catching up, and read on until they are live again; publishing goes on.
func (r *verifyRun) stall(ctx context.Context, c *cast) error {
	const least = 1 << 20 // bytes that each is to lag
	before, err := r.counters(ctx)
	if err != nil {
		return err
	}
	for _, f := range c.slow {
		f.Pause()
	}
	r.bulk.Store(true)
	defer r.bulk.Store(false)
	from, now := r.record.Tally().Bytes, before
	await(ctx, stallFor, func() bool {
		pause(ctx, 50*time.Millisecond) // metrics are not for every few milliseconds
		now, err = r.counters(ctx)
		behind := !r.does(Turns) || int(now[fellBehind]-before[fellBehind]) >= len(c.slow)
		return err != nil || behind && r.record.Tally().Bytes-from >= least
	})
	r.bulk.Store(false)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	for _, f := range c.slow {
		bytes := r.record.Unread(f)
		r.note(func(p *Report) { p.StalledBytes += bytes })
		f.Resume()
	}
	mark, err := r.record.mark(ctx, r.URL(), r.publisherToken(), r.settled())
	if err != nil {
		return err
	}
	if r.awaitMark(ctx, mark, c.slow) != nil {
		return ctx.Err() // what they lack is for the judge to say
	}
	turns := 0
	await(ctx, r.Patience, func() bool {
		now, err = r.counters(ctx)
		turns = int(min(now[fellBehind]-before[fellBehind], now[becameLive]-before[becameLive]))
		return err != nil || turns >= len(c.slow) || now[fellBehind]-before[fellBehind] < float64(len(c.slow))
	})
	r.note(func(p *Report) { p.Turns += turns })
	return err
}

// counters reads the hub's metrics, as far as it is known to have any.
func (r *verifyRun) counters(ctx context.Context) (map[string]float64, error) {
	if !r.does(Turns) {
		return nil, nil
	}
	return Metrics(ctx, r.Metrics()+"/metrics")
}

// refusalsWanted is how many publishes have to be refused before a disk counts
// as full.
const refusalsWanted = 16

// fillDisk lets writing to the history fail until publishes are refused and
// readiness fails, and then gives it room again: streams have to stay open all
// the while, and the hub has to heal without a restart.
func (r *verifyRun) fillDisk(ctx context.Context, c *cast) error {
	streams, from := connections(c.steady), r.record.Tally().Unavailable
	full := func() bool { return r.record.Tally().Unavailable-from >= refusalsWanted }
	// Somewhere within the file: some of what is written next still fits.
	info, err := os.Stat(r.History)
	if err != nil {
		return err
	}
	defer r.FileLimit(noLimit) // again, for the early ways out
	if err := r.FileLimit(uint64(rand.N(info.Size() + 1))); err != nil {
		return err
	}
	await(ctx, time.Second, full)
	if err := r.FileLimit(0); err != nil {
		return err
	}
	if !await(ctx, r.Patience, full) {
		return fmt.Errorf("nothing can be written, and no 503 with Retry-After answers a publish: %w", errors.Join(ctx.Err(), errImpatient))
	}
	if err := r.awaitReadiness(ctx, http.StatusServiceUnavailable); err != nil {
		return err
	}
	if now := connections(c.steady); now != streams {
		r.note(func(p *Report) {
			p.find(Fault{Broken, fmt.Sprintf("%d streams were cut while the history could not be written", now-streams)})
		})
	}
	for _, f := range c.cut { // reading goes on
		f.Cut()
	}
	began := r.record.Now()
	if err := r.FileLimit(noLimit); err != nil {
		return err
	}
	if err := r.awaitReadiness(ctx, http.StatusOK); err != nil {
		return err
	}
	acknowledged := r.record.Tally().Acknowledged
	if !await(ctx, r.Patience, func() bool { return r.record.Tally().Acknowledged > acknowledged }) {
		return fmt.Errorf("there is room again, and no publish is acknowledged: %w", errors.Join(ctx.Err(), errImpatient))
	}
	healing := r.record.Now() - began
	r.note(func(p *Report) {
		p.FullDisks++
		p.Healing = max(p.Healing, healing)
	})
	return nil
}

func (r *verifyRun) awaitReadiness(ctx context.Context, want int) (err error) {
	if r.Metrics == nil {
		return nil
	}
	status := 0
	if !await(ctx, r.Patience, func() bool {
		status, err = get(ctx, r.Metrics()+"/readyz")
		return err != nil || status == want
	}) {
		return fmt.Errorf("/readyz answers %d, want %d: %w", status, want, errors.Join(ctx.Err(), errImpatient))
	}
	return err
}

func connections(followers []*Follower) (n int) {
	for _, f := range followers {
		n += len(f.View().Connections)
	}
	return n
}

// shake cuts connections for a while and lets somebody resume inside a commit.
func (r *verifyRun) shake(ctx context.Context, c *cast) error {
	const least, most, between = 300 * time.Millisecond, 900 * time.Millisecond, 60 * time.Millisecond
	end := time.After(least + rand.N(most-least))
	if err := r.resume(ctx, c); err != nil {
		return err
	}
	for {
		select {
		case <-time.After(between):
			for _, f := range c.cut {
				f.Cut()
			}
		case <-end:
			return ctx.Err()
		}
	}
}

// kill kills the hub while publishes are in flight, and starts it again, twice
// if it is to have a life without a publish.
func (r *verifyRun) kill(ctx context.Context, twice bool) error {
	inFlight := 0
	if !await(ctx, r.Patience, func() bool { inFlight = r.record.InFlight(); return inFlight > 0 }) {
		return fmt.Errorf("waiting for publishes in flight: %w", errors.Join(ctx.Err(), errImpatient))
	}
	if err := patiently(ctx, r.Patience, r.Kill); err != nil {
		return err
	}
	r.down.Store(true)
	defer r.down.Store(false)
	began := r.record.Now()
	if err := patiently(ctx, r.Patience, r.Start); err != nil {
		return err
	}
	recovery := r.record.Now() - began
	r.note(func(p *Report) {
		p.InFlight = append(p.InFlight, inFlight)
		p.Recovery = max(p.Recovery, recovery)
	})
	if !twice {
		return nil
	}
	if err := patiently(ctx, r.Patience, r.Kill); err != nil {
		return err
	}
	return patiently(ctx, r.Patience, r.Start)
}

// judge settles the round: publishers end, everybody sees what there is to
// see, and the history is read from the last round's end to this one's.
func (r *verifyRun) judge(ctx context.Context, c *cast) error {
	if err := c.stopLoad(); err != nil {
		return err
	}
	for _, f := range c.trickle {
		f.Hurry()
	}
	last, err := r.record.mark(ctx, r.URL(), r.publisherToken(), r.settled())
	if err != nil {
		return err
	}
	late := r.awaitMark(ctx, last, c.all())
	var followers []*Follower
	for _, g := range r.Generations {
		s := r.everything("reader of the history", g)
		s.From, s.Through = r.boundary, last.ID
		f := r.record.Follow(r.URL, s)
		defer f.Stop()
		followers = append(followers, f)
		late = errors.Join(late, patiently(ctx, r.Patience, f.Finish))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	history := followers[0].View()
	followers = append(followers, c.all()...)
	var found Findings
	found.judge(r.record, followers)
	r.note(func(p *Report) {
		p.Rounds++
		p.Memory = max(p.Memory, memory())
		p.add(r.record, found, followers)
		if len(p.Faults) > 0 {
			late = nil // the judge knows why
		}
	})
	r.archive.add(history)
	r.record.Forget(history)
	r.boundary = last.ID
	return late
}

// awaitMark waits until followers have seen a mark, and so all before it.
func (r *verifyRun) awaitMark(ctx context.Context, mark Attempt, followers []*Follower) error {
	return patiently(ctx, r.Patience, func(ctx context.Context) error {
		for _, f := range followers {
			if err := f.Await(ctx, mark.Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// memory returns the bytes of heap in use by this program.
func memory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
