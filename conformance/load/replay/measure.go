package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync/atomic"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

type measurement struct {
	settings
	ledger    ledger
	result    result
	published atomic.Int64 // while replays run
}

// A resume is how long a reader waits for its first event, connecting
// included, in ms.
type resume struct {
	From   string  `json:"from"`
	Reader string  `json:"reader"`
	Median float64 `json:"median_ms"`
	P99    float64 `json:"p99_ms"`
}

// A replay is what it costs the hub to send everything.
type replay struct {
	Reader    string      `json:"reader"`
	Events    int         `json:"events"`
	Published int         `json:"published_meanwhile"`
	Seconds   load.Series `json:"seconds"`
	CPU       load.Series `json:"cpu_us_per_event"`
	// Memory of the hub in MB: what it holds for itself before, at its peak
	// and afterwards, and the most of the file that was mapped.
	Before load.Series `json:"anon_before_mb"`
	Peak   load.Series `json:"anon_peak_mb"`
	After  load.Series `json:"anon_after_mb"`
	Mapped load.Series `json:"mapped_peak_mb"`
}

type result struct {
	Events  int       `json:"events"`
	Resumes []resume  `json:"resumes"`
	Replays []*replay `json:"replays"`
}

// plain measures over plain HTTP, first of all resuming, before anything new
// is published.
func (m *measurement) plain(ctx context.Context, h *faults.Hub) error {
	if err := m.learn(ctx, h); err != nil {
		return fmt.Errorf("the first replay: %w", err)
	}
	if err := m.resumeEverywhere(ctx, h, http1, ""); err != nil {
		return err
	}
	for range m.rounds {
		if err := m.replay(ctx, h, http1, "", atOnce); err != nil {
			return err
		}
	}
	if err := m.replay(ctx, h, h2c, "", atOnce); err != nil {
		return err
	}
	began := time.Now()
	slowly := func() {
		if time.Since(began) < m.slow {
			time.Sleep(5 * time.Millisecond) // for each 64 KiB at most
		}
	}
	if err := m.replay(ctx, h, http1, ", slow at first", slowly); err != nil {
		return err
	}
	return m.whilePublishing(ctx, h, func(ctx context.Context) error {
		busy := fmt.Sprintf(", %d publishers", m.publishers)
		if err := m.resumeEverywhere(ctx, h, http1, busy); err != nil {
			return err
		}
		return m.replay(ctx, h, http1, busy, atOnce)
	})
}

// secure measures over TLS.
func (m *measurement) secure(ctx context.Context, h *faults.Hub) error {
	for _, c := range []carrier{tls1, h2} {
		if err := m.resumeEverywhere(ctx, h, c, ""); err != nil {
			return err
		}
		if err := m.replay(ctx, h, c, "", atOnce); err != nil {
			return err
		}
	}
	return nil
}

// learn reads the whole history once. It ends when the newest event has come,
// which is one published now.
func (m *measurement) learn(ctx context.Context, h *faults.Hub) error {
	at, err := url.Parse(h.URL())
	if err != nil {
		return err
	}
	p, err := load.NewPublisher(ctx, at, nil, faults.Token(load.Key, faults.Grants{Publish: []string{"*"}}))
	if err != nil {
		return err
	}
	defer p.Close()
	id, err := p.Publish(load.Form(topic, data(fmt.Sprint("end-", time.Now().UnixNano()), 0, 0)))
	if err != nil {
		return err
	}
	last := string(id)
	client := http1.client()
	defer client.CloseIdleConnections()
	r := m.ledger.read()
	ids := make([]string, 0, m.n)
	err = follow(ctx, client, h.URL(), "earliest", atOnce, func(e *load.Event) (bool, error) {
		ids = append(ids, string(e.ID))
		m.ledger.order = append(m.ledger.order, m.ledger.hash(e.ID))
		return ids[len(ids)-1] != last, r.check(e)
	})
	if err != nil {
		return err
	}
	if len(ids) < m.n {
		return fmt.Errorf("the history holds %d events, want %d: name another file, or give -n", len(ids), m.n)
	}
	for publisher, told := range m.ledger.told {
		if r.next[publisher] != len(told) {
			return fmt.Errorf("%d of %d updates of publisher %s are there", r.next[publisher], len(told), publisher)
		}
	}
	for _, i := range []int{0, len(ids) / 2, len(ids) - 101} {
		m.ledger.cursor[i] = ids[i]
	}
	m.result.Events = len(ids)
	fmt.Fprintf(m.progress, "%d events, all there and in order\n", len(ids))
	return nil
}

// resumeEverywhere measures the time to the first event from three places.
func (m *measurement) resumeEverywhere(ctx context.Context, h *faults.Hub, c carrier, how string) error {
	n := m.result.Events
	for _, place := range []struct {
		name string
		at   int
	}{{"100 behind the end", n - 101}, {"the middle", n / 2}, {"the start", 0}} {
		var waits load.Series
		for range m.resumes {
			client := c.client() // connects anew
			began := time.Now()
			err := follow(ctx, client, h.URL(), m.ledger.cursor[place.at], atOnce, func(e *load.Event) (bool, error) {
				waits = append(waits, float64(time.Since(began).Microseconds())/1e3)
				if m.ledger.hash(e.ID) != m.ledger.order[place.at+1] {
					return false, fmt.Errorf("resuming from %s begins with another event than the next", place.name)
				}
				return false, nil
			})
			client.CloseIdleConnections()
			if err != nil {
				return err
			}
		}
		r := resume{From: place.name, Reader: c.name + how, Median: waits.Median(), P99: waits.Quantile(0.99)}
		m.result.Resumes = append(m.result.Resumes, r)
		fmt.Fprintln(m.progress, r)
	}
	return nil
}

// replay reads everything once.
func (m *measurement) replay(ctx context.Context, h *faults.Hub, c carrier, how string, pace func()) error {
	r := m.replayOf(c.name + how)
	client := c.client()
	defer client.CloseIdleConnections()
	check := m.ledger.read()
	published := m.published.Load()
	began := time.Now()
	w, err := load.WatchWhile(ctx, h.Site().PID, func(ctx context.Context) error {
		return follow(ctx, client, h.URL(), "earliest", pace, func(e *load.Event) (bool, error) {
			err := check.check(e)
			return check.events < m.result.Events, err
		})
	})
	if err != nil {
		return fmt.Errorf("replay, %s: %w", r.Reader, err)
	}
	r.Seconds = append(r.Seconds, time.Since(began).Seconds())
	r.CPU = append(r.CPU, float64(w.CPU.Microseconds())/float64(check.events))
	r.Before = append(r.Before, megabytes(w.Before.Anon))
	r.Peak = append(r.Peak, megabytes(w.Peak.Anon))
	r.After = append(r.After, megabytes(w.After.Anon))
	r.Mapped = append(r.Mapped, megabytes(w.Peak.RSS-w.Peak.Anon))
	r.Events = check.events
	r.Published = int(m.published.Load() - published)
	fmt.Fprintln(m.progress, r)
	return nil
}

func (m *measurement) replayOf(reader string) *replay {
	for _, r := range m.result.Replays {
		if r.Reader == reader {
			return r
		}
	}
	r := &replay{Reader: reader}
	m.result.Replays = append(m.result.Replays, r)
	return r
}

// whilePublishing does something while publishers send as fast as they are
// answered.
func (m *measurement) whilePublishing(ctx context.Context, h *faults.Hub, do func(context.Context) error) error {
	at, err := url.Parse(h.URL())
	if err != nil {
		return err
	}
	all, err := load.Connect(ctx, at, nil, faults.Token(load.Key, faults.Grants{Publish: []string{"*"}}), m.publishers)
	if err != nil {
		return err
	}
	defer all.Close()
	run := time.Now().UnixNano()
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		_, err := all.Run(publishing, func(p *load.Publisher, i, n int) (bool, error) {
			_, err := p.Publish(load.Form(topic, data(fmt.Sprintf("p%d-%d", run, i), n, m.size)))
			m.published.Add(1)
			return true, err
		})
		ended <- err
	}()
	err = do(ctx)
	stop()
	return errors.Join(err, <-ended)
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

func (r resume) String() string {
	return fmt.Sprintf("resuming from %s (%s): first event after %.2f ms, p99 %.2f", r.From, r.Reader, r.Median, r.P99)
}

func (r *replay) String() string {
	meanwhile := ""
	if r.Published > 0 {
		meanwhile = fmt.Sprintf(" (that of %d publishes included)", r.Published)
	}
	return fmt.Sprintf("replay of %d events (%s): all, in order; %s s, CPU %s µs per event%s; anonymous memory before %s, peak %s, after %s MB, mapped %s MB",
		r.Events, r.Reader, r.Seconds, r.CPU, meanwhile, r.Before, r.Peak, r.After, r.Mapped)
}

func (r result) print(out io.Writer) {
	fmt.Fprintf(out, "%d events; budgets: first event after at most 2 ms at the end, at most 2 µs CPU per event, anonymous memory flat\n", r.Events)
	for _, one := range r.Resumes {
		fmt.Fprintln(out, one)
	}
	for _, one := range r.Replays {
		fmt.Fprintln(out, one)
	}
}
