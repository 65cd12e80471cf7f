package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A cast is who takes part in a round of a verification.
type cast struct {
	steady  []*Follower // read all the time
	slow    []*Follower // stop reading for a while
	cut     []*Follower // lose their connection again and again
	trickle []*Follower // read as over a poor line
	fresh   []*Follower // come with a cursor just acknowledged

	stopLoad func() error
}

func (c *cast) all() []*Follower {
	return slices.Concat(c.steady, c.slow, c.cut, c.trickle, c.fresh)
}

// begin lets publishers and subscribers start. Stop the cast.
func (r *verifyRun) begin(ctx context.Context, round int) (*cast, error) {
	c := new(cast)
	const small = 64 << 10 // a receive buffer that is soon full
	follow := func(to *[]*Follower, s Subscription) {
		*to = append(*to, r.record.Follow(r.URL, s))
	}
	for _, g := range r.Generations {
		follow(&c.steady, r.everything("subscriber to everything", g))
		if r.Anonymous {
			follow(&c.steady, Subscription{Name: fmt.Sprintf("anonymous subscriber, %v", g), Generation: g, Topics: r.selectors()})
		}
		follow(&c.steady, Subscription{
			Name: fmt.Sprintf("subscriber granted one topic, %v", g), Generation: g, Topics: r.selectors(),
			Granted: r.topics[1:2], Token: r.Credentials.MaySubscribe(g, r.topics[1]),
		})
		follow(&c.steady, Subscription{
			Name: fmt.Sprintf("subscriber to two topics, granted one, %v", g), Generation: g,
			Topics:  []string{r.topics[0], r.topics[1], r.settled()},
			Granted: r.topics[:1], Token: r.Credentials.MaySubscribe(g, r.topics[0]),
		})
		slow := r.everything("stalling subscriber", g)
		slow.ReadBuffer = small
		follow(&c.slow, slow)
		follow(&c.cut, r.everything("subscriber on a bad network", g))
	}
	trickle := r.everything("subscriber on a poor line", r.Generations[round%len(r.Generations)])
	trickle.ReadBuffer, trickle.Rate = small, 512<<10
	follow(&c.trickle, trickle)
	c.stopLoad = func() error { return nil }
	for _, f := range c.all() {
		if err := patiently(ctx, r.Patience, f.Open); err != nil {
			c.stop()
			return nil, err
		}
	}
	c.stopLoad = r.publish(ctx, round)
	return c, nil
}

// publish lets publishers of all generations run until the function returned
// is called, which says how it went.
func (r *verifyRun) publish(ctx context.Context, round int) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	load := Load{
		Publishers: r.Publishers,
		Every:      10 * time.Millisecond, // bounds what a round makes a fast hub hold
		Persist:    50 * time.Millisecond,
		Next: func(i, n int) Update {
			u := Update{Topic: r.topics[(i+n)%topics], Private: n%3 == 0, OwnID: n%8 == 0, Size: 200 + n%5*100}
			if r.bulk.Load() {
				u.Size = 4 << 10
			}
			return u
		},
	}
	for _, g := range r.Generations {
		load.Tokens = append(load.Tokens, r.Credentials.MayPublish(g, "*"))
	}
	stopped := make(chan error, 1)
	go func() {
		stopped <- load.Run(ctx, r.record, fmt.Sprintf("%d", round), func() string {
			if r.down.Load() {
				return ""
			}
			return r.URL()
		})
	}()
	return sync.OnceValue(func() error {
		cancel()
		return <-stopped
	})
}

// resume adds a subscriber that comes with the id acknowledged last, while
// other publishes wait for their answer.
func (r *verifyRun) resume(ctx context.Context, c *cast) error {
	if !await(ctx, r.Patience, func() bool { return r.record.InFlight() > 0 && r.record.Latest() != "" }) {
		return fmt.Errorf("waiting for publishes in flight: %w", errors.Join(ctx.Err(), errImpatient))
	}
	s := r.everything("subscriber resuming inside a commit", r.Generations[len(c.fresh)%len(r.Generations)])
	s.From = r.record.Latest()
	f := r.record.Follow(r.URL, s)
	c.fresh = append(c.fresh, f)
	return patiently(ctx, r.Patience, f.Open)
}

// stop ends everything.
func (c *cast) stop() error {
	err := c.stopLoad()
	var stopping sync.WaitGroup
	for _, f := range c.all() {
		stopping.Go(func() { f.Stop() })
	}
	stopping.Wait()
	return err
}
