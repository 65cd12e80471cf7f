package spec

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDisjoint(t *testing.T) {
	base, other := mustBase(t, "https://e.x/.well-known/mercure"), mustBase(t, "https://f.x/.well-known/mercure")
	topic := func(text string) *Selector {
		s, err := ParseTopicSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	pattern := func(text string, base *Base) *Selector {
		s, err := ParseMatcher(MatchPattern, text, base)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, tt := range map[string]struct {
		a, b *Selector
		want bool
	}{
		"the same":              {topic("a"), topic("a"), false},
		"others":                {topic("a"), topic("b"), true},
		"everything":            {topic("a"), topic("*"), false},
		"one of a template":     {topic("a/1"), topic("a/{id}"), false},
		"none of a template":    {topic("b/1"), topic("a/{id}"), true},
		"beginnings":            {topic("a/{id}"), topic("b/{id}"), true},
		"one begins the other":  {topic("a/{id}"), topic("a/b/{id}"), false},
		"ends":                  {topic("{id}/a"), topic("{id}/b"), true},
		"one ends the other":    {topic("{id}/a"), topic("{id}/b/a"), false},
		"a template, a pattern": {topic("https://e.x/a/{id}"), pattern("https://f.x/:id", base), false},
		"patterns":              {pattern("/a/:id", base), pattern("/b/:id", base), true},
		"patterns of two bases": {pattern("/a/:id", base), pattern("/b/:id", other), false},
		"one of a pattern":      {pattern("/a/:id", base), topic("/a/1"), false},
		"none of a pattern":     {pattern("/a/:id", base), topic("/b/1"), true},
	} {
		if got, back := Disjoint(tt.a, tt.b), Disjoint(tt.b, tt.a); got != tt.want || back != tt.want {
			t.Errorf("%s: %v, and the other way round %v, want %v", name, got, back, tt.want)
		}
	}
}

// TestDisjointHaveNoTopicInCommon: no topic matches both.
func TestDisjointHaveNoTopicInCommon(t *testing.T) {
	base := mustBase(t, "https://e.x/.well-known/mercure")
	common := 0
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "b", "/", "%61", "E", "é", "https://e.x/", "https://E.x/", "/../"})
		hole := rapid.SampledFrom([]string{"{x}", "{+x}", "{/x*}", "{x:1}", "{?x}"})
		slot := rapid.SampledFrom([]string{":x", "*", "{a}?", "(b|a)", "/:y?", ":z+"})
		text := func(label string, hole *rapid.Generator[string]) (s string) {
			s = rapid.SampledFrom([]string{"", "https://e.x/", "/"}).Draw(t, label)
			for range rapid.IntRange(0, 4).Draw(t, label) {
				s += rapid.OneOf(part, hole).Draw(t, label)
			}
			return s
		}
		selector := func(label string) *Selector {
			var s *Selector
			var err error
			if rapid.Bool().Draw(t, label) {
				s, err = ParseMatcher(MatchPattern, text(label, slot), base)
			} else {
				s, err = ParseTopicSelector(text(label, hole))
			}
			if err != nil {
				t.Skip()
			}
			return s
		}
		a, b := selector("a"), selector("b")
		disjoint := Disjoint(a, b)
		for range 20 {
			topic := text("topic", part)
			if !a.Match(topic) || !b.Match(topic) {
				continue
			}
			common++
			if disjoint {
				t.Fatalf("%s matches %s and %s, which are said to be disjoint", topic, a, b)
			}
		}
	})
	if common == 0 {
		t.Error("no topic matched any two selectors: the test shows nothing")
	}
}
