package spec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dunglas/go-urlpattern"
)

// Limits of a URL pattern besides its length. RE2 is linear in the topic, but
// to find its groups it takes time proportional to the product of the topic's
// length, the size of the program and the number of groups (MATCH-pattern-bounded).
const (
	maxPatternGroups = 32
	maxPatternSize   = 2000 // instructions besides those of literals
	// maxPatternWork bounds that product: some 10 ms. A topic that would take
	// more does not match (MATCH-pattern-limit-nomatch). Patterns of ordinary
	// size do not come near it with topics of the default limit.
	maxPatternWork = 1 << 25
)

// A pattern is a compiled URL pattern.
type pattern struct {
	compiled *urlpattern.URLPattern
	base     *Base
	cost     patternCost
}

// compilePattern reads a URL pattern, a relative one on base
// (MATCH-pattern-base). Untrusted text is measured first: the library itself
// knows no limits.
func compilePattern(text string, base *Base, field string) (*pattern, *Fault) {
	cost, fault := measurePattern(text, field)
	if fault != nil {
		return nil, fault
	}
	p, err := newURLPattern(text, "")
	if errors.Is(err, urlpattern.ErrNoBaseURL) {
		p, err = newURLPattern(text, base.String())
	}
	if err != nil {
		return nil, badPattern(field, "is not a URL pattern")
	}
	return &pattern{p, base, cost}, nil
}

// newURLPattern calls the library, which panics on some text that is no use as a
// pattern, such as "/:a{b/}..:c", whose dots undo what is before them. The
// option ignoreCase stays off (MATCH-pattern-no-ignorecase).
func newURLPattern(text, base string) (p *urlpattern.URLPattern, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("compiling a URL pattern: %v", cause)
		}
	}()
	return urlpattern.New(text, base, nil)
}

func badPattern(field, problem string) *Fault {
	return &Fault{
		Rule: "SUB-value-bad-pattern-400", Field: field, Problem: problem,
		Fix: "see https://urlpattern.spec.whatwg.org/, or try it with new URLPattern(…) in a browser; a literal : * ? + ( ) { } or \\ needs a \\ in front",
	}
}

func (p *pattern) match(topic string) bool {
	// Percent-encoding makes a URL at most three times as long as its reference.
	longest := 3*len(topic) + len(p.base.path)
	if longest*p.cost.size*(p.cost.groups+1) > maxPatternWork {
		return false
	}
	if p.base.ignoredBy(topic) {
		return p.compiled.Test(topic, "")
	}
	return p.compiled.Test(topic, p.base.String())
}

func (p *pattern) size() int { return 12<<10 + 64*p.cost.size }

// start returns what the URLs that p matches start with, as far as [isPlainURL]
// topics are concerned, which have neither port nor user name.
func (p *pattern) start() string {
	protocol, ok := literalStart(p.compiled.Protocol())
	if !ok {
		return ""
	}
	start := protocol + ":"
	host, ok := literalStart(p.compiled.Hostname())
	if !ok || host == "" {
		return start
	}
	start += "//" + host
	port, ok := literalStart(p.compiled.Port())
	if !ok {
		return start
	}
	if port != "" {
		start += ":" + port
	}
	path, _ := literalStart(p.compiled.Pathname())
	return start + path
}

// literalStart returns the unescaped text before the first group of a
// component, and whether that is all of it. A slash right before the group is
// left out: it may be optional, too.
func literalStart(component string) (text string, whole bool) {
	var b strings.Builder
	for i := 0; i < len(component); i++ {
		switch c := component[i]; c {
		case '*', '(', '{', ':':
			return strings.TrimSuffix(b.String(), "/"), false
		case '\\':
			i++
			b.WriteByte(component[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// isPlainURL reports whether topic is an http or https URL that a URL parser
// leaves as it is, up to its query; or does not accept at all. Nearly all topics
// are, and for them a pattern's start is tested without parsing.
func isPlainURL(topic string) bool {
	rest, ok := strings.CutPrefix(topic, "http")
	if !ok {
		return false
	}
	rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, "s"), "://")
	if !ok {
		return false
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok {
		return false
	}
	for i := range len(host) {
		if c := host[i]; (c < 'a' || 'z' < c) && (c < '0' || '9' < c) && c != '.' && c != '-' {
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || last[0] <= '9' { // perhaps an IPv4 address, which has many spellings
		return false
	}
	start := true // of a segment
	for i := range len(path) {
		switch c := path[i]; {
		case c == '?' || c == '#':
			return true
		case start && c == '.', !staysInPath(c):
			return false
		default:
			start = c == '/'
		}
	}
	return true
}

// staysInPath reports whether a URL parser leaves c in a path as it is.
func staysInPath(c byte) bool {
	switch c {
	case '/', '@', ':', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=':
		return true
	}
	return isUnreserved(c)
}

// ignoredBy reports whether topic is a URL that resolves to the same whatever
// the base.
func (b *Base) ignoredBy(topic string) bool {
	scheme, rest, ok := strings.Cut(topic, ":")
	if !ok || scheme == "" || !isAlphanumeric(scheme[0]) || scheme[0] <= '9' {
		return false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isAlphanumeric(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return strings.HasPrefix(rest, "//") || !strings.EqualFold(scheme, b.url.Scheme())
}

// A patternCost is what matching a pattern takes, for each byte of the topic.
type patternCost struct {
	size   int // instructions of all its regular expressions, about
	groups int
}

// measurePattern finds the groups of a URL pattern as its tokenizer does, and
// refuses what would be expensive or would not mean the same to RE2. What is
// not a pattern at all is left to the library to refuse.
func measurePattern(text, field string) (patternCost, *Fault) {
	const wildcard = 4 // instructions
	var cost patternCost
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
			cost.size++
		case ':', '*':
			// Not every colon starts a name, nor is every star a wildcard.
			cost.groups++
			cost.size += wildcard
		case '(':
			end := closingParenthesis(text, i)
			if end < 0 {
				return cost, badPattern(field, "has a group that is not closed")
			}
			size, fault := measureRegexp(text[i+1:end], field)
			if fault != nil {
				return cost, fault
			}
			cost.groups++
			cost.size += wildcard + 2*size // repeated groups are written twice
			i = end
		default:
			cost.size++
		}
	}
	switch {
	case cost.groups > maxPatternGroups:
		return cost, patternLimit(field, fmt.Sprintf("has %d groups and wildcards, more than the %d allowed", cost.groups, maxPatternGroups))
	case cost.size > maxPatternSize+len(text):
		return cost, patternLimit(field, "has regular expressions that are too large")
	}
	return cost, nil
}

func patternLimit(field, problem string) *Fault {
	return &Fault{
		Rule: "LIMIT-matcher-exceeded-400", Field: field, Problem: problem,
		Fix: "use fewer groups and smaller repetitions, or split the pattern into several",
	}
}

// closingParenthesis returns the index of the one that closes text[open], or -1.
func closingParenthesis(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
