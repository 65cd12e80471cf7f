package faults

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A sender publishes the next updates of a plan, one after the other.
type sender struct {
	poster
	ledger *ledger
	target func() string
}

// retryPause is between two attempts at a publish with a key.
const retryPause = 50 * time.Millisecond

// next publishes one update. One with a key is sent again until it is answered,
// as such publishers do; some are sent again after that, too. It returns how the
// first attempt ended, and when.
func (s *sender) next(ctx context.Context) (a Attempt, answered time.Time) {
	n := s.ledger.begin()
	u := s.ledger.update(n)
	form := u.form()
	send := func() Attempt { return s.post(context.WithoutCancel(ctx), s.target(), form, u.once) }
	a = send()
	answered = time.Now()
	end := a
	for start := time.Now(); u.once != "" && end.Outcome != Acknowledged && end.Outcome != Refused && time.Since(start) < answerTimeout; {
		pause(ctx, retryPause)
		s.ledger.retry()
		again := send()
		if again.Outcome == Unsent {
			again.Outcome = end.Outcome // what is known of the attempts before
		}
		end = again
		if ctx.Err() != nil {
			break
		}
	}
	s.ledger.end(n, end)
	if u.again && end.Outcome == Acknowledged {
		s.ledger.repeat(n, send())
	}
	if end.Outcome == Refused {
		a = end
	}
	return a, answered
}

// fill publishes as fast as it is answered, until the ledger has so many lines.
// Anything but an acknowledgement ends it.
func (l *ledger) fill(ctx context.Context, publishers, lines int, token string, target func() string) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var left sync.Mutex
	todo := lines
	var running sync.WaitGroup
	for range publishers {
		running.Go(func() {
			s := &sender{newPoster(token), l, target}
			defer s.Close()
			for ctx.Err() == nil {
				left.Lock()
				todo--
				done := todo < 0
				left.Unlock()
				if done {
					return
				}
				if a, _ := s.next(ctx); a.Outcome != Acknowledged {
					fail(fmt.Errorf("filling the history: %s", a.Problem))
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// A pace is publishers that publish at a steady rate, whatever the answers
// take: a publish that has to wait for the one before it counts from when it
// was due.
type pace struct {
	mu     sync.Mutex
	phase  string // "" for one that is not measured
	phases map[string]*samples
	open   int   // publishes under way that belong to a phase
	err    error // the first refusal

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// samples are what publishes took in one phase, and how long that was.
type samples struct {
	times []time.Duration
	took  time.Duration
}

// quantile returns what a share q of the publishes did not exceed.
func (s *samples) quantile(q float64) time.Duration {
	if s == nil || len(s.times) == 0 {
		return 0
	}
	slices.Sort(s.times)
	return s.times[min(int(q*float64(len(s.times))), len(s.times)-1)]
}

// keep begins to publish at a rate a second, by all publishers together. Stop
// it.
func (l *ledger) keep(ctx context.Context, publishers int, rate float64, token string, target func() string) *pace {
	p := &pace{phases: make(map[string]*samples)}
	ctx, p.cancel = context.WithCancel(ctx)
	every := time.Duration(float64(publishers) / rate * float64(time.Second))
	start := time.Now()
	for i := range publishers {
		due := start.Add(every * time.Duration(i) / time.Duration(publishers))
		p.running.Go(func() {
			s := &sender{newPoster(token), l, target}
			defer s.Close()
			for ; ; due = due.Add(every) {
				pause(ctx, time.Until(due))
				if ctx.Err() != nil {
					return
				}
				phase := p.enter()
				a, answered := s.next(ctx)
				if !p.leave(phase, a, answered.Sub(due)) {
					return
				}
				if a.Outcome != Acknowledged { // the hub was killed, and this is not to be made up for
					pause(ctx, retryPause)
					due = time.Now()
				}
			}
		})
	}
	return p
}

// stop ends the publishers, and says whether one was refused.
func (p *pace) stop() error {
	p.cancel()
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// measure has do take place in a phase. A name that occurs again goes on with
// the same samples.
func (p *pace) measure(phase string, do func() error) error {
	start := time.Now()
	p.set(phase)
	err := do()
	took := time.Since(start)
	p.set("")
	// What comes next may be a kill.
	if !await(context.Background(), answerTimeout, p.isOver) && err == nil {
		err = fmt.Errorf("publishes of the phase %s are not answered: %w", phase, errImpatient)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(phase).took += took
	if err == nil {
		err = p.err
	}
	return err
}

func (p *pace) set(phase string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = phase
}

func (p *pace) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open == 0
}

// enter returns the phase that a publish belongs to.
func (p *pace) enter() (phase string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != "" {
		p.open++
	}
	return p.phase
}

// leave notes how a publish ended, and tells whether its publisher goes on.
// While anything is measured nobody kills the hub: then each has to be
// acknowledged.
func (p *pace) leave(phase string, a Attempt, took time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if phase != "" {
		p.open--
	}
	switch {
	case a.Outcome == Acknowledged && phase != "":
		s := p.of(phase)
		s.times = append(s.times, took)
	case a.Outcome == Refused, a.Outcome != Acknowledged && phase != "":
		if p.err == nil {
			p.err = fmt.Errorf("in the phase %q a publish was not acknowledged: %s", phase, a.Problem)
		}
		return false
	}
	return true
}

// of is called with mu held.
func (p *pace) of(phase string) *samples {
	if p.phases[phase] == nil {
		p.phases[phase] = new(samples)
	}
	return p.phases[phase]
}
