package fanout

import "cinnabar/spec"

// Whoever publishes waits while the dispatcher evaluates selectors, whoever
// subscribed to them: strangers, too, who know which topics are busy and write
// selectors that agree with those to the last byte but one. So what it may
// spend on them for a topic is bounded.
const (
	// lightCost is what the selectors of one subscriber may cost without being
	// counted: well under a microsecond for a topic of 64 bytes, which is less
	// than to deliver one event.
	lightCost spec.Cost = 8
	// ownerCost is what all other subscribers of one owner may cost together:
	// about 50 µs for such a topic, if all their literals are in it and all
	// are evaluated to the end.
	ownerCost spec.Cost = 512
	// grantCost is what a subscriber's grants may cost it to ask them whether
	// it may have a private update, likewise less than delivering it.
	grantCost spec.Cost = 32
)

// Allowances are what owners have spent. A selector for which nothing was left
// is dear: it is not evaluated by the dispatcher on behalf of that subscriber,
// but by a catch-up worker, in one of its owner's turns, for each entry that
// has its literals. That takes longer, and nobody else's time. A selector that
// others share and can pay is not dear for anybody.
type allowances map[any]spec.Cost

// take reports whether the dispatcher may evaluate a selector for a
// subscriber, and counts it.
func (a allowances) take(s *Subscriber, cost spec.Cost) bool {
	if s.filter.selectors.Cost() <= lightCost {
		return true
	}
	owner := s.owner
	if a[owner]+cost > ownerCost {
		return false
	}
	a[owner] += cost
	return true
}

// giveBack undoes a take that was granted.
func (a allowances) giveBack(s *Subscriber, cost spec.Cost) {
	if s.filter.selectors.Cost() <= lightCost {
		return
	}
	if a[s.owner] -= cost; a[s.owner] == 0 {
		delete(a, s.owner)
	}
}
