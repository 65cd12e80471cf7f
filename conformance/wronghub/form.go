package wronghub

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A field is one name and value of a query or a body.
type field struct{ name, value string }

// A form is fields in their order.
type form []field

// parseForm takes application/x-www-form-urlencoded text apart as the WHATWG
// URL standard says, except that it leaves bytes that are not UTF-8 as they
// are, for others to refuse.
func parseForm(raw string) form {
	var f form
	for _, pair := range strings.Split(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		f = append(f, field{unescape(name), unescape(value)})
	}
	return f
}

// unescape decodes plus signs and percent-encoded bytes; a stray percent sign
// stands for itself.
func unescape(s string) string {
	return decodePercent(strings.ReplaceAll(s, "+", " "), func(byte) bool { return true })
}

// decodePercent decodes the percent-encoded bytes that are to be decoded.
func decodePercent(s string, wanted func(byte) bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			if c := unhex(s[i+1])<<4 | unhex(s[i+2]); wanted(c) {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// first returns the first value of a name, "" without one.
func (f form) first(name string) string {
	value, _ := f.lookup(name)
	return value
}

func (f form) lookup(name string) (value string, ok bool) {
	for _, field := range f {
		if field.name == name {
			return field.value, true
		}
	}
	return "", false
}

// all returns the values of a name.
func (f form) all(name string) []string {
	var values []string
	for _, field := range f {
		if field.name == name {
			values = append(values, field.value)
		}
	}
	return values
}

// isText reports whether a string may be a topic, a matcher, an id or a type:
// UTF-8 without control and format characters.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)
	})
}
