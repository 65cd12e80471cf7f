package store

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sort"

	"cinnabar/spec"
)

// An Epoch is one writable life of a history. It is random, so that a pair of
// epoch and position is never given to two entries, not even after a restored
// backup. Zero is none.
type Epoch uint32

// A Span is an epoch and where it starts: the position that its first entry
// has, or would have.
type Span struct {
	Epoch Epoch
	First Position
}

// Epochs are the lives of one history, oldest first, together with the key
// its ids are sealed with. The last one is being written. Epochs are immutable.
type Epochs struct {
	sealer *Sealer
	spans  []Span
}

// NewEpochs continues a history: it adds a random epoch, of which it is not
// yet known that anybody used it, to the spans so far. first is the position
// its first entry will have.
func NewEpochs(key [32]byte, past []Span, first Position) *Epochs {
	next := Span{Epoch: randomEpoch(), First: first}
	for next.Epoch == 0 || slices.ContainsFunc(past, func(s Span) bool { return s.Epoch == next.Epoch }) {
		next.Epoch = randomEpoch()
	}
	return &Epochs{sealer: NewSealer(key), spans: append(slices.Clone(past), next)}
}

// PastEpochs are those of a history that is only read: it starts none. There
// is at least one span.
func PastEpochs(key [32]byte, past []Span) *Epochs {
	return &Epochs{sealer: NewSealer(key), spans: slices.Clone(past)}
}

func randomEpoch() Epoch {
	var b [4]byte
	rand.Read(b[:])
	return Epoch(binary.BigEndian.Uint32(b[:]))
}

// NewKey returns a random key for a new history.
func NewKey() (key [32]byte) {
	rand.Read(key[:])
	return key
}

// Current returns the epoch being written.
func (e *Epochs) Current() Span { return e.spans[len(e.spans)-1] }

// ID returns the id of the entry at a position: the one its publisher brought,
// else, where that is zero, the sealed position.
func (e *Epochs) ID(p Position, brought spec.EventID) spec.EventID {
	if !brought.IsZero() {
		return brought
	}
	// An epoch without an entry starts where its successor does: of those
	// that start at or before p the last one wrote it.
	after := sort.Search(len(e.spans), func(i int) bool { return e.spans[i].First > p })
	return e.sealer.Seal(e.spans[max(after-1, 0)].Epoch, p)
}

// resolve finds the place of a sealed id. given is the largest position given
// out in the current epoch.
func (e *Epochs) resolve(id string, given Position) Place {
	epoch, p, ok := e.sealer.Open(id)
	if !ok {
		return Place{}
	}
	i := slices.IndexFunc(e.spans, func(s Span) bool { return s.Epoch == epoch })
	if i < 0 || p < e.spans[i].First {
		return Place{}
	}
	if i == len(e.spans)-1 {
		if p > given {
			return Place{}
		}
	} else if next := e.spans[i+1].First; p >= next {
		return Place{After: next - 1, Found: Lost}
	}
	return Place{After: p, Found: Known}
}

// Find resolves a cursor as [Log.Find] promises. given is the largest position
// given out, b says what retention removed. brought looks an id up among those
// that publishers brought and returns the position of its earliest retained
// occurrence, 0 for none; it is not called for an id that resolves by order,
// since nobody can bring such an id before the history made it.
func (e *Epochs) Find(id string, given Position, b Bounds, brought func(id string) (Position, error)) (Place, error) {
	place, err := e.find(id, given, brought)
	if err != nil {
		return Place{}, err
	}
	place.Gone = b.Gone
	return place, nil
}

func (e *Epochs) find(id string, given Position, brought func(id string) (Position, error)) (Place, error) {
	if id == "" || id == spec.Earliest {
		return Place{}, nil
	}
	place := e.resolve(id, given)
	if place.Found == Known {
		return place, nil
	}
	// An entry that did not survive may have been imported again under its id.
	p, err := brought(id)
	if err != nil {
		return Place{}, err
	}
	if p > 0 {
		return Place{After: p, Found: Known}, nil
	}
	return place, nil
}
