package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Publishers at a time, and how many times the yardstick's figure their rate
// has to be at least, or what each of them may cost at most.
var (
	durableRates = []struct {
		clients int
		budget  *Budget
	}{{1, atLeastTimes(0.33)}, {64, atLeastTimes(3)}, {256, atLeastTimes(3.5)}}
	publishCosts = []int{16, 64}
)

// publishSize is the size of data published, in bytes: a small document.
const publishSize = 420

// publish measures durable publishes per second against a bare loop of append
// and fdatasync on the same file system, and CPU time per publish against a
// bare net/http handler. Nobody subscribes.
func (r *run) publish(ctx context.Context) (err error) {
	var targets []*target
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.stop())
		}
	}()
	begin := func(t *target, err error) error {
		if err == nil {
			targets = append(targets, t)
		}
		return err
	}
	if err := begin(r.bare(ctx)); err != nil {
		return err
	}
	if err := begin(r.hub(ctx, r.onDisk())); err != nil {
		return err
	}
	if r.Given == nil {
		if err := begin(r.hub(ctx, inMemory)); err != nil {
			return err
		}
	}
	bare, durable := targets[0], targets[1]
	for round := range r.Rounds {
		for _, rate := range durableRates {
			if err := r.rateTurn(ctx, durable, round, rate.clients, rate.budget); err != nil {
				return err
			}
		}
		for _, clients := range publishCosts {
			yardstick, err := r.publishTurn(ctx, bare, clients)
			if err != nil {
				return err
			}
			for i, t := range targets[1:] {
				turn, err := r.publishTurn(ctx, t, clients)
				if err != nil {
					return err
				}
				kind, budget := r.kept(), atMostTimes(2)
				if i == 1 {
					kind, budget = "in memory", atMostTimes(1.5)
				}
				if turn.known {
					f := r.figure("publish", fmt.Sprintf("CPU per publish, %s, %s", kind, counted(clients, "client")), "µs").within(budget)
					f.add(bare, yardstick.cpu)
					f.add(t, turn.cpu)
				}
				r.progress("publish %d/%d, %s, %s: CPU %.1f µs per publish, bare handler %.1f", round+1, r.Rounds, counted(clients, "client"), kind, turn.cpu, yardstick.cpu)
			}
		}
	}
	return nil
}

// kept says how the hub keeps updates: only of one started here it is known.
func (r *run) kept() string {
	if r.Given != nil {
		return "as it is set"
	}
	return "durable"
}

// rateTurn measures a rate between two halves of the yardstick's turn, for the
// rates of disks wander.
func (r *run) rateTurn(ctx context.Context, t *target, round, clients int, budget *Budget) error {
	const added = 80 // bytes of a record beside its data, about
	record := []byte(strings.Repeat("x", publishSize+added))
	before, err := appendRate(r.dir, record, r.Turn/2)
	if err != nil {
		return err
	}
	turn, err := r.publishTurn(ctx, t, clients)
	if err != nil {
		return err
	}
	after, err := appendRate(r.dir, record, r.Turn/2)
	if err != nil {
		return err
	}
	f := r.figure("publish", fmt.Sprintf("publishes/s, %s, %s", r.kept(), counted(clients, "client")), "/s").within(budget)
	f.add(t, turn.perSecond)
	f.add(&target{name: "append+fdatasync", yardstick: true}, (before+after)/2)
	if turn.known {
		r.figure("publish", fmt.Sprintf("bytes written per publish, %s", counted(clients, "client")), "B").add(t, turn.written)
	}
	r.progress("publish %d/%d, %s: %.0f publishes/s, append+fdatasync %.0f and %.0f/s", round+1, r.Rounds, counted(clients, "client"), turn.perSecond, before, after)
	return nil
}

// published is what a turn of publishing came to.
type published struct {
	perSecond float64
	cpu       float64 // µs per publish, where known
	written   float64 // bytes per publish, likewise
	known     bool
}

func (r *run) publishTurn(ctx context.Context, t *target, clients int) (p published, err error) {
	all, err := Connect(ctx, t.url, t.tls, t.token, clients)
	if err != nil {
		return p, err
	}
	defer all.Close()
	form := Form(r.topic("publish"), strings.Repeat("x", publishSize))
	if _, _, err := all.RunFor(ctx, r.Turn/10, form); err != nil { // the token gets verified, buffers grow
		return p, err
	}
	before, err := t.written()
	if err != nil {
		return p, err
	}
	var n int
	var took time.Duration
	cpu, known, err := t.spent(func() (err error) {
		n, took, err = all.RunFor(ctx, r.Turn, form)
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return p, err
	}
	after, err := t.written()
	each := 1 / float64(n)
	return published{float64(n) / took.Seconds(), microseconds(cpu) * each, float64(after-before) * each, known}, err
}
