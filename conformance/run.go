package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Status is what became of a case in one generation.
type Status string

const (
	Passed        Status = "passed"
	Failed        Status = "failed"
	Needs         Status = "needs"          // something it was not given
	NotApplicable Status = "not applicable" // by what the hub advertises
)

// A Result is a case judged in one generation.
type Result struct {
	Case       string        `json:"case"`
	Generation string        `json:"generation"`
	Level      string        `json:"level"`
	Status     Status        `json:"status"`
	Why        []string      `json:"why,omitempty"`   // failures, or what is needed
	Steps      []string      `json:"steps,omitempty"` // that led to the failures
	Requires   string        `json:"requires,omitempty"`
	Section    string        `json:"section,omitempty"`
	Took       time.Duration `json:"took"`
}

// caseLimit bounds one case; the slowest wait for a token to expire.
const caseLimit = time.Minute

// A Plan is what to run against a target.
type Plan struct {
	Target    *Target
	Catalogue Catalogue
	Cases     []Case
	Strict    bool // SHOULD and MAY count too
	Parallel  int
	Progress  func(Result) // called in turn; may be nil
}

// Run judges every case in every generation it binds, several at once, and
// returns the results in the order of the cases.
func (p *Plan) Run(ctx context.Context) []Result {
	type job struct {
		c   Case
		e   *Entry
		gen string
	}
	var jobs []job
	for _, c := range p.Cases {
		e := p.Catalogue.entry(c.ID)
		if e == nil || c.By != nil || !p.Strict && !e.Must() {
			continue
		}
		for _, gen := range e.binds(p.Target.Protocols) {
			jobs = append(jobs, job{c, e, gen})
		}
	}
	results := make([]Result, len(jobs))
	var mu sync.Mutex
	do := func(i int) {
		j := jobs[i]
		r := judge(ctx, p.Target, j.c, j.e, j.gen)
		results[i] = r
		if p.Progress != nil {
			mu.Lock()
			p.Progress(r)
			mu.Unlock()
		}
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(1, p.Parallel) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	var alone []int
	for i, j := range jobs {
		if j.c.alone() {
			alone = append(alone, i)
		} else {
			next <- i
		}
	}
	close(next)
	workers.Wait()
	for _, i := range alone {
		do(i)
	}
	return append(results, p.combined(results)...)
}

// alone reports whether a case must not run beside others: a restart would
// disturb them, in a small history they would trim what it looks at, and where
// streams are limited they would take its places.
func (c *Case) alone() bool {
	return c.Restarts || c.Alone || slices.ContainsFunc([]string{"small", "crowded", "client", "token"}, func(name string) bool {
		return slices.Contains(c.Needs, Variant(name))
	})
}

// combined judges the entries that several cases assert together.
func (p *Plan) combined(results []Result) []Result {
	var all []Result
	for _, c := range p.Cases {
		e := p.Catalogue.entry(c.ID)
		if e == nil || c.By == nil || !p.Strict && !e.Must() {
			continue
		}
		for _, gen := range e.binds(p.Target.Protocols) {
			r, judged := combine(results, &c, gen)
			if !judged {
				continue
			}
			r.Case, r.Generation, r.Level, r.Section = c.ID, gen, e.Level, e.Section
			if r.Status == Failed {
				r.Requires = e.Requirement
			}
			all = append(all, r)
		}
	}
	return all
}

// combine finds the parts of a case among results: one that failed fails it,
// one that needs something makes it need that. judged is false without parts.
func combine(results []Result, c *Case, gen string) (r Result, judged bool) {
	var failed, needed []string
	for _, part := range results {
		if part.Generation != gen || !slices.Contains(c.By, part.Case) {
			continue
		}
		judged = true
		switch part.Status {
		case Failed:
			failed = append(failed, part.Case+" failed")
		case Needs:
			needed = append(needed, part.Why...)
		}
	}
	switch {
	case failed != nil:
		return Result{Status: Failed, Why: failed}, true
	case needed != nil:
		slices.Sort(needed)
		return Result{Status: Needs, Why: slices.Compact(needed)}, true
	}
	return Result{Status: Passed}, judged
}

// judge runs one case in one generation.
func judge(ctx context.Context, target *Target, c Case, e *Entry, gen string) Result {
	r := Result{Case: c.ID, Generation: gen, Level: e.Level, Section: e.Section}
	for _, need := range c.needs(gen) {
		if !target.has(need) {
			r.Why = append(r.Why, string(need))
		}
	}
	if r.Why != nil {
		r.Status = Needs
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, caseLimit)
	defer cancel()
	start := time.Now()
	t := newT(ctx, target, gen)
	applies := true
	done := make(chan struct{})
	go func() { // Fatalf ends this goroutine
		defer close(done)
		if c.Applies != nil {
			if applies = c.Applies(t); !applies {
				return
			}
		}
		c.Run(t)
	}()
	<-done
	t.end()
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Took = time.Since(start)
	switch {
	case len(t.failures) > 0:
		r.Status, r.Why, r.Steps, r.Requires = Failed, t.failures, t.stepsToFailures(), e.Requirement
	case !applies:
		r.Status = NotApplicable
	default:
		r.Status = Passed
	}
	return r
}

// needs returns what a case needs in a generation: its own list, a key to
// publish with, and for 1.0 an issuer.
func (c *Case) needs(gen string) []Need {
	needs := append([]Need{PublisherKey}, c.Needs...)
	if gen == current {
		needs = append(needs, Issuer)
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// selectCases returns the cases whose id is one of, or begins with, the words,
// with those that assert them; all without words.
func selectCases(all []Case, words []string) ([]Case, error) {
	if len(words) == 0 {
		return all, nil
	}
	chosen := make(map[string]bool)
	for _, w := range words {
		found := false
		for _, c := range all {
			if c.ID == w || strings.HasPrefix(c.ID, w+"-") {
				found, chosen[c.ID] = true, true
				for _, part := range c.By {
					chosen[part] = true
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no case %s; -list shows them", w)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Case) bool { return !chosen[c.ID] }), nil
}
