package spec

import "strings"

// Disjoint reports whether it is certain that no topic matches both selectors.
// It says no rather too often: of templates and patterns it compares what all
// their topics begin and end with, and one with another not at all.
func Disjoint(a, b *Selector) bool {
	switch {
	case a.kind == Any || b.kind == Any:
		return false
	case a.kind == Exact:
		return !b.Match(a.text)
	case b.kind == Exact:
		return !a.Match(b.text)
	case a.kind != b.kind || a.kind == Pattern && a.base.text != b.base.text:
		return false // they look at different texts: topics, and the URLs those resolve to
	}
	x, y := a.Literals(), b.Literals()
	return !strings.HasPrefix(x.Prefix, y.Prefix) && !strings.HasPrefix(y.Prefix, x.Prefix) ||
		!strings.HasSuffix(x.Suffix, y.Suffix) && !strings.HasSuffix(y.Suffix, x.Suffix)
}
