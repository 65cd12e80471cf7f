package load

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"cinnabar/conformance/faults"
)

// A matcher is one way to ask for topics, each stream for its own.
type matcher struct {
	name       string
	generation faults.Generation
	parameter  string
	own        string  // what a stream asks for beyond the topic that is its own
	fresh      bool    // each publish has a topic never seen before
	budget     *Budget // of CPU per publish, in µs
}

// matchers returns those that the hub can be asked for: hubs started here
// speak both generations.
func (r *run) matchers() []matcher {
	exact := matcher{"exact", r.Generation, "topic", "", false, atMost(50)}
	if r.Generation == faults.Current {
		exact.parameter = "match"
	}
	template := matcher{"URI template", faults.Legacy, "topic", "/{id}", true, atMost(70)}
	pattern := matcher{"URL pattern", faults.Current, "match_urlpattern", "/:id", true, atMost(70)}
	switch {
	case r.Given == nil:
		return []matcher{exact, template, pattern}
	case r.Generation == faults.Current:
		return []matcher{exact, pattern}
	}
	return []matcher{exact, template}
}

// matchingPublishers is how many publish at a time.
const matchingPublishers = 16

// matching measures publishes that reach one of many streams, all of whose
// selectors are distinct. The hub keeps no history on disk, which would add
// its own cost.
func (r *run) matching(ctx context.Context) (err error) {
	bare, err := r.bare(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	for round := range r.Rounds {
		yardstick, err := r.publishTurn(ctx, bare, matchingPublishers)
		if err != nil {
			return err
		}
		for _, m := range r.matchers() {
			var costs []float64 // with few streams, with many
			for _, n := range slices.Compact([]int{r.streams(1_000), r.streams(10_000)}) {
				cost, known, err := r.matchingTurn(ctx, m, n)
				if err != nil {
					return fmt.Errorf("%s, %d streams: %w", m.name, n, err)
				}
				r.progress("matching %d/%d, %s, %s streams: CPU %.1f µs per publish, bare handler %.1f", round+1, r.Rounds, m.name, thousands(n), cost, yardstick.cpu)
				if !known {
					continue
				}
				costs = append(costs, cost)
				f := r.figure("matching", fmt.Sprintf("CPU per publish, %s, 1 of %s streams", m.name, thousands(n)), "µs").within(m.budget)
				f.Hub = append(f.Hub, cost)
				f.add(bare, yardstick.cpu)
			}
			if len(costs) == 2 && costs[0] > 0 {
				f := r.figure("matching", fmt.Sprintf("%s, many streams over few", m.name), "×").within(atMost(flat))
				f.Hub = append(f.Hub, costs[1]/costs[0])
			}
		}
	}
	return nil
}

// flat is what a cost may grow by that should not depend on how many streams
// there are: ten times as many leave caches colder.
const flat = 1.25

func (r *run) matchingTurn(ctx context.Context, m matcher, n int) (cost float64, known bool, err error) {
	hub, err := r.hub(ctx, inMemory)
	if err != nil {
		return 0, false, err
	}
	defer func() { err = errors.Join(err, hub.stop()) }()
	first := r.series + 1
	r.series += uint32(n)
	base := r.topic(fmt.Sprint("matching/", first, "/"))
	s, err := r.openEach(ctx, hub, n, func(i int) Subscription {
		one := Subscription{Query: url.Values{m.parameter: {base + strconv.Itoa(i) + m.own}}, Series: first + uint32(i)}
		if !r.Anonymous {
			one.Token = r.Credentials.MaySubscribe(m.generation, "*")
		}
		return one
	})
	if err != nil {
		return 0, false, err
	}
	defer s.Close()
	all, err := Connect(ctx, hub.url, hub.tls, hub.token, min(matchingPublishers, n))
	if err != nil {
		return 0, false, err
	}
	defer all.Close()
	a := addressees{first: first, published: make([]uint32, n), head: "topic=" + url.QueryEscape(base), fresh: m.fresh}
	if err := a.publish(ctx, all, r.Turn/10); err != nil { // tokens get verified, buffers grow
		return 0, false, err
	}
	warm := a.total()
	cpu, known, err := hub.spent(func() error {
		if err := a.publish(ctx, all, r.Turn); err != nil {
			return err
		}
		r.await(ctx, s, a.total())
		return ctx.Err()
	})
	if err != nil {
		return 0, false, err
	}
	tally := s.Collect(func(series uint32) uint32 { return a.published[series-first] })
	r.judge(fmt.Sprintf("matching, %s, %s streams", m.name, thousands(n)), &tally)
	return microseconds(cpu) / float64(a.total()-warm), known, nil
}

// addressees are streams of which each update reaches one. Every stream is
// the addressee of one publisher only, which makes the order known.
type addressees struct {
	first     uint32   // the series of the first stream
	published []uint32 // to each stream
	head      string   // of the form, up to the number of the stream
	fresh     bool
}

// publish lets all publishers send for a while, each to its streams in an
// order that jumps about.
func (a *addressees) publish(ctx context.Context, all Publishers, d time.Duration) error {
	began := time.Now()
	forms := make([][]byte, len(all))
	_, err := all.Run(ctx, func(p *Publisher, i, n int) (bool, error) {
		own := (len(a.published) - i + len(all) - 1) / len(all)
		stream := i + n*stride%own*len(all)
		forms[i] = a.form(stream, forms[i][:0])
		_, err := p.Publish(forms[i])
		return time.Since(began) < d, err
	})
	return err
}

// stride takes a publisher about among its streams; it is prime, and so visits
// all of them.
const stride = 7919

func (a *addressees) total() (n int64) {
	for _, one := range a.published {
		n += int64(one)
	}
	return n
}

// form writes the next update to a stream.
func (a *addressees) form(stream int, b []byte) []byte {
	a.published[stream]++
	b = strconv.AppendInt(append(b, a.head...), int64(stream), 10)
	if a.fresh {
		b = strconv.AppendInt(append(b, "%2F"...), clock(), 36)
	}
	p := payload{series: a.first + uint32(stream), number: a.published[stream], sent: clock()}
	return p.append(append(b, "&data="...), payloadSize)
}
