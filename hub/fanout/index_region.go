package fanout

import (
	"strings"

	"cinnabar/spec"
)

// A region holds the groups whose selectors look at the same text: a topic, or
// the URL it resolves to. A group stands at one place: at what its text has to
// begin with, at what it has to end with, or at a literal in between, where
// the fewest others stand. So selectors that have any literal of their own are
// found by it, whatever else they have in common with others, and strangers
// cannot crowd a place that others could avoid.
type region struct {
	groups   map[string]*group // by the selector's text
	prefixes trie
	suffixes trie
	inners   trie
	anywhere place // of groups without literals
}

// An anchor says at which of its literals a group stands.
type anchor uint8

const (
	atPrefix anchor = iota + 1
	atSuffix
	atInner
	anywhere
)

// Literals are cut to these lengths for a place, in bytes. An inner one is
// looked for from every byte of a text.
const (
	maxEnd   = 255
	maxInner = 32
)

func newRegion() region {
	return region{groups: make(map[string]*group), suffixes: trie{backwards: true}}
}

// group returns the group of a selector, a new one if need be.
func (r *region) group(sel *spec.Selector) *group {
	g := r.groups[sel.String()]
	if g == nil {
		g = &group{selector: sel, literals: sel.Literals()}
		g.anchor = r.choose(g)
		r.groups[sel.String()] = g
		if g.anchor == anywhere {
			r.anywhere.add(g)
		} else {
			t, literal := r.find(g)
			t.add(literal, g)
		}
	}
	return g
}

// forget removes a group nobody belongs to any more.
func (r *region) forget(g *group) {
	delete(r.groups, g.selector.String())
	if g.anchor == anywhere {
		r.anywhere.remove(g)
		return
	}
	t, literal := r.find(g)
	t.remove(literal, g)
}

// choose returns the anchor of a new group.
func (r *region) choose(g *group) anchor {
	best, fewest := anywhere, 0
	for s := atPrefix; s < anywhere; s++ {
		g.anchor = s
		t, literal := r.find(g)
		if literal == "" {
			continue
		}
		if n := t.crowding(literal); best == anywhere || n < fewest {
			best, fewest = s, n
		}
	}
	return best
}

// find returns where the literal of a group's anchor is looked for, and the
// literal.
func (r *region) find(g *group) (*trie, string) {
	switch l := &g.literals; g.anchor {
	case atPrefix:
		return &r.prefixes, l.Prefix[:min(maxEnd, len(l.Prefix))]
	case atSuffix:
		return &r.suffixes, l.Suffix[max(0, len(l.Suffix)-maxEnd):]
	default:
		return &r.inners, l.Inner[:min(maxInner, len(l.Inner))]
	}
}

// candidates appends the groups that stand at a place in text; some perhaps
// more than once.
func (r *region) candidates(dst []*group, text string) []*group {
	dst = append(dst, r.anywhere.groups...)
	dst = r.prefixes.along(dst, text)
	dst = r.suffixes.along(dst, text)
	if r.inners.empty() {
		return dst
	}
	for i := range len(text) {
		dst = r.inners.along(dst, text[i:])
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
