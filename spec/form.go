package spec

import (
	"iter"
	"slices"
	"strings"
)

// A Pair is one name and value of a form or query, decoded.
type Pair struct {
	Name, Value string
}

// ParseForm splits an application/x-www-form-urlencoded string as the WHATWG
// URL Standard does: on '&' alone, the first '=' ends the name, '+' is a
// space, a stray '%' and a raw ';' are data. Unlike the standard it does not
// replace ill-formed UTF-8: the bytes are kept, so that the constructors can
// refuse them (TOPIC-utf8, SUB-value-utf8-400, PUB-utf8-names-values).
//
// The pairs share no memory with raw: whoever keeps a topic for long must not
// keep the megabytes that came with it.
func ParseForm(raw string) []Pair { return slices.Collect(FormPairs(raw)) }

// FormPairs is [ParseForm] one pair at a time, for forms that may hold very
// many: a body of a few megabytes can name a million fields.
func FormPairs(raw string) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for sequence := range strings.SplitSeq(raw, "&") {
			if sequence == "" {
				continue
			}
			name, value, _ := strings.Cut(sequence, "=")
			if !yield(Pair{Name: decodeForm(name), Value: decodeForm(value)}) {
				return
			}
		}
	}
}

func decodeForm(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return strings.Clone(s)
	}
	decoded := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if octet, ok := triplet(s[i:]); ok {
				c = octet
				i += 2
			}
		}
		decoded = append(decoded, c)
	}
	return string(decoded)
}
