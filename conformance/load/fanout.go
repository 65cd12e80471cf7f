package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A fanOut is one way to publish to all streams.
type fanOut struct {
	streams int
	pace    pace
	size    int     // bytes of data
	budget  *Budget // of CPU per delivery
}

// payloadSize is that of a usual update, in bytes.
const payloadSize = 150

func fanOuts(pacedBudget float64) []fanOut {
	return []fanOut{
		// At these paces a delivery is over before the next, so nothing can
		// be merged: each costs a write.
		{1_000, pace{every: time.Second / 25}, payloadSize, atMostTimes(pacedBudget)},
		{10_000, pace{every: time.Second / 5}, payloadSize, atMostTimes(pacedBudget)},
		{1_000, pace{burst: 300}, payloadSize, atMost(2)},
		{1_000, pace{every: time.Second / 10}, 16 << 10, nil},
	}
}

func (f fanOut) String() string {
	s := fmt.Sprintf("%s streams, %v", thousands(f.streams), f.pace)
	if f.size != payloadSize {
		s += fmt.Sprintf(", %d kB each", f.size>>10)
	}
	return s
}

// fanout measures deliveries of a hub and of the write loop, in turns. The
// hub's history is on disk, as in production.
func (r *run) fanout(ctx context.Context) (err error) {
	loop, err := r.yardstick(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, loop.stop()) }()
	hub, err := r.hub(ctx, r.onDisk())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hub.stop()) }()
	for round := range r.Rounds {
		for _, f := range fanOuts(r.pacedBudget()) {
			f.streams = r.streams(f.streams)
			for _, t := range []*target{loop, hub} {
				if err := r.fanOutTurn(ctx, t, round, f); err != nil {
					return fmt.Errorf("%v: %s: %w", f, t.name, err)
				}
			}
		}
	}
	return nil
}

// pacedBudget is how many times the write loop's CPU a paced delivery may
// cost: a loop in Go leaves less room.
func (r *run) pacedBudget() float64 {
	if r.loop.inGo {
		return 1.1
	}
	return 1.3
}

func (r *run) fanOutTurn(ctx context.Context, t *target, round int, f fanOut) error {
	series := r.nextSeries()
	topic := r.topic(fmt.Sprint("fanout/", series))
	s, err := r.open(ctx, t, f.streams, r.subscription(topic, series))
	if err != nil {
		return err
	}
	defer s.Close()
	feed, err := r.feed(ctx, t, topic, series, f.size, false)
	if err != nil {
		return err
	}
	defer feed.close()
	d, err := r.deliver(ctx, t, s, f.streams, feed, f.pace)
	if err != nil {
		return err
	}
	what := f.String()
	r.judge("fanout, "+what+", "+t.name, &d.tally)
	if d.known {
		r.figure("fanout", "CPU per delivery, "+what, "µs").within(f.budget).add(t, d.cpu)
	}
	if f.pace.every > 0 {
		r.figure("fanout", "latency p50, "+what, "ms").add(t, milliseconds(d.tally.Latency.Quantile(0.5)))
		r.figure("fanout", "latency p99, "+what, "ms").add(t, milliseconds(d.tally.Latency.Quantile(0.99)))
		r.figure("fanout", "latency max, "+what, "ms").add(t, milliseconds(d.tally.Latency.Max()))
	} else {
		r.figure("fanout", "deliveries/s, "+what, "/s").add(t, d.perSecond)
	}
	r.figure("fanout", "acknowledged after p50, "+what, "ms").add(t, milliseconds(feed.acks.Quantile(0.5)))
	if d.late > 0 {
		r.note("fanout, %s, %s: %d publishes of a turn came late, so something held the machine up, or this pace is more than it does", what, t.name, d.late)
	}
	r.progress("fanout %d/%d, %s, %s: CPU %.2f µs per delivery and %.2f of the generator, %.0f/s, p99 %v", round+1, r.Rounds, what, t.name,
		d.cpu, d.own, d.perSecond, d.tally.Latency.Quantile(0.99).Round(10*time.Microsecond))
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// counted writes how many things there are.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}

// thousands writes a number as people read it.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
