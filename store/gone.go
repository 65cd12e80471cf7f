package store

import (
	"encoding/binary"
	"slices"

	"cinnabar/spec"
)

// Gone is up to where retention has removed entries. What is beyond it is all
// there; of what is before it some may be.
type Gone struct {
	// Updates and Subscriptions are the largest positions of an update, and of a
	// subscription entry, that was removed, 0 for none. The latter are missed
	// only by who may see such entries.
	Updates, Subscriptions Position
	// ByClass tells updates apart where some are kept longer than others; nil
	// where all are kept alike.
	ByClass *Watermarks
}

// Missed reports whether a reader who has seen everything up to a position, and
// was told that what is gone by the measure of told is gone, has missed updates
// that his selectors may match.
func (g Gone) Missed(after Position, told Gone, r *Reader) bool {
	switch {
	case after >= g.Updates:
		return false
	case g.ByClass == nil:
		return max(after, told.Updates) < g.Updates
	}
	return g.ByClass.missed(after, told, r)
}

// A Reader is somebody's selectors, and what classes they concern: the many times
// that he is asked about while he reads on, they are held against the rules once.
type Reader struct {
	Selectors *spec.Set

	classes   *Classes
	concerned uint32 // a bit for each of the classes that topics may be in
}

// concernedBy reports whether the selectors may match topics of a class.
func (r *Reader) concernedBy(c *Classes, class int) bool {
	if r.classes == nil || r.classes != c && !r.classes.Same(c) {
		r.classes, r.concerned = c, c.concerned(r.Selectors)
	}
	return r.concerned>>class&1 == 1
}

// Watermarks are how far retention has gone, by class. An update has one class and
// may have topics of others, so they are kept for both: class by class, the
// largest position of an update that was removed and had a topic that alone would
// be in another class, or the same. From each class updates are removed in order;
// of those with topics in a class, the rest may be retained by another.
//
// They are immutable once they are shared.
type Watermarks struct {
	classes *Classes
	at      []Position // by class of the update, then by class of the topic
}

// NewWatermarks returns those of a history of which updates were removed up to a
// position, nobody knows about what; nil without classes.
func NewWatermarks(c *Classes, all Position) *Watermarks {
	if c == nil {
		return nil
	}
	return &Watermarks{classes: c, at: slices.Repeat([]Position{all}, c.Len()*c.Len())}
}

// AppendBinary appends the watermarks as ParseWatermarks reads them.
func (w *Watermarks) AppendBinary(b []byte) []byte {
	for _, p := range w.at {
		b = binary.BigEndian.AppendUint64(b, uint64(p))
	}
	return b
}

// ParseWatermarks reads what AppendBinary wrote of the same classes; nil if it is
// not of so many.
func ParseWatermarks(c *Classes, b []byte) *Watermarks {
	w := NewWatermarks(c, 0)
	if len(b) != 8*len(w.at) {
		return nil
	}
	for i := range w.at {
		w.at[i] = Position(binary.BigEndian.Uint64(b[8*i:]))
	}
	return w
}

// Clone returns watermarks that may still be raised.
func (w *Watermarks) Clone() *Watermarks {
	return &Watermarks{classes: w.classes, at: slices.Clone(w.at)}
}

// Raise notes that an update of a class with these topics was removed. It is for a
// clone that nobody else has seen yet.
func (w *Watermarks) Raise(p Position, class int, topics []string) {
	of := w.of(class)
	for _, topic := range topics {
		about := w.classes.OfTopic(topic)
		of[about] = max(of[about], p)
	}
}

// of returns the watermarks of the updates of a class.
func (w *Watermarks) of(class int) []Position {
	n := w.classes.Len()
	return w.at[class*n : (class+1)*n]
}

// missed is [Gone.Missed] where something may be missed.
func (w *Watermarks) missed(after Position, told Gone, r *Reader) bool {
	for class := range w.classes.Len() {
		seen := after
		switch {
		case told.ByClass == nil:
			seen = max(seen, told.Updates)
		case told.ByClass.classes.Same(w.classes):
			seen = max(seen, slices.Max(told.ByClass.of(class)))
		}
		for about, at := range w.of(class) {
			if seen < at && r.concernedBy(w.classes, about) {
				return true
			}
		}
	}
	return false
}
