package hub

import (
	"net/http"
	"strings"
)

const (
	headerPrefer  = "Prefer"
	headerApplied = "Preference-Applied"
)

// prefers reports whether a request states a preference that has no value and
// is compared without regard to case, among any others and in any of the
// header's fields (RFC 7240 §2). Parameters change nothing about it, and of a
// repeated preference the first counts.
func prefers(h http.Header, preference string) bool {
	for _, field := range h[headerPrefer] {
		for rest := field; rest != ""; {
			var stated string
			stated, rest = cutUnquoted(rest, ',')
			stated, _ = cutUnquoted(stated, ';')
			name, value, _ := strings.Cut(stated, "=")
			if strings.EqualFold(strings.Trim(name, " \t"), preference) {
				value = strings.Trim(value, " \t")
				return value == "" || value == `""` // the two are one (RFC 7240 §2)
			}
		}
	}
	return false
}

// cutUnquoted cuts around the first separator that is not within a quoted
// string (RFC 9110 §5.6.4).
func cutUnquoted(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == separator:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
