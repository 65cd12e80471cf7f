package faults

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Subject is the hub that is put to a test.
type Subject struct {
	Hub         *Hub // running
	Credentials Credentials
	// Patience is for the hub to get ready, and for events to arrive.
	Patience time.Duration
}

// settle publishes one last update and waits until all followers have seen
// what they have to see, that one included: the time to judge them.
func (s Subject) settle(ctx context.Context, record *Record, followers []*Follower) error {
	if _, err := record.mark(ctx, s.Hub.URL(), s.Credentials.publisher(), "settled"); err != nil {
		return err
	}
	return patiently(ctx, s.Patience, func(ctx context.Context) error {
		return record.AwaitExpected(ctx, followers...)
	})
}

// mark publishes an update that ends a stretch of the record: whoever has seen
// it has seen all that was to come before.
func (r *Record) mark(ctx context.Context, hubURL, token, topic string) (Attempt, error) {
	p := r.Publisher(fmt.Sprintf("mark-%d", r.Now()), token)
	defer p.Close()
	a := p.Publish(ctx, hubURL, Update{Topic: topic})
	if a.Outcome != Acknowledged {
		return a, fmt.Errorf("publishing a mark: %s", a.Problem)
	}
	return a, nil
}

// Findings are what the judge has to say about several views of one history.
type Findings struct {
	Verdicts    []Verdict // one for each view
	Disagreeing []Fault   // between the first view, which is of the whole history, and the others
}

func (f *Findings) judge(record *Record, followers []*Follower) {
	whole := followers[0].View()
	for _, follower := range followers {
		v := follower.View()
		f.Verdicts = append(f.Verdicts, record.Judge(v))
		f.Disagreeing = append(f.Disagreeing, record.Agree(whole, v)...)
	}
}

// Err joins what is wrong.
func (f Findings) Err() error {
	var all []error
	for _, v := range f.Verdicts {
		all = append(all, v.Err())
	}
	for _, fault := range f.Disagreeing {
		all = append(all, fmt.Errorf("%s: %s", fault.Kind, fault.Detail))
	}
	return errors.Join(all...)
}

// patiently gives do a limited time.
func patiently(ctx context.Context, patience time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return do(ctx)
}
