package spec

import "strings"

// Literals is text that everything a selector matches has in common, as a
// template sees topics and a pattern sees URLs (see [Subject]). Each may be
// empty. They may overlap in a text shorter than all of them together.
type Literals struct {
	Prefix, Suffix string
	Inner          string // the longest one between them
}

// A literalScan finds the literals of a selector from its parts in order.
type literalScan struct {
	Literals
	run  string // the literal being read
	gaps bool   // something else was read before it
}

func (l *literalScan) literal(text string) { l.run += text } // no copy where it is in one piece

// gap is anything that is not literal.
func (l *literalScan) gap() {
	if !l.gaps {
		l.Prefix = l.run
	} else if len(l.run) > len(l.Inner) {
		l.Inner = l.run
	}
	l.run, l.gaps = "", true
}

// end returns what was found.
func (l *literalScan) end() Literals {
	l.Suffix = l.run
	if !l.gaps {
		l.Prefix = l.run
	}
	return l.Literals
}

// within returns the same literals as parts of a selector's text, where they
// are, so that they take no memory of their own.
func (l Literals) within(text string) Literals {
	part := func(literal string) string {
		if i := strings.Index(text, literal); i >= 0 {
			return text[i : i+len(literal)]
		}
		return literal
	}
	return Literals{Prefix: part(l.Prefix), Suffix: part(l.Suffix), Inner: part(l.Inner)}
}
