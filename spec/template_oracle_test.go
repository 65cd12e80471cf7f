package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/yosida95/uritemplate/v3"
	"pgregory.net/rapid"
)

// slowMatch decides whether t can expand to topic by following the expansion
// algorithm of RFC 6570, appendix A, step by step, over every value at once: a
// step turns the set of positions reached into the set it can reach. It shares
// nothing with the compiler but the parsed template and the exceptions that
// [template.compile] documents.
func slowMatch(t template, topic string) bool {
	m := slowMatcher{topic}
	at := positions{0: true}
	for _, part := range t {
		if part.operator == nil {
			at = m.literal(at, part.literal)
		} else {
			at = m.expression(at, part)
		}
	}
	return at[len(topic)]
}

type positions map[int]bool

type slowMatcher struct{ topic string }

func (p positions) and(q positions) positions {
	all := maps.Clone(p)
	maps.Copy(all, q)
	return all
}

// text consumes s.
func (m slowMatcher) text(at positions, s string) positions {
	to := positions{}
	for i := range at {
		if strings.HasPrefix(m.topic[i:], s) {
			to[i+len(s)] = true
		}
	}
	return to
}

func (m slowMatcher) literal(at positions, literal string) positions {
	for _, r := range literal {
		raw := m.text(at, string(r))
		if r >= 0x80 {
			encoded := at
			for _, octet := range []byte(string(r)) {
				upper, lower := fmt.Sprintf("%%%02X", octet), fmt.Sprintf("%%%02x", octet)
				mixed1, mixed2 := upper[:2]+lower[2:], lower[:2]+upper[2:]
				encoded = m.text(encoded, upper).and(m.text(encoded, lower)).and(m.text(encoded, mixed1)).and(m.text(encoded, mixed2))
			}
			raw = raw.and(encoded)
		}
		at = raw
	}
	return at
}

// characters consumes between least and most encoded characters; a negative
// most is no bound.
func (m slowMatcher) characters(at positions, reserved bool, least, most int) positions {
	all := positions{}
	for n := 0; len(at) > 0 && (most < 0 || n <= most); n++ {
		if n >= least {
			before := len(all)
			all = all.and(at)
			if most < 0 && n > least && len(all) == before {
				break
			}
		}
		next := positions{}
		for i := range at {
			for _, size := range m.character(i, reserved) {
				next[i+size] = true
			}
		}
		at = next
	}
	return all
}

// character returns the sizes that one encoded character at i may have.
func (m slowMatcher) character(i int, reserved bool) []int {
	rest := m.topic[i:]
	if rest == "" {
		return nil
	}
	if isUnreserved(rest[0]) || reserved && strings.Contains(":/?#[]@!$&'()*+,;=", rest[:1]) {
		return []int{1}
	}
	lead, ok := triplet(rest)
	if !ok {
		return nil
	}
	sizes := []int{3}
	for n := 1; n <= 3 && lead >= 0xc0; n++ {
		octet, ok := triplet(rest[3*n:])
		if !ok || octet&0xc0 != 0x80 {
			break
		}
		sizes = append(sizes, 3*(n+1))
	}
	return sizes
}

// joined consumes one or more items with separators between them.
func (m slowMatcher) joined(at positions, separator string, item func(positions) positions) positions {
	all := positions{}
	for {
		at = item(at)
		before := len(all)
		all = all.and(at)
		if len(all) == before {
			return all
		}
		at = m.text(at, separator)
	}
}

func (m slowMatcher) expression(at positions, part templatePart) positions {
	op := part.operator
	none, some := at, positions{} // with no variable defined so far, and with one
	for _, v := range part.variables {
		first := m.variable(m.text(none, op.first), op, v)
		later := m.variable(m.text(some, op.separator), op, v)
		some = some.and(first).and(later)
	}
	return none.and(some)
}

func (m slowMatcher) variable(at positions, op *operator, v variable) positions {
	value := func(at positions) positions { return m.characters(at, op.reserved, 0, -1) }
	empty := "="
	if op.bareIfEmpty {
		empty = ""
	}

	// A string.
	most := -1
	if v.prefix > 0 {
		most = v.prefix
	}
	var all positions
	if op.named {
		all = m.text(at, v.name+empty).and(m.characters(m.text(at, v.name+"="), op.reserved, 1, most))
	} else {
		all = m.characters(at, op.reserved, 0, most)
	}
	if v.prefix > 0 {
		return all
	}

	// A list, or an associative array, as one value.
	if !v.explode {
		if op.named {
			at = m.text(at, v.name+"=")
		}
		return all.and(m.joined(at, ",", value))
	}

	// Their members as values of their own.
	list := m.joined(at, op.separator, func(at positions) positions {
		if !op.named {
			return value(at)
		}
		return m.text(at, v.name+empty).and(m.characters(m.text(at, v.name+"="), op.reserved, 1, -1))
	})
	array := m.joined(at, op.separator, func(at positions) positions {
		if !op.named {
			return value(m.text(value(at), "="))
		}
		name := m.characters(at, true, 0, -1) // like a literal
		return m.text(name, empty).and(m.characters(m.text(name, "="), op.reserved, 1, -1))
	})
	return all.and(list).and(array)
}

// drawTemplate makes a template of a few parts.
func drawTemplate(t *rapid.T) string {
	variableSpec := rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom([]string{"a", "b", "c", "a.b", "%41"}).Draw(t, "name")
		return name + rapid.SampledFrom([]string{"", "", "*", ":1", ":3", ":12"}).Draw(t, "modifier")
	})
	part := rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "literal") {
			return rapid.SampledFrom([]string{"/", "a", ".", "é", "a=", "?", "&b=", ",", "%2F", "+", "(", "日"}).Draw(t, "text")
		}
		op := rapid.SampledFrom([]string{"", "+", "#", ".", "/", ";", "?", "&"}).Draw(t, "operator")
		return "{" + op + strings.Join(rapid.SliceOfN(variableSpec, 1, 3).Draw(t, "variables"), ",") + "}"
	})
	return strings.Join(rapid.SliceOfN(part, 0, 4).Draw(t, "parts"), "")
}

// drawTopic makes a string of the characters that matter to templates.
func drawTopic(t *rapid.T) string {
	piece := rapid.SampledFrom([]string{
		"a", "b", "c", "=", ",", "/", ";", "?", "&", ".", "#", "a=", "b=", "a.b", "%41", "%", "%4", "é", "%C3%A9", "%c3%a9",
		"%E6%97%A5", "日", "%2F", "%80", "%C3", "+", "(", "!", " ", "\n", "\xff",
	})
	return strings.Join(rapid.SliceOfN(piece, 0, 9).Draw(t, "topic"), "")
}

// drawLongTopic makes one that needs more than a word of places, and more than
// a stack has room for.
func drawLongTopic(t *rapid.T) string {
	piece := rapid.SampledFrom([]string{"a", "b=", "é", "/", "%C3%A9", ",", "?a="}).Draw(t, "piece")
	return drawTopic(t) + strings.Repeat(piece, rapid.IntRange(0, 300).Draw(t, "times")) + drawTopic(t)
}

// checkLiterals fails if a text that a selector matches lacks its literals.
func checkLiterals(t *rapid.T, selector string, l Literals, text string) {
	if !strings.HasPrefix(text, l.Prefix) || !strings.HasSuffix(text, l.Suffix) || !strings.Contains(text, l.Inner) {
		t.Fatalf("%q matches %q, which lacks one of its literals %+v", selector, text, l)
	}
}

// drawExpansion expands a template with the uritemplate package, for values on
// which that package follows the RFC: it encodes characters outside ASCII
// otherwise, leaves names of exploded arrays unencoded, writes "k," for an
// exploded member without value, and takes prefixes of composite values.
func drawExpansion(t *rapid.T, text string, parsed template) string {
	value := rapid.StringOfN(rapid.RuneFrom([]rune("ab/=,?&;.#%! ")), 0, 4, -1)
	filled := rapid.StringOfN(rapid.RuneFrom([]rune("ab/=,?&;.#%! ")), 1, 4, -1)
	name := rapid.StringOfN(rapid.RuneFrom([]rune("ab/=,;.!")), 0, 3, -1)
	values := uritemplate.Values{}
	for _, part := range parsed {
		for _, v := range part.variables {
			kinds := []string{"undefined", "string", "list", "array"}
			if v.prefix > 0 {
				kinds = kinds[:2]
			}
			switch rapid.SampledFrom(kinds).Draw(t, "kind of "+v.name) {
			case "string":
				values.Set(v.name, uritemplate.String(value.Draw(t, "value")))
			case "list":
				values.Set(v.name, uritemplate.List(rapid.SliceOfN(value, 1, 3).Draw(t, "list")...))
			case "array":
				var members []string
				for range rapid.IntRange(1, 2).Draw(t, "members") {
					members = append(members, name.Draw(t, "name"), filled.Draw(t, "value"))
				}
				values.Set(v.name, uritemplate.KV(members...))
			}
		}
	}
	for _, part := range parsed {
		for _, v := range part.variables {
			// The same variable elsewhere may have had no prefix.
			if got := values.Get(v.name); v.prefix > 0 && got.T != uritemplate.ValueTypeString {
				delete(values, v.name)
			}
		}
	}
	expansion, err := uritemplate.MustNew(text).Expand(values)
	if err != nil {
		t.Fatalf("expanding %q: %v", text, err)
	}
	return expansion
}

// Every expansion matches, and nothing matches that the slow matcher does not
// derive.
func checkTemplate(t *rapid.T) {
	text := drawTemplate(t)
	parsed := parseTemplate(text)
	if parsed == nil {
		t.Fatalf("%q is not taken for a template", text)
	}
	if parsed.check("") != nil {
		return
	}
	compiled, err := parsed.compile()
	if err != nil {
		t.Fatalf("%q has no regular expression: %v", text, err)
	}
	expansion := drawExpansion(t, text, parsed)
	if !parsed.match(expansion) {
		t.Fatalf("%q does not match its expansion %q", text, expansion)
	}
	for _, topic := range []string{expansion, drawTopic(t), mutate(t, expansion), drawLongTopic(t)} {
		matched := parsed.match(topic)
		if slow := slowMatch(parsed, topic); matched != slow {
			t.Fatalf("%q and %q: matches: %v; can be an expansion: %v", text, topic, matched, slow)
		}
		if expression := compiled.MatchString(topic); matched != expression {
			t.Fatalf("%q and %q: matches: %v; its regular expression: %v", text, topic, matched, expression)
		}
		if matched {
			checkLiterals(t, text, parsed.literals(), topic)
		}
	}
	checkLiterals(t, text, parsed.literals(), text)
}

// mutate changes a few bytes, so that topics are near misses.
func mutate(t *rapid.T, s string) string {
	b := []byte(s)
	for range rapid.IntRange(1, 2).Draw(t, "changes") {
		i := rapid.IntRange(0, len(b)).Draw(t, "at")
		piece := rapid.SampledFrom([]string{"", "a", "=", ",", "/", "&", "?", ";", ".", "%", "%41", "#"}).Draw(t, "piece")
		end := min(len(b), i+rapid.IntRange(0, 2).Draw(t, "cut"))
		b = slices.Replace(b, i, end, []byte(piece)...)
	}
	return string(b)
}

func TestTemplatesMatchWhatTheyExpandTo(t *testing.T) { rapid.Check(t, checkTemplate) }

func FuzzTemplates(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkTemplate)) }
