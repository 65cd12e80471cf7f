package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// private measures deliveries of private updates to subscribers with distinct
// tokens, and of public ones to the same streams.
func (r *run) private(ctx context.Context) (err error) {
	if r.Credentials.SubscriberKey == "" {
		return errors.New("private updates need subscribers' tokens, and their key is not known")
	}
	hub, err := r.hub(ctx, r.onDisk())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hub.stop()) }()
	n := r.streams(1_000)
	topic := r.topic("private")
	s, err := r.openEach(ctx, hub, n, func(i int) Subscription {
		token := r.Credentials.MaySubscribe(r.Generation, topic, r.topic(fmt.Sprint("private/own/", i)))
		return Subscription{Query: r.topics(topic), Token: token, Series: r.series + 1}
	})
	if err != nil {
		return err
	}
	defer s.Close()
	at := pace{every: time.Second / 25}
	public := &target{name: "public updates", pid: hub.pid, url: hub.url, tls: hub.tls, token: hub.token, yardstick: true}
	for round := range r.Rounds {
		for _, t := range []*target{public, hub} {
			d, err := r.privateTurn(ctx, t, s, n, topic, at)
			if err != nil {
				return err
			}
			kind := "private"
			if t.yardstick {
				kind = "public"
			}
			if d.known {
				r.figure("private", fmt.Sprintf("CPU per delivery, %s streams, %v", thousands(n), at), "µs").within(atMostTimes(1.3)).add(t, d.cpu)
			}
			r.figure("private", fmt.Sprintf("latency p99, %s streams, %v", thousands(n), at), "ms").add(t, milliseconds(d.tally.Latency.Quantile(0.99)))
			r.progress("private %d/%d, %s updates: CPU %.2f µs per delivery", round+1, r.Rounds, kind, d.cpu)
		}
	}
	return nil
}

func (r *run) privateTurn(ctx context.Context, t *target, s *Streams, n int, topic string, at pace) (d delivered, err error) {
	series := r.nextSeries()
	s.Restart(func(int) uint32 { return series })
	f, err := r.feed(ctx, t, topic, series, payloadSize, !t.yardstick)
	if err != nil {
		return d, err
	}
	defer f.close()
	if d, err = r.deliver(ctx, t, s, n, f, at); err == nil {
		r.judge("private", &d.tally)
	}
	return d, err
}
