package faults

import (
	"context"
	"fmt"
	"sync"
)

// A Load is publishers that send as fast as they are answered.
type Load struct {
	Publishers int
	Token      string
	// Next makes the n-th update of the i-th publisher; it is called
	// concurrently.
	Next func(i, n int) Update
}

// Run publishes to the hub until ctx ends; publishes then in flight are waited
// for. A publisher stops at its first publish without an answer, for then the
// hub is gone; a refusal is an error.
func (l Load) Run(ctx context.Context, r *Record, name string, target func() string) error {
	refusals := make(chan error, l.Publishers)
	var running sync.WaitGroup
	for i := range l.Publishers {
		p := r.Publisher(fmt.Sprintf("%s-%d", name, i), l.Token)
		running.Go(func() {
			defer p.Close()
			for n := 0; ctx.Err() == nil; n++ {
				a := p.Publish(context.WithoutCancel(ctx), target(), l.Next(i, n))
				if a.Outcome == Refused {
					refusals <- fmt.Errorf("publishing %s: %s", a.Key, a.Problem)
				}
				if a.Outcome != Acknowledged {
					return
				}
			}
		})
	}
	running.Wait()
	close(refusals)
	return <-refusals
}
