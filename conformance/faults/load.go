package faults

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A Load is publishers that send as fast as they are answered.
type Load struct {
	Publishers int
	Tokens     []string // given out to publishers in turn
	// Next makes the n-th update of the i-th publisher; it is called
	// concurrently.
	Next func(i, n int) Update
	// Every is the least time from one publish of a publisher to its next.
	Every time.Duration
	// Persist is the pause after a publish without an answer; 0 ends the
	// publisher there, for the hub is gone.
	Persist time.Duration
}

// Run publishes to the hub until ctx ends; publishes then in flight are waited
// for. A publisher that meets a refusal ends, which is an error. While target
// returns "" publishers wait.
func (l Load) Run(ctx context.Context, r *Record, name string, target func() string) error {
	refusals := make(chan error, l.Publishers)
	var running sync.WaitGroup
	for i := range l.Publishers {
		p := r.Publisher(fmt.Sprintf("%s-%d", name, i), l.Tokens[i%len(l.Tokens)])
		running.Go(func() {
			defer p.Close()
			for n := 0; ctx.Err() == nil; n++ {
				at := target()
				if at == "" {
					pause(ctx, l.Persist)
					continue
				}
				began := r.Now()
				a := p.Publish(context.WithoutCancel(ctx), at, l.Next(i, n))
				switch {
				case a.Outcome == Refused:
					refusals <- fmt.Errorf("publishing %s: %s", a.Key, a.Problem)
					return
				case a.Outcome == Acknowledged:
					pause(ctx, l.Every-(r.Now()-began))
				case l.Persist == 0:
					return
				default:
					pause(ctx, l.Persist)
				}
			}
		})
	}
	running.Wait()
	close(refusals)
	return <-refusals
}

// pause waits for a time, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
