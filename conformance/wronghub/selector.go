package wronghub

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// A selector reports whether it matches a topic.
type selector func(topic string) bool

func everything(string) bool { return true }

func nothing(string) bool { return false }

func anyMatches(selectors []selector, topic string) bool {
	for _, matches := range selectors {
		if matches(topic) {
			return true
		}
	}
	return false
}

func matchesAny(matches selector, topics []string) bool {
	for _, topic := range topics {
		if matches(topic) {
			return true
		}
	}
	return false
}

// Matcher types of 1.0.
const (
	exact      = "exact"
	urlPattern = "urlpattern"
)

func isMatcherType(kind string) bool { return kind == exact || kind == urlPattern }

// matcher makes the selector of a 1.0 matcher.
func (h *Hub) matcher(kind, match string, u use) (selector, error) {
	if !isMatcherType(kind) || kind == urlPattern && u == asGrant && h.is(GrantsExactlyOnly) {
		return nil, malformed("there is no matcher type " + kind)
	}
	if !h.isText(match, u) {
		return nil, malformed("a matcher holds characters it may not")
	}
	if h.isWildcard(kind, match) && !(u == asMatcher && h.is(HasNoWildcard)) {
		return everything, nil
	}
	if kind == exact {
		return h.exactly(match), nil
	}
	if !strings.Contains(match, ":/") && h.is(RefusesRelativePatterns) {
		return nil, malformed("the URL pattern is relative")
	}
	pattern, err := h.parsePattern(match)
	switch {
	case err != nil && h.is(TakesBadPatternsForDead):
		return nothing, nil
	case strings.Contains(match, "(?") && !errors.Is(err, errPattern) && h.is(TakesHardPatternsForDead):
		return nothing, nil
	case err != nil:
		return nil, malformed("the URL pattern " + match + ": " + err.Error())
	}
	return func(topic string) bool {
		if strings.Contains(match, "+)+") && len(topic) > 500 {
			h.labour()
		}
		if !strings.Contains(topic, ":") && h.is(KeepsTopicsRelative) {
			return false
		}
		a, ok := parseAddress(topic, h.resource)
		if !ok {
			return h.is(MatchesWhatDoesNotParse)
		}
		return pattern.matches(a)
	}, nil
}

// labour is what an engine that backtracks does with a pattern that is made to
// keep it busy: nothing here.
func (h *Hub) labour() {
	switch {
	case h.is(BacktracksInPatterns):
		h.history.mu.Lock()
		defer h.history.mu.Unlock()
		time.Sleep(1200 * time.Millisecond)
	case h.is(BreaksOffAtHardPatterns):
		panic(http.ErrAbortHandler)
	}
}

// isWildcard reports whether a matcher matches everything, whatever its type.
func (h *Hub) isWildcard(kind, match string) bool {
	switch {
	case kind == urlPattern && h.is(ResolvesTypeBeforeWildcard):
		return false
	case h.is(TakesAsterisksForWildcard):
		return match != "" && strings.Trim(match, "*") == ""
	}
	return match == "*"
}

// exactly makes the selector of a string.
func (h *Hub) exactly(match string) selector {
	canonical := func(s string) string { return s }
	switch {
	case h.is(FoldsExactMatchers):
		canonical = strings.ToLower
	case h.is(NormalizesExactMatchers):
		canonical = func(s string) string { return decodePercent(s, isUnreserved) }
	case h.is(ResolvesExactMatchers):
		canonical = func(s string) string {
			if a, ok := parseAddress(s, h.resource); ok {
				return a.origin() + a.path
			}
			return s
		}
	}
	match = canonical(match)
	return func(topic string) bool { return canonical(topic) == match }
}

// legacySelector makes the selector of 0.x: everything, the same string, or
// what a URI template expands to.
func (h *Hub) legacySelector(s string, u use) selector {
	if s == "*" && !(u == asMatcher && h.is(HasNoLegacyWildcard)) {
		return everything
	}
	template, ok := h.parseTemplate(s)
	return func(topic string) bool {
		switch {
		case topic == s:
			return !ok || !strings.Contains(s, "{") || !h.is(ForgetsTemplateItself)
		case strings.HasPrefix(topic, s) && h.is(MatchesWhatSelectorsBegin):
			return true
		case h.is(ComparesTemplates):
			return false
		case !ok:
			return h.is(TakesBadTemplatesForWildcard)
		}
		return template.MatchString(topic)
	}
}
