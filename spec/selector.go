package spec

import (
	"fmt"
	"strings"
)

// Limits of a selector, in bytes. Exact ones may be as long as a topic.
const (
	MaxMatcher = MaxField
	maxPattern = 2 << 10 // a URI template or URL pattern
)

// A Kind is how a [Selector] looks at a topic.
type Kind uint8

const (
	Any      Kind = iota + 1 // the wildcard: every topic
	Exact                    // byte for byte
	Template                 // RFC 6570 URI template: an expansion of it, or the template itself
	Pattern                  // WHATWG URL pattern on the hub's base
)

// Matcher types of 1.0. [MatchTemplate] is this hub's own addition
// (MATCH-additional-types): what 0.x subscribers use.
const (
	MatchExact    = "exact"
	MatchPattern  = "urlpattern"
	MatchTemplate = "uritemplate"
)

// A Selector decides which topics a subscriber gets and which a token grants;
// one type for both, so that delivery and permission cannot disagree. It is
// parsed once and immutable. The regular expressions that a few patterns need
// are compiled on first use into a bounded cache.
type Selector struct {
	kind      Kind
	matchType string
	text      string
	template  template // of a Template

	// Of a Pattern.
	base *Base
	form *patternForm
}

// A SelectorKey identifies what a selector matches: equal keys match the same
// topics on one hub. It is what an index shares compiled selectors by.
type SelectorKey struct {
	Kind Kind
	Text string
}

var matcherRules = textRules{
	illFormed: "SUB-value-utf8-400",
	lineBreak: "SUB-value-c0-400",
	control0:  "SUB-value-c0-400",
	control1:  "SUB-value-del-c1-400",
	format:    "SUB-value-cf-400",
}

// ParseMatcher reads a 1.0 matcher: a type ("" and "exact", "urlpattern",
// "uritemplate") and its value, relative patterns resolved on base. "*" is the
// wildcard under every supported type. The error is a *[Fault].
func ParseMatcher(matchType, value string, base *Base) (*Selector, error) {
	field := ParamMatch
	if matchType == "" {
		matchType = MatchExact
	} else {
		field += "_" + matchType
	}
	s := &Selector{matchType: matchType, text: value}
	switch matchType {
	case MatchExact:
		s.kind = Exact
	case MatchPattern:
		s.kind, s.base = Pattern, base
	case MatchTemplate:
		s.kind = Template
	default:
		return nil, &Fault{
			Rule: "SUB-unsupported-type-400", Field: clip(field), Problem: "names a matcher type this hub does not have",
			Fix: "use " + MatchExact + ", " + MatchPattern + " or " + MatchTemplate + ", in lowercase",
		}
	}
	if value == Wildcard {
		s.kind, s.base = Any, nil
		return s, nil
	}
	if fault := matcherRules.check(field, value); fault != nil {
		return nil, fault
	}
	if fault := s.checkLength(field); fault != nil {
		return nil, fault
	}
	switch s.kind {
	case Pattern:
		p, fault := compilePattern(value, base, field)
		if fault != nil {
			return nil, fault
		}
		s.form = formOf(p)
		s.form.literals = s.form.literals.within(value)
		if !s.form.whole {
			compiled.put(s.compiledKey(), p)
		}
	case Template:
		t := parseTemplate(value)
		if t == nil {
			return nil, &Fault{
				Rule: "SUB-value-bad-pattern-400", Field: field, Problem: "is not a URI template",
				Fix: "see RFC 6570: expressions look like {id}, and other braces, spaces and quotes are percent-encoded",
			}
		}
		if fault := t.check(field); fault != nil {
			return nil, fault
		}
		s.template = t
	}
	return s, nil
}

// ParseTopicSelector reads a 0.x selector: "*", or any string, compared for
// equality and, where it is a valid URI template with expressions, as a
// template too. Only the limits can refuse it: a template that exceeds them is
// an error (LIMIT-matcher-exceeded-400) and not quietly reduced to equality,
// which would be a subscription that never gets anything.
func ParseTopicSelector(value string) (*Selector, error) {
	s := &Selector{kind: Exact, matchType: MatchExact, text: value}
	if value == Wildcard {
		s.kind = Any
		return s, nil
	}
	if fault := s.checkLength(ParamTopic); fault != nil {
		return nil, fault
	}
	t := parseTemplate(value)
	if t == nil || t.isPlain() {
		return s, nil
	}
	s.kind = Template
	if t.hasExpressions() {
		s.matchType = MatchTemplate
	}
	if fault := s.checkLength(ParamTopic); fault != nil {
		return nil, fault
	}
	if fault := t.check(ParamTopic); fault != nil {
		return nil, fault
	}
	s.template = t
	return s, nil
}

func (s *Selector) checkLength(field string) *Fault {
	limit := maxPattern
	if s.kind == Exact {
		limit = MaxMatcher
	}
	if len(s.text) <= limit {
		return nil
	}
	return &Fault{
		Rule: "LIMIT-matcher-length", Field: field,
		Problem: fmt.Sprintf("is %d bytes long, more than the %d allowed", len(s.text), limit),
		Fix:     "shorten it, or split it into several",
	}
}

// Match reports whether the selector matches a topic.
func (s *Selector) Match(topic string) bool {
	subject := SubjectOf(topic)
	return s.Matches(&subject)
}

// Matches is Match for a subject that other selectors are held against, too.
func (s *Selector) Matches(subject *Subject) bool {
	switch s.kind {
	case Any:
		return true
	case Exact:
		return s.text == subject.topic
	case Template:
		return s.text == subject.topic || s.template.match(subject.topic)
	}
	url := subject.resolve(s.base)
	return url.valid && s.form.match(url) && (s.form.whole || s.program().match(subject.topic))
}

// Literals returns text that all it matches has in common: topics for a
// Template, for a Pattern the [Subject.URL] of topics. The others have none.
func (s *Selector) Literals() Literals {
	switch s.kind {
	case Template:
		return s.template.literals()
	case Pattern:
		return s.form.literals
	}
	return Literals{}
}

// MayMatchBelow reports whether the selector may match a topic that begins with
// a path, for all its literals tell. It says yes rather too often.
func (s *Selector) MayMatchBelow(path string) bool {
	text := path
	switch s.kind {
	case Any:
		return true
	case Exact:
		return strings.HasPrefix(s.text, path)
	case Pattern:
		subject := SubjectOf(path)
		var ok bool
		if text, ok = subject.URL(s.base); !ok {
			return true
		}
	}
	prefix := s.Literals().Prefix
	return strings.HasPrefix(prefix, text) || strings.HasPrefix(text, prefix)
}

// Base returns what topics are resolved on to be matched, nil where they are
// matched as they are.
func (s *Selector) Base() *Base { return s.base }

func (s *Selector) compiledKey() compiledKey {
	key := compiledKey{SelectorKey: s.Key()}
	if s.base != nil {
		key.base = s.base.text
	}
	return key
}

// program returns the regular expressions of a pattern, compiled now if they are
// not in the cache.
func (s *Selector) program() program {
	key := s.compiledKey()
	p := compiled.get(key)
	if p == nil {
		p = s.compile()
		compiled.put(key, p)
	}
	return p
}

// compile cannot fail: the constructors refuse what does not compile.
func (s *Selector) compile() program {
	if p, fault := compilePattern(s.text, s.base, ""); fault == nil {
		return p
	}
	return never{}
}

// never is a program that matches nothing.
type never struct{}

func (never) match(string) bool { return false }
func (never) size() int         { return 0 }

// Key returns the identity described at [SelectorKey].
func (s *Selector) Key() SelectorKey { return SelectorKey{Kind: s.kind, Text: s.text} }

// MatchType returns the 1.0 name of its type: exact, urlpattern, uritemplate.
// A 0.x selector without template expressions is an exact one.
func (s *Selector) MatchType() string { return s.matchType }

// String returns the text it was parsed from.
func (s *Selector) String() string { return s.text }

// A Cost tells what it takes to match a topic, in passes over it: about a
// nanosecond for each byte, each.
type Cost int

// Cost returns what Match costs at most, about: nothing for exact selectors and
// the wildcard, at least one for others.
func (s *Selector) Cost() Cost {
	switch s.kind {
	case Template:
		return max(1, s.template.cost())
	case Pattern:
		return max(1, s.form.cost)
	}
	return 0
}

// Size returns the bytes that the selector keeps in memory, about, apart from
// the cache of compiled expressions.
func (s *Selector) Size() int {
	const plain = 192 // with its places in sets and lists
	switch {
	case s.kind == Template:
		return plain + 3*len(s.text)
	case s.kind == Pattern && s.form.whole:
		return 2*plain + 3*len(s.text)
	case s.kind == Pattern:
		return 8*plain + 3*len(s.text) // expressions that say what they can without being compiled
	}
	return plain + len(s.text)
}
