package fanout

import (
	"cinnabar/spec"
	"cinnabar/store"
)

// An index finds the subscribers an update concerns. Its user guards it; the
// three operations are add, remove and match.
//
// Exact selectors are a hash lookup for each topic. Every distinct template
// and pattern is held once, with the subscribers that share it. The wildcard
// stands apart.
type index struct {
	exact  map[string]*group
	tested map[spec.SelectorKey]*group
	all    group
}

// A group is the subscribers that share one selector.
type group struct {
	selector *spec.Selector // nil for exact topics and the wildcard
	seats    []*seat
}

// A seat is a subscriber's place in a group: what remove needs to find it in
// constant time, however many share the selector.
type seat struct {
	subscriber *Subscriber
	key        spec.SelectorKey
	group      *group
	at         int // in group.seats
}

func newIndex() *index {
	return &index{
		exact:  make(map[string]*group),
		tested: make(map[spec.SelectorKey]*group),
	}
}

// add makes a subscriber known under a selector.
func (x *index) add(sel *spec.Selector, sub *Subscriber) *seat {
	s := &seat{subscriber: sub, key: sel.Key()}
	switch s.key.Kind {
	case spec.Any:
		s.group = &x.all
	case spec.Exact:
		s.group = x.exact[s.key.Text]
		if s.group == nil {
			s.group = &group{}
			x.exact[s.key.Text] = s.group
		}
	default:
		s.group = x.tested[s.key]
		if s.group == nil {
			s.group = &group{selector: sel}
			x.tested[s.key] = s.group
		}
	}
	s.at = len(s.group.seats)
	s.group.seats = append(s.group.seats, s)
	return s
}

// remove gives a seat back; the last one takes its selector along.
func (x *index) remove(s *seat) {
	g := s.group
	last := len(g.seats) - 1
	g.seats[s.at] = g.seats[last]
	g.seats[s.at].at = s.at
	g.seats[last] = nil
	g.seats = g.seats[:last]
	if last > 0 {
		return
	}
	switch s.key.Kind {
	case spec.Any:
	case spec.Exact:
		delete(x.exact, s.key.Text)
	default:
		delete(x.tested, s.key)
	}
}

// match appends to dst every subscriber with a selector for one of the topics,
// each once. stamp is a number no earlier call used: it marks who was found.
func (x *index) match(dst []*Subscriber, topics []string, stamp store.Position) []*Subscriber {
	dst = x.all.collect(dst, stamp)
	for _, topic := range topics {
		if g := x.exact[topic]; g != nil {
			dst = g.collect(dst, stamp)
		}
		for _, g := range x.tested {
			if g.selector.Match(topic) {
				dst = g.collect(dst, stamp)
			}
		}
	}
	return dst
}

// collect appends the subscribers of a group that stamp has not marked yet.
func (g *group) collect(dst []*Subscriber, stamp store.Position) []*Subscriber {
	for _, s := range g.seats {
		if s.subscriber.stamp != stamp {
			s.subscriber.stamp = stamp
			dst = append(dst, s.subscriber)
		}
	}
	return dst
}
