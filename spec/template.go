package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yosida95/uritemplate/v3"
)

// Limits of a URI template besides its length. An expression of n variables
// costs up to n² parts of a regular expression, since any of them may be
// undefined, and every character of a prefix such as {id:8} is a part of it.
const (
	maxExpressionVariables = 8
	maxTemplateVariables   = 32
	maxPrefix              = 250 // characters, of all parts of a template together
)

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
	return t
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
	total, prefixes := 0, 0
	for _, part := range t {
		n := len(part.variables)
		if n > maxExpressionVariables {
			return templateLimit(field, fmt.Sprintf("has an expression of %d variables, more than the %d allowed", n, maxExpressionVariables))
		}
		total += n
		prefixes += part.prefixes()
	}
	if total > maxTemplateVariables {
		return templateLimit(field, fmt.Sprintf("has %d variables, more than the %d allowed", total, maxTemplateVariables))
	}
	if prefixes > maxPrefix {
		return templateLimit(field, fmt.Sprintf("has prefixes of more than %d characters in all", maxPrefix))
	}
	return nil
}

func templateLimit(field, problem string) *Fault {
	return &Fault{
		Rule: "LIMIT-matcher-exceeded-400", Field: field, Problem: problem,
		Fix: "use fewer variables and shorter prefixes, or split the template into several selectors",
	}
}

// ends returns what every topic that t matches starts and ends with, so that
// nearly all others are passed over without running a regular expression.
// Characters outside ASCII have two spellings and end it.
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

// compile makes the regular expression that matches the expansions of t, whole.
// check has accepted t.
//
// It matches every string that RFC 6570 lets t expand to, over all values of
// its variables: undefined, strings, lists and associative arrays, prefixes and
// explode modifiers obeyed, names and order of named variables too. It also
// matches these, which no expansion yields:
//
//   - different values where a variable occurs twice: {x}/{x} matches a/b;
//   - triplets in lowercase, and triplets that do not decode to UTF-8, where
//     the RFC's processors encode a value: {x} matches %c3%a9 and %FF;
//   - a literal outside ASCII as it is written in t, beside its encoded form.
func (t template) compile() (*templateProgram, error) {
	var b strings.Builder
	b.WriteString(`\A`)
	prefixes := 0
	for _, part := range t {
		if part.operator == nil {
			writeLiteral(&b, part.literal)
			continue
		}
		part.write(&b)
		prefixes += part.prefixes()
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, fmt.Errorf("compiling a URI template: %w", err)
	}
	return &templateProgram{re, 2<<10 + 24*b.Len() + 2<<10*prefixes}, nil
}

type templateProgram struct {
	*regexp.Regexp
	bytes int
}

func (p *templateProgram) match(topic string) bool { return p.MatchString(topic) }
func (p *templateProgram) size() int               { return p.bytes }

func writeLiteral(b *strings.Builder, literal string) {
	for literal != "" {
		n := asciiLength(literal)
		b.WriteString(regexp.QuoteMeta(literal[:n]))
		r, size := utf8.DecodeRuneInString(literal[n:])
		if size == 0 {
			return
		}
		fmt.Fprintf(b, `(?:%c|(?i:`, r)
		for _, octet := range []byte(string(r)) {
			fmt.Fprintf(b, `%%%02X`, octet)
		}
		b.WriteString(`))`)
		literal = literal[n+size:]
	}
}
