package fanout

import (
	"cinnabar/spec"
	"cinnabar/store"
)

// An index finds the subscribers an update concerns. Its user guards it; the
// three operations are add, remove and match.
//
// Exact selectors are a hash lookup for each topic. Every distinct template
// and pattern is held once, with the subscribers that share it, at a place
// where few others are (see [sites]), so that a topic meets a handful of them
// however many there are. The wildcard stands apart.
//
// Selectors that cost more than the dispatcher may spend on their owner are
// not evaluated here: where their literals are in a topic, their subscribers
// are said to be concerned perhaps (see [allowances]).
type index struct {
	all        crowd
	exact      map[string]*crowd
	topics     region // of templates
	urls       region // of patterns
	base       *spec.Base
	allowances allowances
	candidates []*group // reused by match
	unsure     []*group // reused by match
	round      uint64   // counts the topics looked at
}

// A crowd is the subscribers that share one selector.
type crowd struct{ seats []*seat }

// A group is the crowd of a template or pattern.
type group struct {
	crowd
	selector *spec.Selector
	literals spec.Literals
	path     path
	at       int32          // in its place
	asked    int32          // of its seats, those the selector is evaluated for
	round    uint64         // of the last text it was held against
	matched  store.Position // stamp of the last update it matched
}

// A seat is a subscriber's place in a crowd: what remove needs to find it in
// constant time, however many share the selector.
type seat struct {
	subscriber *Subscriber
	selector   *spec.Selector
	crowd      *crowd
	at         int32 // in crowd.seats
	asked      bool  // the selector is evaluated for this subscriber
}

// A match is who is concerned by an update, each subscriber once.
type match struct {
	sure    []*Subscriber
	perhaps []*Subscriber // their own selectors have to tell
}

// forget drops what was found, to hold nobody back from the collector.
func (m *match) forget() {
	clear(m.sure)
	clear(m.perhaps)
}

func newIndex() *index {
	return &index{
		exact:      make(map[string]*crowd),
		topics:     newRegion(),
		urls:       newRegion(),
		allowances: make(allowances),
	}
}

// add makes a subscriber known under a selector.
func (x *index) add(sel *spec.Selector, sub *Subscriber) *seat {
	s := &seat{subscriber: sub, selector: sel}
	switch kind, text := sel.Key().Kind, sel.String(); kind {
	case spec.Any:
		s.crowd = &x.all
	case spec.Exact:
		s.crowd = x.exact[text]
		if s.crowd == nil {
			s.crowd = new(crowd)
			x.exact[text] = s.crowd
		}
	default:
		g := x.region(sel).group(sel)
		if s.asked = x.allowances.take(sub, sel.Cost()); s.asked {
			g.asked++
		}
		s.crowd = &g.crowd
	}
	s.at = int32(len(s.crowd.seats))
	s.crowd.seats = append(s.crowd.seats, s)
	return s
}

// remove gives a seat back; the last one takes its selector along.
func (x *index) remove(s *seat) {
	c := s.crowd
	last := len(c.seats) - 1
	c.seats[s.at] = c.seats[last]
	c.seats[s.at].at = s.at
	c.seats[last] = nil
	c.seats = c.seats[:last]

	switch kind, text := s.selector.Key().Kind, s.selector.String(); kind {
	case spec.Any:
	case spec.Exact:
		if last == 0 {
			delete(x.exact, text)
		}
	default:
		r := x.region(s.selector)
		g := r.groups[text]
		if s.asked {
			g.asked--
			x.allowances.giveBack(s.subscriber, s.selector.Cost())
		}
		if last == 0 {
			r.forget(g)
		}
	}
}

// region returns where a template or pattern belongs. Patterns of one hub all
// have the same base.
func (x *index) region(sel *spec.Selector) *region {
	if base := sel.Base(); base != nil {
		x.base = base
		return &x.urls
	}
	return &x.topics
}

// match finds who has a selector for one of the topics. stamp is a number no
// earlier call used: it marks who was found.
func (x *index) match(m *match, topics []string, stamp store.Position) {
	m.sure = x.all.collect(m.sure[:0], stamp)
	x.unsure = x.unsure[:0]
	for _, topic := range topics {
		if c := x.exact[topic]; c != nil {
			m.sure = c.collect(m.sure, stamp)
		}
		subject := spec.SubjectOf(topic)
		x.candidates = x.topics.sites.candidates(x.candidates[:0], topic)
		m.sure = x.sift(m.sure, &subject, topic, stamp)
		if len(x.urls.groups) == 0 {
			continue
		}
		if url, ok := subject.URL(x.base); ok {
			x.candidates = x.urls.sites.candidates(x.candidates[:0], url)
			m.sure = x.sift(m.sure, &subject, url, stamp)
		}
	}
	m.perhaps = m.perhaps[:0]
	for _, g := range x.unsure {
		m.perhaps = g.collect(m.perhaps, stamp)
	}
	clear(x.candidates) // hold nobody back from the collector
	clear(x.unsure)
}

// sift appends the subscribers of the candidates that match, and leaves those
// that may not be evaluated for later.
func (x *index) sift(dst []*Subscriber, subject *spec.Subject, text string, stamp store.Position) []*Subscriber {
	x.round++
	for _, g := range x.candidates {
		switch {
		case g.round == x.round, g.matched == stamp:
			continue // at two places of the text, or by an earlier topic
		case g.asked > 0 && g.selector.Matches(subject):
			g.matched = stamp
			dst = g.collect(dst, stamp)
		case g.asked == 0 && holds(text, &g.literals):
			x.unsure = append(x.unsure, g)
		}
		g.round = x.round
	}
	return dst
}

// collect appends the subscribers of a crowd that stamp has not marked yet.
func (c *crowd) collect(dst []*Subscriber, stamp store.Position) []*Subscriber {
	for _, s := range c.seats {
		if s.subscriber.stamp != stamp {
			s.subscriber.stamp = stamp
			dst = append(dst, s.subscriber)
		}
	}
	return dst
}
