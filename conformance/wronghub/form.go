package wronghub

import (
	"regexp"
	"strings"
)

// A field is one name and value of a query or a body.
type field struct{ name, value string }

// A form is fields in their order.
type form []field

// parseForm takes application/x-www-form-urlencoded text apart as the WHATWG
// URL standard says, except that it leaves bytes that are not UTF-8 as they
// are, for others to refuse.
func (h *Hub) parseForm(raw string) form {
	if h.is(SplitsAtSemicolons) {
		raw = strings.ReplaceAll(raw, ";", "&")
	}
	var f form
	for _, pair := range strings.Split(raw, "&") {
		name, value, given := strings.Cut(pair, "=")
		if i := strings.LastIndex(pair, "="); i >= 0 && h.is(SplitsAtLastEqualsSign) {
			name, value = pair[:i], pair[i+1:]
		}
		if pair == "" || !given && h.is(DropsBareNames) {
			continue
		}
		if !h.is(ComparesEncodedNames) {
			name = h.unescape(name)
		}
		f = append(f, field{name, h.unescape(value)})
	}
	return f
}

// stray finds percent signs that encode nothing.
var stray = regexp.MustCompile(`%([^0-9A-Fa-f]|.?$)`)

// unescape decodes plus signs and percent-encoded bytes; a stray percent sign
// stands for itself.
func (h *Hub) unescape(s string) string {
	if h.is(DropsStrayPercents) {
		s = stray.ReplaceAllString(s, "$1")
	}
	if !h.is(KeepsPlusSigns) {
		s = strings.ReplaceAll(s, "+", " ")
	}
	s = decodePercent(s, func(byte) bool { return true })
	if h.is(MendsUTF8) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	return s
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
