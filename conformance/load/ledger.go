package load

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strings"
)

// entry is the data of an update in a history to be replayed: it begins with
// who published it and as which of his, so whoever reads them all can tell
// whether one is missing or out of place.
func entry(publisher string, n, size int) string {
	name := fmt.Sprintf("%s %d ", publisher, n)
	return name + strings.Repeat("x", max(0, size-len(name)))
}

// A ledger is what a reader knows about the history: the ids in order, as the
// first replay showed them, and what publishers were told.
type ledger struct {
	seed   maphash.Seed
	told   map[string][]uint64 // publisher → hashes of his ids, in order
	order  []uint64            // hashes of all ids, in the order of the first replay
	cursor map[int]string      // ids of some places in that order
}

func newLedger() ledger {
	return ledger{seed: maphash.MakeSeed(), told: make(map[string][]uint64), cursor: make(map[int]string)}
}

func (l *ledger) hash(id []byte) uint64 { return maphash.Bytes(l.seed, id) }

// An audit checks one replay from the earliest event on.
type audit struct {
	ledger *ledger
	events int
	next   map[string]int // publisher → the number of his next update
}

func (l *ledger) audit() *audit { return &audit{ledger: l, next: make(map[string]int)} }

// check reports what is wrong with the next event.
func (r *audit) check(e *Event) error {
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
