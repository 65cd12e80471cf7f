package hub

import (
	"fmt"
	"strings"

	"cinnabar/spec"
)

// matcherTypes are those that 1.0 subscribers may name.
var matcherTypes = []string{spec.MatchExact, spec.MatchPattern, spec.MatchTemplate}

// selectors reads what a subscriber wants from its parameters, as its
// generation spells it: one for each distinct type and string, which are what a
// subscription is known by. The wildcard is the same selector under every type,
// and a subscription of its own under each (SUBS-event-created).
func (h *Hub) selectors(g spec.Generation, pairs []spec.Pair) ([]*spec.Selector, error) {
	read := matcherOf
	if g == spec.Legacy {
		read = topicSelectorOf
	}
	var selectors []*spec.Selector
	type named struct{ matchType, text string }
	seen := make(map[named]bool)
	asked := 0
	for _, p := range pairs {
		if len(p.Value) > h.now().MaxMatcherSize && isMatcher(g, p) {
			return nil, longMatcher(p, h.now().MaxMatcherSize)
		}
		s, err := read(p, h.base)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		if asked++; asked > h.now().MaxMatchers {
			return nil, tooManyMatchers(g, p.Name, h.now().MaxMatchers)
		}
		if is := (named{s.MatchType(), s.String()}); !seen[is] {
			seen[is] = true
			selectors = append(selectors, s)
		}
	}
	if asked == 0 {
		return nil, h.missingMatcher(false, false)
	}
	return selectors, nil
}

// matcherOf reads a 1.0 matcher parameter: match, or match_ and a type. Other
// names in the reserved space are refused, whatever stands beside them; nil
// means a parameter that is none of ours.
func matcherOf(p spec.Pair, base *spec.Base) (*spec.Selector, error) {
	if !inMatchPrefix(p) {
		return nil, nil
	}
	if p.Name == spec.ParamMatch {
		return spec.ParseMatcher("", p.Value, base)
	}
	matchType, ok := strings.CutPrefix(p.Name, spec.ParamMatch+"_")
	if !ok || matchType == "" {
		return nil, &spec.Fault{
			Rule:    "SUB-reserved-prefix-400",
			Field:   p.Name,
			Problem: "names beginning with match are reserved, and this is not a matcher parameter",
			Fix:     "use match, match_exact, match_urlpattern or match_uritemplate, in lower case",
		}
	}
	return spec.ParseMatcher(matchType, p.Value, base)
}

// topicSelectorOf reads a 0.x topic parameter.
func topicSelectorOf(p spec.Pair, _ *spec.Base) (*spec.Selector, error) {
	if !isTopic(p) {
		return nil, nil
	}
	return spec.ParseTopicSelector(p.Value)
}

// isMatcher reports whether a parameter is one in its generation, if a wrong
// one perhaps.
func isMatcher(g spec.Generation, p spec.Pair) bool {
	if g == spec.Legacy {
		return isTopic(p)
	}
	return inMatchPrefix(p)
}

func longMatcher(p spec.Pair, limit int) *spec.Fault {
	return &spec.Fault{
		Rule:    "LIMIT-matcher-length",
		Field:   p.Name,
		Problem: fmt.Sprintf("is %d bytes long, more than the %d allowed", len(p.Value), limit),
		Fix:     "shorten it, or split it into several",
	}
}

func tooManyMatchers(g spec.Generation, field string, limit int) *spec.Fault {
	rule := "LIMIT-matcher-exceeded-400"
	if g == spec.Legacy {
		rule = "LIMIT-0x-topic-count"
	}
	return &spec.Fault{
		Rule:    rule,
		Field:   field,
		Problem: fmt.Sprintf("more than %d matchers in one request", limit),
		Fix:     "open several streams, or one with a pattern that covers more topics",
	}
}
