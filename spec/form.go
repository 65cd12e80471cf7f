package spec

import (
	"bytes"
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
func ParseForm[S string | []byte](raw S) []Pair {
	form := []byte(raw)
	if len(form) == 0 {
		return nil
	}
	const usual = 8 // a form that promises more has to bring them first
	pairs := make([]Pair, 0, 1+min(bytes.Count(form, []byte{'&'}), usual))
	for sequence := range bytes.SplitSeq(form, []byte{'&'}) {
		if len(sequence) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(sequence, []byte{'='})
		pairs = append(pairs, Pair{Name: decodeForm(name), Value: decodeForm(value)})
	}
	return pairs
}

func decodeForm(b []byte) string {
	octets := countTriplets(b)
	if octets == 0 && bytes.IndexByte(b, '+') < 0 {
		return string(b)
	}
	var decoded strings.Builder
	decoded.Grow(len(b) - 2*octets) // and no more: the value may be kept for long
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if octet, ok := triplet(b[i:]); ok {
				c = octet
				i += 2
			}
		}
		decoded.WriteByte(c)
	}
	return decoded.String()
}

// countTriplets returns how many percent-encoded octets there are.
func countTriplets(b []byte) (n int) {
	for {
		i := bytes.IndexByte(b, '%')
		if i < 0 {
			return n
		}
		b = b[i:]
		if _, ok := triplet(b); ok {
			n++
			b = b[2:]
		}
		b = b[1:]
	}
}
