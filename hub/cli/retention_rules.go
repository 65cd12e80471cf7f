package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cinnabar/spec"
	"cinnabar/store"
)

// A retention rule is written as a selector and its limits:
//
//	https://example.com/ticks/{id} age=1m
//	urlpattern:https://example.com/orders/:id age=30d bytes=2GiB count=1000000
//
// A selector without a type is one of 0.x: a topic, a URI template or *.

// ruleTypes are the matcher types that a rule's selector may name.
var ruleTypes = []string{spec.MatchExact, spec.MatchPattern, spec.MatchTemplate}

// parseRule reads a rule; patterns are resolved on the base.
func parseRule(text string, base *spec.Base) (store.Rule, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return store.Rule{}, errors.New(`a rule is empty: write one as "SELECTOR age=1m"`)
	}
	var r store.Rule
	var err error
	if r.Selector, err = parseRuleSelector(words[0], base); err != nil {
		return r, fmt.Errorf("the selector %s: %w", words[0], err)
	}
	limits := map[string]func([]string) error{
		"age":   duration(&r.MaxAge),
		"bytes": size(&r.MaxBytes, 0),
		"count": count(&r.MaxCount, 0),
	}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		put := limits[name]
		if put == nil {
			return r, fmt.Errorf("the rule for %s: %q is no limit: after the selector write age=DURATION, bytes=SIZE, count=N, each once and 0 for no limit", words[0], word)
		}
		if err := put([]string{value}); err != nil {
			return r, fmt.Errorf("the rule for %s: %s: %w", words[0], name, err)
		}
		delete(limits, name)
	}
	if len(words) == 1 {
		return r, fmt.Errorf("the rule for %s has no limit: write age=DURATION, bytes=SIZE or count=N behind it; age=0 keeps everything", words[0])
	}
	return r, nil
}

func parseRuleSelector(text string, base *spec.Base) (*spec.Selector, error) {
	if matchType, value, ok := strings.Cut(text, ":"); ok && slices.Contains(ruleTypes, matchType) {
		return spec.ParseMatcher(matchType, value, base)
	}
	return spec.ParseTopicSelector(text)
}

// makeRules completes the retention, once it is known where the hub is.
func (s *settings) makeRules() error {
	if len(s.retentionRules) == 0 {
		return nil
	}
	from := s.from["retention-rules"].from
	if len(s.retentionRules) > store.MaxRules {
		return fmt.Errorf("%s: %d rules, at most %d", from, len(s.retentionRules), store.MaxRules)
	}
	base := spec.UnnamedBase()
	if s.resourceIdentifier != "" {
		var err error
		if base, err = spec.ParseBase(s.resourceIdentifier); err != nil {
			return nil // a fault that is told already
		}
	}
	var faults []error
	for i, text := range s.retentionRules {
		r, err := parseRule(text, base)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", from, err))
			continue
		}
		same := func(other store.Rule) bool { return other.Selector.Key() == r.Selector.Key() }
		if slices.ContainsFunc(s.retention.Rules, same) {
			faults = append(faults, fmt.Errorf("%s: rule %d is about %s, as one before it: the first one counts", from, i+1, r.Selector))
		}
		s.retention.Rules = append(s.retention.Rules, r)
	}
	return errors.Join(faults...)
}
