package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cinnabar/conformance/faults"
)

// An idling is a kind of stream that nothing happens on.
type idling struct {
	name    string
	streams int
	tokens  bool // a distinct one for each
	secure  bool
	watched bool    // for longer, to see what idling costs
	memory  *Budget // bytes per stream
	flags   []string
}

func (r *run) idlings() []idling {
	plain := idling{"HTTP/1.1", r.streams(10_000), !r.Anonymous, false, true, atMost(2.5e3), nil}
	if r.Given != nil {
		if r.Given.URL.Scheme == "https" {
			plain.name, plain.memory = "TLS", atMost(8e3)
		}
		return []idling{plain}
	}
	return []idling{
		plain,
		{"HTTP/1.1, distinct tokens", r.streams(10_000), true, false, false, nil, nil},
		{"HTTP/1.1, who listens is told", r.streams(10_000), false, false, false, nil, []string{"--subscriptions"}},
		// Handshakes take their time, and memory is the same for each.
		{"TLS", r.streams(5_000), false, true, false, atMost(8e3), nil},
	}
}

// quiet is longer than the usual time from one heartbeat to the next.
const quiet = 21 * time.Second

// idle measures what open streams cost while nothing is published. Memory
// that a process once had it seldom gives back, so each turn has a new one.
func (r *run) idle(ctx context.Context) error {
	var settled *faults.Usage // of a given hub, before anything was asked of it
	for round := range r.Rounds {
		if err := r.idleTurn(ctx, round, idling{name: "HTTP/1.1", streams: r.streams(10_000)}, r.yardstick, nil); err != nil {
			return err
		}
		for _, k := range r.idlings() {
			if err := r.idleTurn(ctx, round, k, func(ctx context.Context) (*target, error) { return r.idleHub(ctx, k) }, &settled); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	r.increment()
	return nil
}

func (r *run) idleHub(ctx context.Context, k idling) (*target, error) {
	if k.secure {
		return r.secureHub(ctx)
	}
	return r.hub(ctx, r.onDisk(), k.flags...)
}

func (r *run) idleTurn(ctx context.Context, round int, k idling, begin func(context.Context) (*target, error), settled **faults.Usage) (err error) {
	t, err := begin(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	settling := min(time.Second, r.Turn)
	if err := pause(ctx, settling/5); err != nil {
		return err
	}
	before, known, err := t.usage()
	if err != nil {
		return err
	}
	empty := before.RSS
	if t.process == nil {
		if *settled == nil {
			*settled = &before
		}
		empty = (*settled).RSS
	}
	began := time.Now()
	series := r.nextSeries()
	topic := r.topic(fmt.Sprint("idle/", series))
	s, err := r.openEach(ctx, t, k.streams, func(i int) Subscription {
		one := r.subscription(topic, series)
		if k.tokens {
			one.Token = r.Credentials.MaySubscribe(r.Generation, topic, r.topic(fmt.Sprint("idle/own/", i)))
		}
		return one
	})
	if err != nil {
		return err
	}
	defer s.Close()
	took := time.Since(began)
	if err := pause(ctx, settling); err != nil {
		return err
	}
	open, _, err := t.usage()
	if err != nil {
		return err
	}
	memory, cpu := float64(open.RSS-empty)/float64(k.streams), microseconds(open.CPU-before.CPU)/float64(k.streams)
	what := fmt.Sprintf("%s, %s streams", k.name, thousands(k.streams))
	if known {
		if !t.yardstick { // it keeps nothing but a descriptor: no ratio says anything
			r.figure("idle", "memory per stream, "+what, "B").within(k.memory).add(t, memory)
		}
		r.figure("idle", "CPU to connect, "+what, "µs").add(t, cpu)
	}
	r.progress("idle %d/%d, %s, %s: opened in %v, %.0f B and CPU %.1f µs per stream", round+1, r.Rounds, what, t.name, took.Round(time.Millisecond), memory, cpu)
	if round == 0 && known && k.watched && !t.yardstick {
		watched := min(quiet, 10*r.Turn) // short turns are trials
		if err := pause(ctx, watched); err != nil {
			return err
		}
		later, _, err := t.usage()
		if err != nil {
			return err
		}
		share := 100 * (later.CPU - open.CPU).Seconds() / watched.Seconds()
		r.figure("idle", "share of a processor while idle, "+what, "%").add(t, share)
	}
	tally := s.Collect(func(uint32) uint32 { return 0 })
	r.judge("idle, "+what+", "+t.name, &tally)
	return nil
}

// increment enters what a distinct token adds, and telling who listens.
func (r *run) increment() {
	kinds := r.idlings()
	if len(kinds) == 1 {
		return
	}
	of := func(k idling) Series {
		return r.figure("idle", fmt.Sprintf("memory per stream, %s, %s streams", k.name, thousands(k.streams)), "B").Hub
	}
	plain := of(kinds[0])
	for kind, name := range []string{1: "of which for its distinct token", 2: "of which for telling that it listens"} {
		if name == "" {
			continue
		}
		for i, memory := range of(kinds[kind]) {
			if i < len(plain) {
				f := r.figure("idle", name, "B")
				f.Hub = append(f.Hub, memory-plain[i])
			}
		}
	}
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
