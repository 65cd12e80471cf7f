package faults

import (
	"context"
	"fmt"
	"slices"
)

// judgeCursors resumes from what a history gave out, as subscribers to orders
// do: from an order, from one under an id of its own, and from a tick that is
// gone. Whoever wants ticks after that one is to be told of a loss.
func (r *upkeepRun) judgeCursors(ctx context.Context, name string, h *Hub, exported *reading) error {
	v := r.ledger.read(stock{name: name})
	// Some way before the end, so that there is something to resume with.
	before := exported.highest - min(exported.highest, 2*uint64(r.Keep))
	for _, c := range []struct {
		what    string
		about   class
		brought bool
		gone    bool
		exact   bool
	}{
		{"an order", orders, false, false, true},
		{"an order with an id of its own", orders, true, false, true},
		{"a tick that is gone", orders, false, true, true},
		{"a tick that is gone", ticks, false, true, false},
	} {
		cursor, n, ok := r.ledger.find(-1, func(n int, e *line) bool {
			u := r.ledger.update(n)
			class := orders
			if c.gone {
				class = ticks
			}
			return u.class == class && (u.id != "") == c.brought && exported.holds(n) == !c.gone &&
				e.position > 0 && e.position < before
		})
		if !ok {
			return fmt.Errorf("the history has nothing to resume from: %s", c.what)
		}
		v.counted++
		given, answered, err := r.resume(ctx, h, asked{selector: c.about.template(), cursor: cursor}, exported)
		if err != nil {
			return err
		}
		want := cursor
		if !c.exact {
			want = Earliest
		}
		if answered != want {
			v.fault(CursorLost, "%v after %s, %s: the hub goes on from %q, want %q", c.about, c.what, cursor, answered, want)
		}
		expected := exported.after(r.positionOf(n), c.about)
		if answered == Earliest && !c.exact {
			continue // it was told, and may get all there is
		}
		if !slices.Equal(given, expected) {
			v.fault(CursorLost, "%v after %s, %s: %d are given that are not the %d in the history", c.about, c.what, cursor, len(given), len(expected))
		}
	}
	r.report.take(v)
	return nil
}

func (r *upkeepRun) positionOf(n int) uint64 {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	return r.ledger.lines[n].position
}

// resume reads on from a cursor to the last update of an export that the
// selector matches, and returns the keys.
func (r *upkeepRun) resume(ctx context.Context, h *Hub, a asked, exported *reading) (keys []string, answered string, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	body, answered, err := stream(ctx, h.URL(), r.credentials.subscriber(), a)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	last := exported.lastAbout(a.selector)
	err = events(body, last, func(e Event) {
		key, _ := readPayload(e.Data)
		keys = append(keys, key)
	})
	return keys, answered, err
}

// lastAbout returns the id of the last update read that a class's template
// matches.
func (r *reading) lastAbout(template string) string {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for _, n := range slices.Backward(r.order) {
		u := r.ledger.update(int(n))
		for c := range classes {
			if c.template() == template && u.about(c) {
				return r.ledger.lines[n].id
			}
		}
	}
	return ""
}

// judgeEpoch looks at what the restored history does not share with the
// original: ids published there after the backup are lost here, which is told,
// and no id that is given out here was ever given out there.
func (r *upkeepRun) judgeEpoch(ctx context.Context, h *Hub) error {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	v := r.ledger.read(stock{name: "restored, epoch"})
	body, answered, err := stream(ctx, h.URL(), r.credentials.subscriber(), asked{selector: orders.template(), cursor: r.behind, gaps: true})
	if err != nil {
		return err
	}
	defer body.Close()
	const published = 100
	s := &sender{newPoster(r.credentials.publisher()), newLedger(r.ledger.plan, published), h.URL}
	s.ledger.nonce = NewRecord().nonce
	defer s.Close()
	for range published {
		if a, _ := s.next(ctx); a.Outcome != Acknowledged {
			return fmt.Errorf("publishing to the restored history: %s", a.Problem)
		}
	}
	v.counted = published + 1
	reason, err := gapOf(body)
	if err != nil {
		return fmt.Errorf("resuming after the backup's end: %w", err)
	}
	if answered != Earliest || reason != "not_kept" {
		v.fault(CursorLost, "after %s, which the backup does not hold, the hub goes on from %q, and tells a gap for reason %q: want earliest, not_kept", r.behind, answered, reason)
	}
	r.ledger.mu.Lock()
	for id := range s.ledger.byID {
		if n, taken := r.ledger.byID[id]; taken {
			v.fault(Misidentified, "%s stands for a publish to the restored history and for publish %d to the original", id, n)
		}
	}
	r.ledger.mu.Unlock()
	r.report.take(v)
	r.report.note(v.name, s.ledger.faults)
	return nil
}
