package fanout

import (
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// A filter is what a subscriber asked for and may have, ready to be asked for
// one entry after the other. It agrees with the [index].
type filter struct {
	selectors  spec.Set
	canReceive func(topics []string) bool

	// How far the selectors were held against an entry when time was up.
	entry       store.Position
	topic, next int32
}

func newFilter(s *Subscription) filter {
	return filter{selectors: spec.SetOf(s.Selectors), canReceive: s.CanReceive}
}

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
		if f.selectors.Names(topic) {
			return true, true
		}
		subject := spec.SubjectOf(topic)
		others := f.selectors.Others()
		for int(f.next) < len(others) {
			sel := others[f.next]
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
