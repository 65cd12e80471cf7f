package spec

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// A defect is the first thing wrong with a string under the character rules
// that topics, matchers, ids and event types share.
type defect uint8

const (
	sound     defect = iota
	illFormed        // not UTF-8
	control0         // U+0000–U+001F
	control1         // U+007F–U+009F
	format           // general category Cf
)

// inspect returns the first defect of s and the code point it lies in.
func inspect(s string) (defect, rune) {
	ascii := 0
	for ascii < len(s) && 0x20 <= s[ascii] && s[ascii] < 0x7f {
		ascii++
	}
	s = s[ascii:]
	for i, r := range s {
		switch {
		case r < 0x20:
			return control0, r
		case r < 0x7f:
		case r < 0xa0:
			return control1, r
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return illFormed, r
			}
		case unicode.Is(unicode.Cf, r):
			return format, r
		}
	}
	return sound, 0
}

// textRules names the obligation behind each defect, for one kind of string.
type textRules [format + 1]string

// check returns the Fault for the first defect of s, nil if there is none.
func (rules *textRules) check(field, s string) *Fault {
	d, r := inspect(s)
	switch d {
	case sound:
		return nil
	case illFormed:
		return &Fault{
			Rule: rules[d], Field: field, Problem: "is not valid UTF-8",
			Fix: "encode the text as UTF-8 before percent-encoding it",
		}
	case format:
		return &Fault{
			Rule: rules[d], Field: field,
			Problem: fmt.Sprintf("holds the invisible format character %U", r),
			Fix:     "remove it; such characters make different strings look alike",
		}
	default:
		return &Fault{
			Rule: rules[d], Field: field,
			Problem: fmt.Sprintf("holds the control character %U", r),
			Fix:     "remove it; line breaks and other controls are allowed in data only",
		}
	}
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// isUnreserved is the set of RFC 3986, section 2.3.
func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// triplet decodes the percent-encoded octet that s starts with, if it does.
func triplet(s string) (octet byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := hexDigit(s[1]), hexDigit(s[2])
	return high<<4 | low, high|low < 16
}

// hexDigit returns the value of c, or 16 if it is not a hexadecimal digit.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}
