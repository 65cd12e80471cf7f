package spec

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// A defect is something that may be wrong with a code point of a topic, matcher,
// id or event type.
type defect uint8

const (
	sound     defect = iota
	illFormed        // not UTF-8
	lineBreak        // CR or LF
	control0         // others of U+0000–U+001F
	control1         // U+007F–U+009F
	format           // general category Cf
)

// textRules names the obligation against each defect, for one kind of string;
// "" where there is none.
type textRules [format + 1]string

// inspect returns the first defect of s that a rule is against, and its code
// point.
func (rules *textRules) inspect(s string) (defect, rune) {
	printable := 0
	for printable < len(s) && 0x20 <= s[printable] && s[printable] < 0x7f {
		printable++
	}
	s = s[printable:]
	for i, r := range s {
		d := sound
		switch {
		case r == '\r' || r == '\n':
			d = lineBreak
		case r < 0x20:
			d = control0
		case r < 0x7f:
		case r < 0xa0:
			d = control1
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				d = illFormed
			}
		case unicode.Is(unicode.Cf, r):
			d = format
		}
		if d != sound && rules[d] != "" {
			return d, r
		}
	}
	return sound, 0
}

// check returns the Fault for what inspect finds, nil if that is nothing.
func (rules *textRules) check(field, s string) *Fault {
	d, r := rules.inspect(s)
	if d == sound {
		return nil
	}
	fault := &Fault{Rule: rules[d], Field: field}
	switch d {
	case illFormed:
		fault.Problem = "is not valid UTF-8"
		fault.Fix = "encode the text as UTF-8 before percent-encoding it"
	case format:
		fault.Problem = fmt.Sprintf("holds the invisible format character %U", r)
		fault.Fix = "remove it; such characters make different strings look alike"
	default:
		fault.Problem = fmt.Sprintf("holds the control character %U", r)
		fault.Fix = "remove it; line breaks and other controls are allowed in data only"
	}
	return fault
}

// asciiLength returns the number of bytes before the first character outside
// ASCII.
func asciiLength(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return i
		}
	}
	return len(s)
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// isUnreserved is the set of RFC 3986, section 2.3.
func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// triplet decodes the percent-encoded octet that s starts with, if it does.
func triplet[S string | []byte](s S) (octet byte, ok bool) {
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
