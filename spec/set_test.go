package spec

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A set matches what any of its selectors matches, few or many.
func TestSetIsTheUnion(t *testing.T) {
	texts := []string{"*", "a", "a/{x}", "{x}/b", "https://e.x/{+y}", "c{z}"}
	for i := range 2 * manyExact {
		texts = append(texts, fmt.Sprintf("a/%d", i))
	}
	topics := []string{"a", "a/1", "a/7", "a/b", "b", "", "https://e.x/1", "c1"}
	rapid.Check(t, func(t *rapid.T) {
		var selectors []*Selector
		cost := Cost(0)
		for _, text := range rapid.SliceOfN(rapid.SampledFrom(texts[rapid.IntRange(0, 1).Draw(t, "from"):]), 0, 3*manyExact).Draw(t, "selectors") {
			s, err := ParseTopicSelector(text)
			if err != nil {
				t.Fatal(err)
			}
			selectors = append(selectors, s)
			cost += s.Cost()
		}
		set := SetOf(selectors)
		if set.Cost() != cost {
			t.Fatalf("the set costs %d, its selectors %d", set.Cost(), cost)
		}
		matched := func(topic string) bool {
			return slices.ContainsFunc(selectors, func(s *Selector) bool { return s.Match(topic) })
		}
		for _, topic := range topics {
			if got := set.Match(topic); got != matched(topic) {
				t.Fatalf("%v matches %q: %v", selectors, topic, got)
			}
		}
		two := rapid.SliceOfN(rapid.SampledFrom(topics), 0, 2).Draw(t, "topics")
		if got := set.MatchAny(two); got != slices.ContainsFunc(two, matched) {
			t.Fatalf("%v matches one of %q: %v", selectors, two, got)
		}
	})
}
