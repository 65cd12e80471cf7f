package wronghub

import (
	"regexp"
	"strconv"
	"strings"
)

// maxVariables bounds the variables of one expression: the expression they
// make doubles with each, since any of them may be undefined.
const maxVariables = 6

// An operator of RFC 6570, by what its appendix A says of it.
type operator struct {
	first, separator string
	named            bool
	ifEmpty          string // after the name of an empty value
	reserved         bool   // whether reserved characters stay as they are
}

var operators = map[byte]operator{
	0:   {separator: ","},
	'+': {separator: ",", reserved: true},
	'#': {first: "#", separator: ",", reserved: true},
	'.': {first: ".", separator: "."},
	'/': {first: "/", separator: "/"},
	';': {first: ";", separator: ";", named: true},
	'?': {first: "?", separator: "&", named: true, ifEmpty: "="},
	'&': {first: "&", separator: "&", named: true, ifEmpty: "="},
}

const variableName = `(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?:\.(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+)*`

var (
	expressionSyntax = regexp.MustCompile(`^([+#./;?&]?)(` + variableSyntax + `(?:,` + variableSyntax + `)*)$`)
	literalSyntax    = regexp.MustCompile("^(?:[^\\x00-\\x20\"'%<>\\\\^`{|}]|%[0-9A-Fa-f]{2})*$")
)

const variableSyntax = variableName + `(?::[1-9][0-9]{0,3}|\*)?`

// parseTemplate returns the expression of what a URI template expands to, if
// the string is one.
func (h *Hub) parseTemplate(s string) (*regexp.Regexp, bool) {
	var b strings.Builder
	if !h.is(FindsTemplatesAnywhere) {
		b.WriteString("^")
	}
	b.WriteString("(?s:")
	for s != "" {
		literal, rest, found := strings.Cut(s, "{")
		if !literalSyntax.MatchString(literal) {
			return nil, false
		}
		b.WriteString(regexp.QuoteMeta(encodeBytes(literal, "")))
		if !found {
			break
		}
		expression, after, closed := strings.Cut(rest, "}")
		m := expressionSyntax.FindStringSubmatch(expression)
		if !closed || m == nil {
			return nil, false
		}
		variables := strings.Split(m[2], ",")
		if len(variables) > maxVariables {
			return nil, false
		}
		var op operator
		if m[1] == "" {
			op = operators[0]
		} else {
			op = operators[m[1][0]]
		}
		b.WriteString("(?:" + regexp.QuoteMeta(op.first) + h.variables(op, variables) + ")?")
		s = after
	}
	b.WriteString(")")
	if !h.is(FindsTemplatesAnywhere) {
		b.WriteString("$")
	}
	re, err := regexp.Compile(b.String())
	return re, err == nil
}

// variables is the expression of some of the variables, in order; at least one.
func (h *Hub) variables(op operator, names []string) string {
	one := h.variable(op, names[0])
	if len(names) == 1 {
		return one
	}
	rest := h.variables(op, names[1:])
	return "(?:" + one + "(?:" + regexp.QuoteMeta(op.separator) + rest + ")?|" + rest + ")"
}

// variable is the expression of one defined variable: a string, a list, or
// names and values.
func (h *Hub) variable(op operator, spec string) string {
	character := `(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})`
	if op.reserved {
		character = `(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})`
	}
	value := character + "*"
	name, length, cut := strings.Cut(spec, ":")
	name, explode := strings.CutSuffix(name, "*")
	label := regexp.QuoteMeta(name)
	if h.is(TakesAnyVariableName) {
		label = "[^=&]+"
	}
	switch {
	case cut:
		n, _ := strconv.Atoi(length) // the syntax has it that these are digits
		value = character + "{0," + strconv.Itoa(min(n, 1000)) + "}"
	case explode && op.named:
		// a list repeats the variable's name, a map brings its own names
		pair := `(?:` + label + `|` + character + `+)` + op.assign(value)
		return pair + `(?:` + regexp.QuoteMeta(op.separator) + pair + `)*`
	case explode:
		item := value + `(?:=` + value + `)?`
		return item + `(?:` + regexp.QuoteMeta(op.separator) + item + `)*`
	default:
		value += `(?:,` + value + `)*`
	}
	if op.named {
		return label + op.assign(value)
	}
	return value
}

// assign is the expression of a value after its name.
func (op operator) assign(value string) string {
	if op.ifEmpty == "" {
		return `(?:=` + value + `)?`
	}
	return "=" + value
}
