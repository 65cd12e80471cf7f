package load

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"
)

// A history is one under measurement: its hub, and what it has to hold.
type history struct {
	*run
	hub       *target
	topic     string
	ledger    ledger
	events    int          // it held when replays began
	published atomic.Int64 // since then
}

// How the history is filled, and read.
const (
	entrySize      = 200 // bytes of data
	fillers        = 256 // publishers at a time
	resumes        = 200 // from each place, in all rounds together
	busyPublishers = 16  // while replays run
)

// replay measures what a long history costs whoever resumes from it: the time
// to the first event, and CPU time and memory of the hub for all of it. Each
// event is checked for order and completeness.
func (r *run) replay(ctx context.Context) error {
	h := &history{run: r, topic: r.topic("replay"), ledger: newLedger()}
	file := "bolt://" + filepath.Join(r.dir, "long.db")
	// A history that is filled for the sake of its length need not be safe
	// after each update.
	if err := h.serving(ctx, h.fill, file, "--durability", "os"); err != nil {
		return fmt.Errorf("filling the history: %w", err)
	}
	if err := h.serving(ctx, h.plain, file); err != nil {
		return err
	}
	if r.Given != nil {
		return nil
	}
	certificate, err := writeCertificate(r.dir)
	if err != nil {
		return err
	}
	return h.serving(ctx, h.secure, file, "--tls-cert", certificate, "--tls-key", certificate)
}

// serving runs a hub on the history while something is done.
func (h *history) serving(ctx context.Context, do func(context.Context) error, file string, flags ...string) (err error) {
	if h.hub, err = h.run.hub(ctx, file, append(flags, "--retention-bytes", "0")...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.hub.stop()) }()
	return do(ctx)
}

// fill publishes the history.
func (h *history) fill(ctx context.Context) error {
	all, err := Connect(ctx, h.hub.url, h.hub.tls, h.hub.token, fillers)
	if err != nil {
		return err
	}
	defer all.Close()
	told := make([][]uint64, fillers)
	each := (h.History + fillers - 1) / fillers
	var published atomic.Int64
	began := time.Now()
	_, err = all.Run(ctx, func(p *Publisher, i, n int) (bool, error) {
		id, err := p.Publish(Form(h.topic, entry(fmt.Sprint("f", i), n, entrySize)))
		if err != nil {
			return false, err
		}
		told[i] = append(told[i], h.ledger.hash(id))
		if total := published.Add(1); total%100_000 == 0 {
			h.progress("replay: %s updates published, %.0f/s", thousands(int(total)), float64(total)/time.Since(began).Seconds())
		}
		return n+1 < each, nil
	})
	for i, ids := range told {
		h.ledger.told[fmt.Sprint("f", i)] = ids
	}
	return errors.Join(err, ctx.Err())
}

// plain measures over plain HTTP, or what a given hub speaks.
func (h *history) plain(ctx context.Context) error {
	if err := h.learn(ctx); err != nil {
		return fmt.Errorf("the first replay: %w", err)
	}
	for range h.Rounds {
		if err := h.resumeEverywhere(ctx, http1, ""); err != nil {
			return err
		}
		if err := h.all(ctx, http1, "", atOnce); err != nil {
			return err
		}
	}
	if h.hub.url.Scheme == "http" {
		if err := h.all(ctx, h2c, "", atOnce); err != nil {
			return err
		}
	}
	began := time.Now()
	slowly := func() {
		if time.Since(began) < h.Turn {
			time.Sleep(5 * time.Millisecond) // for each 64 KiB at most
		}
	}
	if err := h.all(ctx, http1, ", slow at first", slowly); err != nil {
		return err
	}
	return h.whilePublishing(ctx, func(ctx context.Context) error {
		busy := fmt.Sprintf(", %d publishers", busyPublishers)
		if err := h.resumeEverywhere(ctx, http1, busy); err != nil {
			return err
		}
		return h.all(ctx, http1, busy, atOnce)
	})
}

// secure measures over TLS.
func (h *history) secure(ctx context.Context) error {
	for _, t := range []transport{tls1, h2} {
		if err := h.resumeEverywhere(ctx, t, ""); err != nil {
			return err
		}
		if err := h.all(ctx, t, "", atOnce); err != nil {
			return err
		}
	}
	return nil
}

// follower reads the history anew. Close its client's connections.
func (h *history) follower(t transport, pace func()) follower {
	s := h.subscription(h.topic, 0)
	return follower{t.client(h.hub.tls), h.hub.url, h.Generation, s.Query, s.Token, pace}
}

// learn reads the whole history once. It ends when the newest event has come,
// which is one published now.
func (h *history) learn(ctx context.Context) error {
	p, err := NewPublisher(ctx, h.hub.url, h.hub.tls, h.hub.token)
	if err != nil {
		return err
	}
	defer p.Close()
	id, err := p.Publish(Form(h.topic, entry("end", 0, 0)))
	if err != nil {
		return err
	}
	last := string(id)
	f := h.follower(http1, atOnce)
	defer f.client.CloseIdleConnections()
	r := h.ledger.audit()
	ids := make([]string, 0, h.History)
	err = f.follow(ctx, "earliest", func(e *Event) (bool, error) {
		ids = append(ids, string(e.ID))
		h.ledger.order = append(h.ledger.order, h.ledger.hash(e.ID))
		return ids[len(ids)-1] != last, r.check(e)
	})
	if err != nil {
		return err
	}
	for publisher, told := range h.ledger.told {
		if r.next[publisher] != len(told) {
			return fmt.Errorf("%d of %d updates of publisher %s are there", r.next[publisher], len(told), publisher)
		}
	}
	for _, i := range []int{0, len(ids) / 2, len(ids) - 101} {
		h.ledger.cursor[i] = ids[i]
	}
	h.events = len(ids)
	h.progress("replay: %s events, all there and in order", thousands(len(ids)))
	return nil
}

// resumeEverywhere measures the time to the first event from three places,
// connecting included.
func (h *history) resumeEverywhere(ctx context.Context, t transport, how string) error {
	for _, place := range []struct {
		name   string
		at     int
		budget *Budget
	}{{"100 behind the end", h.events - 101, atMost(2)}, {"the middle", h.events / 2, nil}, {"the start", 0, nil}} {
		var waits Series
		for range max(1, resumes/h.Rounds) {
			f := h.follower(t, atOnce) // connects anew
			began := time.Now()
			err := f.follow(ctx, h.ledger.cursor[place.at], func(e *Event) (bool, error) {
				waits = append(waits, milliseconds(time.Since(began)))
				if h.ledger.hash(e.ID) != h.ledger.order[place.at+1] {
					return false, fmt.Errorf("resuming from %s begins with another event than the next", place.name)
				}
				return false, nil
			})
			f.client.CloseIdleConnections()
			if err != nil {
				return err
			}
		}
		what := fmt.Sprintf("from %s, %s%s", place.name, t.name, how)
		f := h.figure("replay", "first event, "+what, "ms")
		if t.usual(how) {
			f.within(place.budget)
		}
		f.add(h.hub, waits.Median())
		h.progress("replay %s: first event after %.2f ms, p99 %.2f", what, waits.Median(), waits.Quantile(0.99))
	}
	return nil
}

// flatMemory is how much a hub may hold of a history of any length while it
// replays it, in MB.
const flatMemory = 32

// all reads everything once.
func (h *history) all(ctx context.Context, t transport, how string, pace func()) error {
	f := h.follower(t, pace)
	defer f.client.CloseIdleConnections()
	check := h.ledger.audit()
	published := h.published.Load()
	began := time.Now()
	w, known, err := h.hub.watch(ctx, func(ctx context.Context) error {
		return f.follow(ctx, "earliest", func(e *Event) (bool, error) {
			err := check.check(e)
			return check.events < h.events, err
		})
	})
	what := fmt.Sprintf("%s events, %s%s", thousands(h.events), t.name, how)
	if err != nil {
		return fmt.Errorf("replay of %s: %w", what, err)
	}
	took := time.Since(began).Seconds()
	h.report.Delivered += int64(check.events)
	each := microseconds(w.CPU) / float64(check.events)
	if published = h.published.Load() - published; published > 0 {
		h.note("replay of %s: its CPU includes that of %d publishes", what, published)
	}
	if known {
		cost := h.figure("replay", "CPU per event, "+what, "µs")
		memory := h.figure("replay", "anonymous memory grows by, "+what, "MB")
		if t.usual(how) {
			cost.within(atMost(2))
			memory.within(atMost(flatMemory))
			h.figure("replay", "mapped memory, "+what, "MB").add(h.hub, megabytes(w.Peak.RSS-w.Peak.Anon))
		}
		cost.add(h.hub, each)
		memory.add(h.hub, megabytes(max(0, w.Peak.Anon-w.Before.Anon)))
	}
	h.figure("replay", "events/s, "+what, "/s").add(h.hub, float64(check.events)/took)
	h.progress("replay of %s: CPU %.2f µs per event, %.0f/s", what, each, float64(check.events)/took)
	return nil
}

// whilePublishing does something while publishers send as fast as they are
// answered.
func (h *history) whilePublishing(ctx context.Context, do func(context.Context) error) error {
	all, err := Connect(ctx, h.hub.url, h.hub.tls, h.hub.token, busyPublishers)
	if err != nil {
		return err
	}
	defer all.Close()
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		_, err := all.Run(publishing, func(p *Publisher, i, n int) (bool, error) {
			_, err := p.Publish(Form(h.topic, entry(fmt.Sprint("p", i), n, entrySize)))
			h.published.Add(1)
			return true, err
		})
		ended <- err
	}()
	err = do(ctx)
	stop()
	return errors.Join(err, <-ended)
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }
