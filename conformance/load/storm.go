package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// behind is how many updates the clients of a storm have missed.
const behind = 10

// storm measures many clients that reconnect at once, each some updates
// behind, over plain HTTP and, apart, over TLS, where handshakes are what it
// costs.
func (r *run) storm(ctx context.Context) (err error) {
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
	kinds := []stormKind{{hub, "", r.streams(5_000), atMost(100)}}
	if r.Given == nil {
		secure, err := r.secureHub(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, secure.stop()) }()
		kinds = append(kinds, stormKind{secure, ", TLS", r.streams(2_000), nil})
	}
	for round := range r.Rounds {
		if err := r.stormWithoutHistory(ctx, loop, kinds[0].clients); err != nil {
			return err
		}
		for _, k := range kinds {
			if err := r.stormTurn(ctx, round, k); err != nil {
				return err
			}
		}
	}
	return nil
}

type stormKind struct {
	hub     *target
	how     string
	clients int
	budget  *Budget // of CPU per client, in µs
}

func (k stormKind) String() string {
	return fmt.Sprintf("%s clients, %d behind%s", thousands(k.clients), behind, k.how)
}

// stormHistory is how many updates there are when the storm comes.
const stormHistory = 600

func (r *run) stormTurn(ctx context.Context, round int, k stormKind) error {
	series := r.nextSeries()
	topic := r.topic(fmt.Sprint("storm/", series))
	f, err := r.feed(ctx, k.hub, topic, series, payloadSize, false)
	if err != nil {
		return err
	}
	defer f.close()
	one := r.subscription(topic, series)
	one.After = stormHistory - behind
	for f.number < stormHistory {
		id, err := f.publish()
		if err != nil {
			return err
		}
		if f.number == one.After {
			one.Cursor = string(id)
		}
	}
	var s *Streams
	began := time.Now()
	cpu, known, err := k.hub.spent(func() (err error) {
		if s, err = r.openAtOnce(ctx, k.hub, k.clients, one); err == nil {
			r.await(ctx, s, int64(k.clients*behind))
		}
		return err
	})
	if err != nil {
		return err
	}
	defer s.Close()
	took := time.Since(began)
	if _, err := f.publish(); err != nil { // nothing gets lost between catching up and living
		return err
	}
	r.await(ctx, s, int64(k.clients*(behind+1)))
	tally := s.Collect(f.last)
	r.judge("storm, "+k.String(), &tally)
	each := microseconds(cpu) / float64(k.clients)
	if known {
		r.figure("storm", "CPU per client, "+k.String(), "µs").within(k.budget).add(k.hub, each)
	}
	r.figure("storm", "until all have caught up, "+k.String(), "ms").add(k.hub, milliseconds(took))
	r.progress("storm %d/%d, %v: CPU %.1f µs each, all have caught up after %v", round+1, r.Rounds, k, each, took.Round(time.Millisecond))
	return nil
}

// stormWithoutHistory lets the write loop accept the clients, to compare with:
// it has nothing for them to catch up with.
func (r *run) stormWithoutHistory(ctx context.Context, loop *target, clients int) error {
	var s *Streams
	began := time.Now()
	cpu, _, err := loop.spent(func() (err error) {
		s, err = r.openAtOnce(ctx, loop, clients, Subscription{})
		return err
	})
	if err != nil {
		return err
	}
	s.Close()
	k := stormKind{clients: clients}
	accepting := *loop
	accepting.name += ", nothing to catch up"
	r.figure("storm", "CPU per client, "+k.String(), "µs").add(&accepting, microseconds(cpu)/float64(clients))
	r.figure("storm", "until all have caught up, "+k.String(), "ms").add(&accepting, milliseconds(time.Since(began)))
	return nil
}

func (r *run) openAtOnce(ctx context.Context, t *target, n int, one Subscription) (*Streams, error) {
	return Open(ctx, Opening{Hub: t.url, TLS: t.tls, N: n, AtOnce: n, Subscription: func(int) Subscription { return one }})
}
