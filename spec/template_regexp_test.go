package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// compile makes the regular expression that matches the expansions of t, whole:
// a second implementation of [template.match], to hold the first against.
func (t template) compile() (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`\A`)
	for _, part := range t {
		if part.operator == nil {
			writeLiteral(&b, part.literal)
			continue
		}
		part.write(&b)
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, fmt.Errorf("compiling a URI template: %w", err)
	}
	return re, nil
}

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

// Classes of characters that values expand to, as the inside of a bracket
// expression; percent-encoded octets; and characters encoded as several octets.
// Repetitions are spelled out: RE2 bounds their product when they are nested.
const (
	unreservedClass = `A-Za-z0-9\-._~`
	reservedClass   = `:/?#\[\]@!$&'()*+,;=`
	octetRegexp     = `%[0-9A-Fa-f][0-9A-Fa-f]`
	tailRegexp      = `%[89ABab][0-9A-Fa-f]`
	sequenceRegexp  = `%[C-Fc-f][0-9A-Fa-f]` + tailRegexp + `(?:` + tailRegexp + `(?:` + tailRegexp + `)?)?`
)

func (op *operator) class() string {
	if op.reserved {
		return unreservedClass + reservedClass
	}
	return unreservedClass
}

// write appends the expression's regular expression.
//
// Any variable may be undefined, and then takes its separator along. So after
// the first defined one every later one is optional, and the first may be any
// of them; or none is defined and nothing at all is written.
func (p *templatePart) write(b *strings.Builder) {
	op := p.operator
	separator := regexp.QuoteMeta(op.separator)
	bodies := make([]string, len(p.variables))
	for i := range bodies {
		bodies[i] = op.body(p.variables[i])
	}
	b.WriteString(`(?:` + regexp.QuoteMeta(op.first))
	switch {
	case p.absorbs():
		b.WriteString(bodies[0])
	case p.uniform():
		b.WriteString(bodies[0])
		if n := len(bodies); n > 1 {
			b.WriteString(`(?:` + separator + bodies[0] + `){0,` + strconv.Itoa(n-1) + `}`)
		}
	default:
		b.WriteString(`(?:`)
		for first := range bodies {
			if first > 0 {
				b.WriteByte('|')
			}
			b.WriteString(bodies[first])
			for _, later := range bodies[first+1:] {
				b.WriteString(`(?:` + separator + later + `)?`)
			}
		}
		b.WriteByte(')')
	}
	b.WriteString(`)?`)
}

// uniform reports whether the variables differ in nothing that shows: not in
// their names either, unless those are written.
func (p *templatePart) uniform() bool {
	first := p.variables[0]
	for _, v := range p.variables[1:] {
		if v.prefix != first.prefix || v.explode != first.explode || p.operator.named && !v.explode {
			return false
		}
	}
	return true
}

// absorbs reports whether one value can look like several with separators
// between them, so that how many variables there are makes no difference.
func (p *templatePart) absorbs() bool {
	v, op := p.variables[0], p.operator
	switch {
	case !p.uniform() || v.prefix > 0:
		return false
	case op.named:
		return v.explode
	case op.reserved:
		return true
	default:
		return !v.explode && (op.separator == "," || op.separator == ".")
	}
}

// body returns the regular expression of one defined variable.
func (op *operator) body(v variable) string {
	value := anyOf(op.class())
	switch {
	case v.explode && op.named:
		return op.explodedPairs(value)
	case v.explode && !op.reserved:
		// A list, or an associative array. Under a reserved expansion both
		// look like strings.
		again, pair := regexp.QuoteMeta(op.separator), value+`=`+value
		return `(?:` + value + `(?:` + again + value + `)*|` + pair + `(?:` + again + pair + `)*)`
	case v.prefix > 0:
		// Only strings have one. A character counts once however many octets
		// encode it, and so does a triplet that the value itself holds.
		least := 0
		if op.bareIfEmpty {
			least = 1
		}
		value = fmt.Sprintf(`(?:[%s]|%s|%s){%d,%d}`, op.class(), octetRegexp, sequenceRegexp, least, v.prefix)
	default:
		// Commas join the members of a list, and the names and values of an
		// associative array.
		value = anyOf(op.class() + ",")
	}
	switch name := regexp.QuoteMeta(v.name); {
	case !op.named:
		return value
	case op.bareIfEmpty:
		return name + `(?:=` + value + `)?`
	default:
		return name + `=` + value
	}
}

// explodedPairs is the body of a named, exploded variable: name=value pairs,
// the names those of an associative array, or each the variable's own. As the
// RFC encodes names of associative arrays like literals, they may hold any
// reserved character, separators and "=" included; so all pairs but the last
// look like a part of its name.
func (op *operator) explodedPairs(value string) string {
	name := anyOf(unreservedClass + reservedClass)
	if op.bareIfEmpty {
		return name // and so does its value
	}
	return name + `=` + value
}

func anyOf(class string) string { return `(?:[` + class + `]|` + octetRegexp + `)*` }
