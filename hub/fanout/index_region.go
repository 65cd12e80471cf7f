package fanout

import (
	"slices"
	"strings"

	"cinnabar/spec"
)

// A region holds the groups whose selectors look at the same text: a topic, or
// the URL it resolves to.
type region struct {
	groups map[string]*group // by the selector's text
	sites  sites
}

// Sites are the places where groups stand. A group stands at one: at what its
// text has to begin with, at what it has to end with, or at a literal in
// between, where the fewest others stand. So selectors that have any literal
// of their own are found by it, whatever else they have in common with others,
// and strangers cannot crowd a place that others could avoid. A place that is
// crowded all the same has sites of its own, by the literals that are left.
type sites struct {
	prefixes trie
	suffixes trie
	inners   trie
	anywhere place // of groups without literals
	size     int   // groups in all of these
}

// An anchor says which literal of a group a place is at.
type anchor uint8

const (
	here anchor = iota // no further one: the group stands at the place
	atPrefix
	atSuffix
	atInner
	anywhere
)

// A path is the anchors that lead to a group, each literal at most once.
type path [3]anchor

// crowded is how many groups stand at a place before further ones are told
// apart by what else they have.
const crowded = 8

// Literals are cut to these lengths for a place, in bytes. An inner one is
// looked for from every byte of a text.
const (
	maxEnd   = 255
	maxInner = 32
)

func newRegion() region {
	return region{groups: make(map[string]*group), sites: newSites()}
}

func newSites() sites { return sites{suffixes: trie{backwards: true}} }

// group returns the group of a selector, a new one if need be.
func (r *region) group(sel *spec.Selector) *group {
	g := r.groups[sel.String()]
	if g == nil {
		g = &group{selector: sel, literals: sel.Literals()}
		r.groups[sel.String()] = g
		r.sites.add(g, 0)
	}
	return g
}

// forget removes a group nobody belongs to any more.
func (r *region) forget(g *group) {
	delete(r.groups, g.selector.String())
	r.sites.remove(g, 0)
}

// add finds a place for a group, beyond the first anchors of its path.
func (s *sites) add(g *group, depth int) {
	s.size++
	a := s.choose(g, depth)
	g.path[depth] = a
	if a == anywhere {
		s.anywhere.add(g)
		return
	}
	n := s.trie(a).node(g.literal(a))
	if len(n.groups) < crowded || g.next(atPrefix, depth+1) == here {
		n.place.add(g)
		return
	}
	if n.deeper == nil {
		deeper := newSites()
		n.deeper = &deeper
	}
	n.deeper.add(g, depth+1)
}

// remove takes a group from where add has put it.
func (s *sites) remove(g *group, depth int) {
	s.size--
	if a := g.path[depth]; a == anywhere {
		s.anywhere.remove(g)
	} else {
		s.trie(a).remove(g.literal(a), g, depth)
	}
}

// choose returns the anchor of the place with the fewest others, among those
// that are left to a group.
func (s *sites) choose(g *group, depth int) anchor {
	best, fewest := anywhere, 0
	for a := g.next(atPrefix, depth); a != here; a = g.next(a+1, depth) {
		if n := s.trie(a).crowding(g.literal(a)); best == anywhere || n < fewest {
			best, fewest = a, n
		}
	}
	return best
}

func (s *sites) trie(a anchor) *trie {
	switch a {
	case atPrefix:
		return &s.prefixes
	case atSuffix:
		return &s.suffixes
	}
	return &s.inners
}

// next returns the first anchor from a on for which a group has a literal that
// the first anchors of its path have not used; here if there is none.
func (g *group) next(a anchor, depth int) anchor {
	for ; a <= atInner; a++ {
		if g.literal(a) != "" && !slices.Contains(g.path[:depth], a) {
			return a
		}
	}
	return here
}

// literal returns the literal at an anchor.
func (g *group) literal(a anchor) string {
	switch l := &g.literals; a {
	case atPrefix:
		return l.Prefix[:min(maxEnd, len(l.Prefix))]
	case atSuffix:
		return l.Suffix[max(0, len(l.Suffix)-maxEnd):]
	default:
		return l.Inner[:min(maxInner, len(l.Inner))]
	}
}

// candidates appends the groups that stand at a place in text; some perhaps
// more than once.
func (s *sites) candidates(dst []*group, text string) []*group {
	dst = append(dst, s.anywhere.groups...)
	dst = s.prefixes.along(dst, text, text)
	dst = s.suffixes.along(dst, text, text)
	if s.inners.empty() {
		return dst
	}
	for i := range len(text) {
		dst = s.inners.along(dst, text[i:], text)
	}
	return dst
}

// holds reports whether a text has all literals of a selector.
func holds(text string, l *spec.Literals) bool {
	return strings.HasPrefix(text, l.Prefix) && strings.HasSuffix(text, l.Suffix) && strings.Contains(text, l.Inner)
}

// A place is groups that stand together.
type place struct{ groups []*group }

func (p *place) add(g *group) {
	g.at = int32(len(p.groups))
	p.groups = append(p.groups, g)
}

func (p *place) remove(g *group) {
	last := len(p.groups) - 1
	p.groups[g.at] = p.groups[last]
	p.groups[g.at].at = g.at
	p.groups[last] = nil
	p.groups = p.groups[:last]
	if last == 0 {
		p.groups = nil
	}
}
