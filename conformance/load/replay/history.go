package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

const topic = "https://example.com/replay"

// An update's data begins with who published it and as which of his: so
// whoever reads them all can tell whether one is missing or out of place.
func data(publisher string, n, size int) string {
	name := fmt.Sprintf("%s %d ", publisher, n)
	return name + strings.Repeat("x", max(0, size-len(name)))
}

// A ledger is what a reader knows about the history: the ids in order, as the
// first replay showed them, and what publishers were told.
type ledger struct {
	seed   maphash.Seed
	told   map[string][]uint64 // publisher → hashes of his ids, in order; only of this run
	order  []uint64            // hashes of all ids, in the order of the first replay
	cursor map[int]string      // ids of some places in that order
}

func newLedger() ledger {
	return ledger{seed: maphash.MakeSeed(), told: make(map[string][]uint64), cursor: make(map[int]string)}
}

func (l *ledger) hash(id []byte) uint64 { return maphash.Bytes(l.seed, id) }

// A reading checks one replay from the earliest event on.
type reading struct {
	ledger *ledger
	events int
	next   map[string]int // publisher → the number of his next update
}

func (l *ledger) read() *reading { return &reading{ledger: l, next: make(map[string]int)} }

// check reports what is wrong with the next event.
func (r *reading) check(e *load.Event) error {
	publisher, rest, _ := bytes.Cut(e.Data, []byte(" "))
	number, _, _ := bytes.Cut(rest, []byte(" "))
	n := 0
	for _, digit := range number {
		n = 10*n + int(digit-'0')
	}
	who := string(publisher)
	if n != r.next[who] {
		return fmt.Errorf("event %d is update %d of publisher %s, whose update %d should come next", r.events, n, who, r.next[who])
	}
	r.next[who]++
	id := r.ledger.hash(e.ID)
	if told, ok := r.ledger.told[who]; ok && (n >= len(told) || told[n] != id) {
		return fmt.Errorf("event %d, update %d of publisher %s, has another id than its publisher was told", r.events, n, who)
	}
	if r.events < len(r.ledger.order) && r.ledger.order[r.events] != id {
		return fmt.Errorf("event %d is not the one that another replay showed there", r.events)
	}
	r.events++
	return nil
}

// fill publishes the history.
func (m *measurement) fill(ctx context.Context, h *faults.Hub) error {
	at, err := url.Parse(h.URL())
	if err != nil {
		return err
	}
	all, err := load.Connect(ctx, at, nil, faults.Token(load.Key, faults.Grants{Publish: []string{"*"}}), m.fillers)
	if err != nil {
		return err
	}
	defer all.Close()
	told := make([][]uint64, m.fillers)
	each := (m.n + m.fillers - 1) / m.fillers
	var published atomic.Int64
	began := time.Now()
	_, err = all.Run(ctx, func(p *load.Publisher, i, n int) (bool, error) {
		id, err := p.Publish(load.Form(topic, data(fmt.Sprint("f", i), n, m.size)))
		if err != nil {
			return false, err
		}
		told[i] = append(told[i], m.ledger.hash(id))
		if total := published.Add(1); total%100_000 == 0 {
			fmt.Fprintf(m.progress, "%d updates published, %.0f/s\n", total, float64(total)/time.Since(began).Seconds())
		}
		return n+1 < each, nil
	})
	for i, ids := range told {
		m.ledger.told[fmt.Sprint("f", i)] = ids
	}
	return err
}
