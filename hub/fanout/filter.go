package fanout

import (
	"slices"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// A filter is what a subscriber asked for and may have, ready to be asked for
// one entry after the other. It agrees with the [index].
type filter struct {
	selectors  []*spec.Selector
	many       map[string]struct{} // exact selectors, where a subscriber has many; not in selectors then
	cost       spec.Cost           // of all selectors
	canReceive func(topics []string) bool

	// How far the selectors were held against an entry when time was up.
	entry       store.Position
	topic, next int32
}

// manyExact is how many exact selectors are looked up in a map: fewer are
// found as fast, in less memory, one by one.
const manyExact = 16

func newFilter(s *Subscription) filter {
	f := filter{canReceive: s.CanReceive, selectors: s.Selectors}
	exact := 0
	for _, sel := range s.Selectors {
		f.cost += sel.Cost()
		if isExact(sel) {
			exact++
		}
	}
	if exact < manyExact {
		return f
	}
	f.many = make(map[string]struct{}, exact)
	for _, sel := range s.Selectors {
		if isExact(sel) {
			f.many[sel.String()] = struct{}{}
		}
	}
	f.selectors = slices.DeleteFunc(slices.Clone(s.Selectors), isExact)
	return f
}

func isExact(sel *spec.Selector) bool { return sel.Key().Kind == spec.Exact }

// selects reports whether a selector matches a topic of the update. When a
// time has come, zero for never, it stops after a dear selector and is not
// done; asked again for the same entry, it goes on from there.
func (f *filter) selects(u *spec.Update, entry store.Position, until time.Time) (selected, done bool) {
	if f.entry != entry {
		f.entry, f.topic, f.next = entry, 0, 0
	}
	topics := u.Topics()
	for int(f.topic) < len(topics) {
		topic := topics[f.topic]
		if _, ok := f.many[topic]; ok {
			return true, true
		}
		subject := spec.SubjectOf(topic)
		for int(f.next) < len(f.selectors) {
			sel := f.selectors[f.next]
			if sel.Matches(&subject) {
				return true, true
			}
			f.next++
			if !until.IsZero() && sel.Cost() > lightCost && time.Now().After(until) {
				return false, false
			}
		}
		f.topic, f.next = f.topic+1, 0
	}
	return false, true
}

// mayRead reports whether the update is public or granted.
func (f *filter) mayRead(u *spec.Update) bool {
	return !u.Private() || f.canReceive != nil && f.canReceive(u.Topics())
}
