package spec

import "strings"

// A patternForm is a compiled URL pattern as steps through the components of a
// URL. Nearly all patterns are literals, :name, * and optional groups, and are
// matched by their steps alone, without regular expressions; of the others the
// steps tell the literals, and most URLs that do not match.
type patternForm struct {
	checks   []patternCheck // of the components that are not free
	literals Literals
	cost     Cost
	whole    bool // the steps say all
}

type patternCheck struct {
	component component
	steps     []patternStep
}

// A patternStep is a gap between two literals.
type patternStep struct {
	before, after string
	gap           gap
	optional      bool // all of it
}

// A gap is what a group of a pattern matches.
type gap uint8

const (
	noGap     gap = iota
	anything      // *
	something     // :name, where nothing delimits segments
	label         // :name in a host
	segment       // :name in a path
	unknown       // more than steps can tell
)

// delimiter returns the byte that a gap stops at: as in the standard it is NUL,
// which no URL holds, where there are no segments.
func (g gap) delimiter() byte {
	switch g {
	case label:
		return '.'
	case segment:
		return '/'
	}
	return 0
}

// fits reports whether a gap can be all of text.
func (g gap) fits(text string) bool {
	switch g {
	case noGap:
		return text == ""
	case anything, unknown:
		return true
	}
	return text != "" && strings.IndexByte(text, g.delimiter()) < 0
}

// formOf reads the components of a compiled pattern, which are in the normal
// form that the standard calls their pattern string.
func formOf(p *pattern) *patternForm {
	c := p.compiled
	texts := [...]string{
		schemeComponent: c.Protocol(), userComponent: c.Username(), passwordComponent: c.Password(), hostComponent: c.Hostname(),
		portComponent: c.Port(), pathComponent: c.Pathname(), queryComponent: c.Search(), fragmentComponent: c.Hash(),
	}
	var steps [len(texts)][]patternStep
	scheme := patternScan{text: texts[schemeComponent], name: something}
	steps[schemeComponent] = scheme.scan()
	for i, text := range texts[1:] {
		scan := patternScan{text: text, name: something}
		switch component(i + 1) {
		case hostComponent:
			scan.name = label
		case pathComponent:
			if !isWhole(steps[schemeComponent]) {
				scan.prefix = '/' // perhaps
			} else if matchesSpecial(steps[schemeComponent]) {
				scan.name, scan.prefix = segment, '/'
			}
		}
		steps[i+1] = scan.scan()
	}
	f := &patternForm{whole: true}
	for i := range steps {
		f.whole = f.whole && isWhole(steps[i])
	}
	f.literals = literalsOf(steps[schemeComponent], steps[hostComponent], steps[portComponent], steps[pathComponent])
	f.checks = checksOf(steps[:])
	for _, check := range f.checks {
		for _, s := range check.steps {
			if s.gap != noGap || s.optional {
				f.cost++
			}
		}
	}
	if !f.whole {
		f.cost += p.cost.passes()
	}
	return f
}

// matchesSpecial reports whether a pattern of schemes matches one of those whose
// URLs have paths of segments.
func matchesSpecial(steps []patternStep) bool {
	for _, scheme := range []string{"http", "https", "ws", "wss", "ftp"} {
		if matchSteps(steps, scheme) {
			return true
		}
	}
	return false
}

func isWhole(steps []patternStep) bool {
	for _, s := range steps {
		if s.gap == unknown {
			return false
		}
	}
	return true
}

// literalText returns what a component that is one literal is.
func literalText(steps []patternStep) (text string, ok bool) {
	switch {
	case len(steps) == 0:
		return "", true
	case len(steps) == 1 && steps[0].gap == noGap && !steps[0].optional:
		return steps[0].before, true
	}
	return "", false
}

// literalsOf finds the literals of a pattern in the text of a topicURL.
func literalsOf(scheme, host, port, path []patternStep) Literals {
	var scan literalScan
	scan.steps(scheme)
	scan.literal("://")
	scan.steps(host)
	if text, ok := literalText(port); !ok {
		scan.gap()
	} else if text != "" {
		scan.literal(":" + text)
	}
	scan.steps(path)
	return scan.end()
}

func (l *literalScan) steps(steps []patternStep) {
	for _, s := range steps {
		switch {
		case s.optional:
			l.gap()
		case s.gap == noGap:
			l.literal(s.before)
		default:
			l.literal(s.before)
			l.gap()
			l.literal(s.after)
		}
	}
}

// checksOf returns the components that are not free, those first that tell
// most, scheme, host and port as one where they are literals.
func checksOf(steps [][]patternStep) []patternCheck {
	var checks []patternCheck
	scheme, ok1 := literalText(steps[schemeComponent])
	host, ok2 := literalText(steps[hostComponent])
	port, ok3 := literalText(steps[portComponent])
	rest := []component{pathComponent, schemeComponent, hostComponent, portComponent, queryComponent, fragmentComponent, userComponent, passwordComponent}
	if ok1 && ok2 && ok3 {
		origin := scheme + "://" + host
		if port != "" {
			origin += ":" + port
		}
		checks = append(checks, patternCheck{originComponent, []patternStep{{before: origin}}})
		rest = append(rest[:1], rest[4:]...)
	}
	for _, c := range rest {
		free := len(steps[c]) == 1 && steps[c][0] == patternStep{gap: anything}
		if !free {
			checks = append(checks, patternCheck{c, steps[c]})
		}
	}
	return checks
}

// match reports whether the steps lead through a URL.
func (f *patternForm) match(u *topicURL) bool {
	for i := range f.checks {
		if !matchSteps(f.checks[i].steps, u.component(f.checks[i].component)) {
			return false
		}
	}
	return true
}

func matchSteps(steps []patternStep, text string) bool {
	if len(steps) == 0 {
		return text == ""
	}
	if s := &steps[0]; len(steps) == 1 && !s.optional {
		rest, ok := strings.CutPrefix(text, s.before)
		if !ok {
			return false
		}
		rest, ok = strings.CutSuffix(rest, s.after)
		return ok && s.gap.fits(rest)
	}
	var rooms [2]reachRoom
	at, next := rooms[0].over(text), rooms[1].over(text)
	at.add(0)
	for i := range steps {
		s := &steps[i]
		clear(next)
		next.addLiteral(at, text, s.before)
		next.cross(text, s.gap)
		if s.after != "" {
			var room reachRoom
			end := room.over(text)
			end.addLiteral(next, text, s.after)
			copy(next, end)
		}
		if s.optional {
			next.union(at)
		}
		if next.empty() {
			return false
		}
		at, next = next, at
	}
	return at.has(len(text))
}

// cross takes every place to those where a gap may end that begins there.
func (r reach) cross(text string, g gap) {
	first := r.first()
	switch {
	case g == noGap, first > len(text):
		return
	case g == anything, g == unknown:
		r.fill(first, len(text))
		return
	}
	delimiter := g.delimiter()
	within := false // a gap that goes on here
	for i := first; i <= len(text); i++ {
		begins := r.has(i)
		r[i>>6] &^= 1 << (i & 63)
		if within {
			r.add(i)
		}
		within = (begins || within) && i < len(text) && text[i] != delimiter
	}
}
