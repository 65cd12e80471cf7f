package load

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"cinnabar/conformance/faults"
)

const (
	connectsPerSecond = 10_000.0 / 60
	connectsAtOnce    = 10 // come together, stay until the next have come, and leave
	presenceClients   = 16 // who publish
)

// presence measures what clients that come and go cost publishers, where the
// hub tells who listens: each connect and each end is an entry of its history,
// and an event to those who watch. Publishes are counted in halves of a turn
// before and after those with the connects, for the rates of disks wander.
func (r *run) presence(ctx context.Context) (err error) {
	if r.Given != nil {
		r.note("presence: left out, for whether a hub that runs already tells of subscriptions is not known")
		return nil
	}
	telling, err := r.hub(ctx, r.onDisk(), "--subscriptions")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, telling.stop()) }()
	silent, err := r.hub(ctx, r.onDisk())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, silent.stop()) }()
	for round := range r.Rounds {
		for _, k := range []presenceKind{{telling, "and who listens is told", atLeastTimes(0.9)}, {silent, "and nobody is told", nil}} {
			if err := r.presenceTurn(ctx, round, k); err != nil {
				return err
			}
		}
	}
	return nil
}

type presenceKind struct {
	hub    *target
	how    string
	budget *Budget // of the rate with the connects, as a share of that without
}

func (r *run) presenceTurn(ctx context.Context, round int, k presenceKind) error {
	publishers, err := Connect(ctx, k.hub.url, k.hub.tls, k.hub.token, presenceClients)
	if err != nil {
		return err
	}
	defer publishers.Close()
	watcher, err := r.watcher(ctx, k.hub)
	if err != nil {
		return err
	}
	defer watcher.Close()
	if _, err := r.paced(ctx, publishers, r.Turn/10); err != nil {
		return err
	}
	quiet, err := r.paced(ctx, publishers, r.Turn/2)
	if err != nil {
		return err
	}
	comings := r.startComings(ctx, k.hub)
	busy, err := r.paced(ctx, publishers, r.Turn)
	connects, failed := comings.stop()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	if k.budget != nil {
		told := 1 + 2*int64(connects) // its own beginning; theirs, and their end
		r.await(ctx, watcher, told)
		if got := watcher.Events(); got != told {
			r.report.Faults = append(r.report.Faults, fmt.Sprintf("presence: %d clients came and left, and who watches was told of %d changes, not of %d", connects, got, told))
		}
	}
	after, err := r.paced(ctx, publishers, r.Turn/2)
	if err != nil {
		return err
	}
	quiet.merge(after)
	without := &target{name: "nobody comes", yardstick: true}
	what := fmt.Sprintf("%s publishers, %s clients a minute come and leave, %s", thousands(presenceClients), thousands(connectsPerSecond*60), k.how)
	rate := r.figure("presence", "publishes/s, "+what, "/s").within(k.budget)
	rate.add(k.hub, busy.perSecond())
	rate.add(without, quiet.perSecond())
	p99 := r.figure("presence", "publish answered p99, "+what, "ms")
	p99.add(k.hub, milliseconds(busy.answered.Quantile(0.99)))
	p99.add(without, milliseconds(quiet.answered.Quantile(0.99)))
	r.progress("presence %d/%d, %s: %.0f publishes/s, p99 %v, while %d clients came and left; %.0f/s, p99 %v while none did", round+1, r.Rounds, k.how,
		busy.perSecond(), busy.answered.Quantile(0.99), connects, quiet.perSecond(), quiet.answered.Quantile(0.99))
	return nil
}

// watcher opens a stream that is told of every subscription that begins or ends
// and of nothing else.
func (r *run) watcher(ctx context.Context, hub *target) (*Streams, error) {
	const paths = "/.well-known/mercure/subscriptions"
	s := Subscription{Query: url.Values{"topic": {paths + "{/topic}{/subscriber}"}}, Token: r.Credentials.MaySubscribe(faults.Legacy, "*")}
	if r.Generation == faults.Current {
		s = Subscription{Query: url.Values{"match_urlpattern": {paths + "/:type/:match/:subscriber"}}, Token: r.Credentials.MaySubscribe(faults.Current, "*")}
	}
	return r.open(ctx, hub, 1, s)
}

// answers are publishes that were answered, and how long that took.
type answers struct {
	answered Histogram
	took     time.Duration
}

func (a *answers) perSecond() float64 { return float64(a.answered.n) / a.took.Seconds() }

func (a *answers) merge(other answers) {
	a.answered.merge(&other.answered)
	a.took += other.took
}

// paced publishes as fast as answers come, for a while.
func (r *run) paced(ctx context.Context, all Publishers, d time.Duration) (a answers, err error) {
	form := Form(r.topic("presence"), strings.Repeat("x", publishSize))
	each := make([]Histogram, len(all))
	began := time.Now()
	_, err = all.Run(ctx, func(p *Publisher, i, _ int) (bool, error) {
		asked := time.Now()
		_, err := p.Publish(form)
		each[i].add(time.Since(asked))
		return time.Since(began) < d, err
	})
	a.took = time.Since(began)
	for i := range each {
		a.answered.merge(&each[i])
	}
	return a, errors.Join(err, ctx.Err())
}

// comings are clients that come and leave, some at a time, at a steady pace.
type comings struct {
	cancel   context.CancelFunc
	done     sync.WaitGroup
	connects int
	err      error
}

func (r *run) startComings(ctx context.Context, hub *target) *comings {
	ctx, cancel := context.WithCancel(ctx)
	c := &comings{cancel: cancel}
	c.done.Go(func() { c.connects, c.err = r.come(ctx, hub) })
	return c
}

// stop waits until all have left, and returns how many there were.
func (c *comings) stop() (connects int, err error) {
	c.cancel()
	c.done.Wait()
	return c.connects, c.err
}

func (r *run) come(ctx context.Context, hub *target) (connects int, err error) {
	pace := time.NewTicker(time.Duration(connectsAtOnce / connectsPerSecond * float64(time.Second)))
	defer pace.Stop()
	var last *Streams
	defer func() {
		if last != nil {
			last.Close()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return connects, nil
		case <-pace.C:
		}
		// Not with ctx: whoever comes is let in, so that all are told of.
		next, err := r.openEach(context.WithoutCancel(ctx), hub, connectsAtOnce, func(i int) Subscription {
			return Subscription{Query: r.topics(r.topic(fmt.Sprint("coming/", connects+i)))}
		})
		if err != nil {
			return connects, err
		}
		connects += connectsAtOnce
		if last != nil {
			last.Close()
		}
		last = next
	}
}
