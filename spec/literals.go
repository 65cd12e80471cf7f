package spec

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
	run  []byte // the literal being read
	gaps bool   // something else was read before it
}

func (l *literalScan) literal(text string) { l.run = append(l.run, text...) }

// gap is anything that is not literal.
func (l *literalScan) gap() {
	if !l.gaps {
		l.Prefix = string(l.run)
	} else if len(l.run) > len(l.Inner) {
		l.Inner = string(l.run)
	}
	l.run, l.gaps = l.run[:0], true
}

// end returns what was found.
func (l *literalScan) end() Literals {
	l.Suffix = string(l.run)
	if !l.gaps {
		l.Prefix = l.Suffix
	}
	return l.Literals
}
