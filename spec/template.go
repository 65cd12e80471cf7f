package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yosida95/uritemplate/v3"
)

// maxTemplateVariables limits a URI template besides its length: each variable
// costs a pass over the topic.
const maxTemplateVariables = 32

// A template is a parsed URI template (RFC 6570): literals and expressions.
type template []templatePart

type templatePart struct {
	literal   string
	operator  *operator // nil for a literal
	variables []variable
}

type variable struct {
	name    string
	prefix  int // characters; 0 means the whole value
	explode bool
}

// An operator is a row of the table in RFC 6570, appendix A.
type operator struct {
	first, separator string
	named            bool // name=value
	bareIfEmpty      bool // a named variable without value has no "=" either
	reserved         bool // reserved characters and triplets pass unencoded
}

var operators = map[byte]*operator{
	'+': {separator: ",", reserved: true},
	'#': {first: "#", separator: ",", reserved: true},
	'.': {first: ".", separator: "."},
	'/': {first: "/", separator: "/"},
	';': {first: ";", separator: ";", named: true, bareIfEmpty: true},
	'?': {first: "?", separator: "&", named: true},
	'&': {first: "&", separator: "&", named: true},
}

var simpleExpansion = &operator{separator: ","}

// parseTemplate returns nil if text is not a valid template. Validity is judged
// by the uritemplate package; what it keeps to itself is read again here.
func parseTemplate(text string) template {
	if _, err := uritemplate.New(text); err != nil {
		return nil
	}
	t := template{}
	for text != "" {
		literal, rest, ok := strings.Cut(text, "{")
		if literal != "" {
			t = append(t, templatePart{literal: literal})
		}
		if !ok {
			break
		}
		expression, after, _ := strings.Cut(rest, "}")
		t = append(t, parseExpression(expression))
		text = after
	}
	return slices.Clone(t) // there may be a million of them: no room to grow
}

func parseExpression(text string) templatePart {
	part := templatePart{operator: simpleExpansion}
	if op, ok := operators[text[0]]; ok {
		part.operator = op
		text = text[1:]
	}
	for spec := range strings.SplitSeq(text, ",") {
		name, explode := strings.CutSuffix(spec, "*")
		name, digits, _ := strings.Cut(name, ":")
		prefix, _ := strconv.Atoi(digits) // "" is no prefix
		part.variables = append(part.variables, variable{name, prefix, explode})
	}
	return part
}

// hasExpressions reports whether t is more than a literal.
func (t template) hasExpressions() bool {
	return slices.ContainsFunc(t, func(p templatePart) bool { return p.operator != nil })
}

// isPlain reports whether the only string t expands to is the one it is written
// as: without expressions, and without characters that expansion encodes.
func (t template) isPlain() bool {
	return !slices.ContainsFunc(t, func(p templatePart) bool {
		return p.operator != nil || asciiLength(p.literal) < len(p.literal)
	})
}

// check refuses what would be expensive to match.
func (t template) check(field string) *Fault {
	if n := t.variables(); n > maxTemplateVariables {
		return &Fault{
			Rule: "LIMIT-matcher-exceeded-400", Field: field,
			Problem: fmt.Sprintf("has %d variables, more than the %d allowed", n, maxTemplateVariables),
			Fix:     "use fewer variables, or split the template into several selectors",
		}
	}
	return nil
}

func (t template) variables() int {
	n := 0
	for i := range t {
		n += len(t[i].variables)
	}
	return n
}

// cost returns what [template.match] costs: a pass for each variable, more for
// those with modifiers.
func (t template) cost() Cost {
	cost := Cost(0)
	for i := range t {
		for _, v := range t[i].variables {
			switch {
			case v.explode:
				cost += 2
			case v.prefix > 0:
				cost += 4
			default:
				cost++
			}
		}
	}
	return cost
}

// ends returns what every topic that t matches starts and ends with, so that
// nearly all others are passed over at once. Characters outside ASCII have two
// spellings and end it.
func (t template) ends() (prefix, suffix string) {
	if len(t) == 0 {
		return "", ""
	}
	prefix = t[0].literal
	prefix = prefix[:asciiLength(prefix)]
	suffix = t[len(t)-1].literal
	for n := asciiLength(suffix); n < len(suffix); n = asciiLength(suffix) {
		suffix = suffix[n+1:]
	}
	return prefix, suffix
}

// literals returns what every topic that t matches has in common, its own text
// included, which it matches too.
func (t template) literals() Literals {
	var scan literalScan
	for i := range t {
		if t[i].operator != nil {
			scan.gap()
			continue
		}
		literal := t[i].literal
		for n := asciiLength(literal); n < len(literal); n = asciiLength(literal) {
			scan.literal(literal[:n])
			scan.gap()
			_, size := utf8.DecodeRuneInString(literal[n:])
			literal = literal[n+size:]
		}
		scan.literal(literal)
	}
	return scan.end()
}
