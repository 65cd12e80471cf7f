package spec

import (
	"iter"
	"maps"
)

// A Set is selectors that are held against topics together: it matches what any
// of them matches. The zero value matches nothing.
type Set struct {
	any        bool
	cost, size int32               // every subscriber has a set: limits keep them far below
	exact      map[string]struct{} // where there are many
	others     []*Selector
}

// manyExact is how many exact selectors are looked up in a map: fewer are found
// as fast, in less memory, one by one.
const manyExact = 16

// SetOf returns the set of the selectors. It keeps the slice, which must not
// change any more.
func SetOf(selectors []*Selector) Set {
	s := Set{others: selectors}
	exact := 0
	for _, sel := range selectors {
		s.cost += int32(sel.Cost())
		s.size += int32(sel.Size())
		s.any = s.any || sel.kind == Any
		if sel.kind == Exact {
			exact++
		}
	}
	if exact < manyExact {
		return s
	}
	s.exact = make(map[string]struct{}, exact)
	s.others = make([]*Selector, 0, len(selectors)-exact)
	for _, sel := range selectors {
		if sel.kind == Exact {
			s.exact[sel.text] = struct{}{}
		} else {
			s.others = append(s.others, sel)
		}
	}
	return s
}

// Match reports whether a selector matches a topic.
func (s *Set) Match(topic string) bool {
	if s.any || s.Names(topic) {
		return true
	}
	subject := SubjectOf(topic)
	for _, sel := range s.others {
		if sel.Matches(&subject) {
			return true
		}
	}
	return false
}

// MatchAny reports whether a selector matches one of the topics.
func (s *Set) MatchAny(topics []string) bool {
	for _, topic := range topics {
		if s.Match(topic) {
			return true
		}
	}
	return false
}

// Names reports whether a topic is that of an exact selector, where there are
// so many that Others leaves them out.
func (s *Set) Names(topic string) bool {
	_, ok := s.exact[topic]
	return ok
}

// Named goes over the topics that Names speaks for.
func (s *Set) Named() iter.Seq[string] { return maps.Keys(s.exact) }

// Others returns the selectors that Names does not speak for. Do not change
// them.
func (s *Set) Others() []*Selector { return s.others }

// Cost returns what Match costs at most, about.
func (s *Set) Cost() Cost { return Cost(s.cost) }

// Size returns the bytes that the selectors keep in memory, about.
func (s *Set) Size() int { return int(s.size) }
