package fanout

import (
	"slices"
	"sync"
	"sync/atomic"

	"cinnabar/spec"
)

// Subscriptions that begin and end are entries like updates, but each generation
// is shown them in its own words: topic, event type and data (differences C6).
// A subscriber is offered those of its generation alone, live and on replay, and
// its selectors and grants are held against that topic.

// watches returns in which generation's words a subscriber is shown subscription
// entries: none, where it can be told beforehand that it will not get any. They
// are private, so strangers never do.
func (e *Engine) watches(s *Subscription) spec.Generation {
	if s.CanReceive == nil {
		return 0
	}
	below := spec.SubscriptionsPath(e.hubPath) + "/"
	if !slices.ContainsFunc(s.Selectors, func(sel *spec.Selector) bool { return sel.MayMatchBelow(below) }) {
		return 0
	}
	return s.Generation
}

// Watches reports whether a subscriber may be sent subscription entries, so that
// it has to be told where such are missing.
func (e *Engine) Watches(s *Subscription) bool { return e.watches(s) != 0 }

// Watchers counts the subscribers to whom subscription entries are shown, by
// generation.
type watchers [2]int

func (w *watchers) of(g spec.Generation) int { return w[ordinal(g)] }

func (w *watchers) add(s *Subscriber, n int) {
	if s.watches != 0 {
		w[ordinal(s.watches)] += n
	}
}

// ordinal is the place of a generation in arrays of two.
func ordinal(g spec.Generation) int { return int(g - spec.Legacy) }

// A change is a subscription entry on replay, shown to each generation in its
// words, which are made at most once for all readers.
type change struct {
	hubPath      string
	subscription *spec.Subscription
	renderings   [2]rendering
}

type rendering struct {
	once   sync.Once
	update *spec.Update
	event  atomic.Pointer[Event]
}

func newChange(hubPath string, s *spec.Subscription) *change {
	return &change{hubPath: hubPath, subscription: s}
}

// shown returns the entry in the words of a generation, nil for none.
func (c *change) shown(g spec.Generation) *spec.Update {
	if g == 0 {
		return nil
	}
	r := &c.renderings[ordinal(g)]
	r.once.Do(func() { r.update = c.subscription.Update(g, c.hubPath) })
	return r.update
}

// event is where the encoded entry is kept.
func (c *change) event(g spec.Generation) *atomic.Pointer[Event] {
	return &c.renderings[ordinal(g)].event
}
