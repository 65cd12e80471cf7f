package wronghub

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A use is what text is for: for each, its characters may go unchecked.
type use struct{ c0, c1, format Defect }

var (
	asTopic   = use{AllowsC0InTopics, AllowsC1InTopics, AllowsFormatInTopics}
	asMatcher = use{AllowsC0InMatchers, AllowsC1InMatchers, AllowsFormatInMatchers}
	asGrant   = use{AllowsAnythingInGrants, AllowsAnythingInGrants, AllowsAnythingInGrants}
	asID      = use{AllowsControlsInIDs, AllowsC1InIDs, AllowsFormatInIDs}
	asType    = use{AllowsControlsInTypes, AllowsControlsInTypes, AllowsFormatInTypes}
)

// isText reports whether a string may be a topic, a matcher, an id or a type:
// UTF-8 without control and format characters.
func (h *Hub) isText(s string, u use) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case r < ' ':
			return !h.is(u.c0)
		case unicode.Is(unicode.Cc, r):
			return !h.is(u.c1)
		case unicode.Is(unicode.Cf, r):
			return !h.is(u.format)
		}
		return false
	})
}
