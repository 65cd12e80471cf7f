package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// slow measures what other streams notice when a tenth of all are not read.
// Updates are large, so that what kernels hold for those is soon full.
func (r *run) slow(ctx context.Context) (err error) {
	hub, err := r.hub(ctx, r.onDisk())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hub.stop()) }()
	for round := range r.Rounds {
		for _, stalled := range []bool{false, true} {
			if err := r.slowTurn(ctx, hub, round, stalled); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) slowTurn(ctx context.Context, hub *target, round int, stalled bool) error {
	n := r.streams(1_000)
	series := r.nextSeries()
	topic := r.topic(fmt.Sprint("slow/", series))
	reading := n
	if stalled {
		reading = n - n/10
	}
	s, err := r.openEach(ctx, hub, n, func(i int) Subscription {
		one := r.subscription(topic, series)
		one.Stalled = i >= reading
		return one
	})
	if err != nil {
		return err
	}
	defer s.Close()
	at := pace{every: time.Second / 10}
	f, err := r.feed(ctx, hub, topic, series, 16<<10, false)
	if err != nil {
		return err
	}
	defer f.close()
	before, known, err := hub.usage()
	if err != nil {
		return err
	}
	d, err := r.deliver(ctx, hub, s, reading, f, at)
	if err != nil {
		return err
	}
	after, _, err := hub.usage()
	if err != nil {
		return err
	}
	t := hub
	if !stalled {
		t = &target{name: "all read", yardstick: true}
	}
	what := fmt.Sprintf("%s streams, a tenth stalled, %v of 16 kB", thousands(n), at)
	r.judge("slow, "+what, &d.tally)
	r.figure("slow", "latency p50 of the others, "+what, "ms").add(t, milliseconds(d.tally.Latency.Quantile(0.5)))
	// What others notice is lost in the noise of a machine this busy, up to
	// twice the latency.
	r.figure("slow", "latency p99 of the others, "+what, "ms").within(atMostTimes(2)).add(t, milliseconds(d.tally.Latency.Quantile(0.99)))
	if known {
		r.figure("slow", "anonymous memory grows by, "+what, "MB").add(t, max(0, float64(after.Anon-before.Anon)/1e6))
	}
	r.progress("slow %d/%d, %d of %d streams read: p99 %v", round+1, r.Rounds, reading, n, d.tally.Latency.Quantile(0.99).Round(10*time.Microsecond))
	return nil
}
