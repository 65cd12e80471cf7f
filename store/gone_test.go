package store

import (
	"testing"

	"cinnabar/spec"
)

func topicSelector(t *testing.T, text string) *spec.Selector {
	t.Helper()
	s, err := spec.ParseTopicSelector(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func patternOn(t *testing.T, base, text string) *spec.Selector {
	t.Helper()
	b, err := spec.ParseBase(base)
	if err != nil {
		t.Fatal(err)
	}
	s, err := spec.ParseMatcher(spec.MatchPattern, text, b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readerOf(selectors ...*spec.Selector) *Reader {
	set := spec.SetOf(selectors)
	return &Reader{Selectors: &set}
}

// goneOf says that an update with a topic was removed at a position.
func goneOf(c *Classes, p Position, topics ...string) Gone {
	w := NewWatermarks(c, 0).Clone()
	w.Raise(p, c.Of(topics), topics)
	return Gone{Updates: p, ByClass: w}
}

// TestWhoIsConcerned: a reader is concerned by the classes that his topics may be
// in.
func TestWhoIsConcerned(t *testing.T) {
	const one, other = "https://one.example/.well-known/mercure", "https://other.example/.well-known/mercure"
	many := []*spec.Selector{} // so many that a set looks them up
	for i := range 20 {
		many = append(many, topicSelector(t, "n"+string(rune('a'+i))))
	}
	rules := func(selectors ...*spec.Selector) *Classes {
		var r Retention
		for _, s := range selectors {
			r.Rules = append(r.Rules, Rule{Selector: s})
		}
		return NewClasses(r)
	}
	for name, tt := range map[string]struct {
		classes *Classes
		gone    string
		reader  *Reader
		missed  bool
	}{
		"the topic":                 {rules(topicSelector(t, "a")), "a", readerOf(topicSelector(t, "a")), true},
		"another":                   {rules(topicSelector(t, "a")), "a", readerOf(topicSelector(t, "b")), false},
		"another, of the rest":      {rules(topicSelector(t, "a")), "x", readerOf(topicSelector(t, "b")), true},
		"one of many":               {rules(topicSelector(t, "na")), "na", readerOf(many...), true},
		"none of many":              {rules(topicSelector(t, "a")), "a", readerOf(many...), false},
		"the rest, of many":         {rules(topicSelector(t, "na")), "x", readerOf(many...), true},
		"everything":                {rules(topicSelector(t, "a")), "a", readerOf(topicSelector(t, "*")), true},
		"the rule itself":           {rules(topicSelector(t, "a{x}")), "x", readerOf(topicSelector(t, "a{x}")), false},
		"the rule itself, its own":  {rules(topicSelector(t, "a{x}")), "ab", readerOf(topicSelector(t, "a{x}")), true},
		"the rule behind another":   {rules(topicSelector(t, "ab"), topicSelector(t, "a{x}")), "ab", readerOf(topicSelector(t, "a{x}")), true},
		"the pattern":               {rules(patternOn(t, one, "/:x")), "https://else.example/", readerOf(patternOn(t, one, "/:x")), false},
		"the pattern, another base": {rules(patternOn(t, one, "/:x")), "https://other.example/y", readerOf(patternOn(t, other, "/:x")), true},
		"its own, another base":     {rules(patternOn(t, one, "/:x")), "https://one.example/y", readerOf(patternOn(t, other, "/:x")), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := goneOf(tt.classes, 7, tt.gone).Missed(3, Gone{}, tt.reader); got != tt.missed {
				t.Errorf("%s is gone: missed: %v, want %v", tt.gone, got, tt.missed)
			}
		})
	}
}

// TestReadersAreAskedOnce: a reader's selectors are held against rules once, since
// he is asked about at each of his turns, and again when the rules change.
func TestReadersAreAskedOnce(t *testing.T) {
	classes := NewClasses(Retention{Rules: []Rule{{Selector: topicSelector(t, "a")}}})
	r := readerOf(topicSelector(t, "a"))
	gone := goneOf(classes, 7, "a")
	if !gone.Missed(3, Gone{}, r) {
		t.Fatal("a reader of what is gone has missed nothing")
	}
	r.concerned = 0
	same := NewClasses(Retention{Rules: []Rule{{Selector: topicSelector(t, "a"), MaxCount: 3}}})
	if gone.Missed(3, Gone{}, r) || goneOf(same, 7, "a").Missed(3, Gone{}, r) {
		t.Error("a reader is asked again for the same rules")
	}
	others := NewClasses(Retention{Rules: []Rule{{Selector: topicSelector(t, "b")}, {Selector: topicSelector(t, "a")}}})
	if !goneOf(others, 7, "a").Missed(3, Gone{}, r) {
		t.Error("a reader is not asked again for other rules")
	}
}

// TestOtherRulesAreOthers: rules are told apart by whatever puts an update into
// another class, and by nothing else.
func TestOtherRulesAreOthers(t *testing.T) {
	const one, other = "https://one.example/.well-known/mercure", "https://other.example/.well-known/mercure"
	classes := func(selectors ...*spec.Selector) *Classes {
		var r Retention
		for i, s := range selectors {
			r.Rules = append(r.Rules, Rule{Selector: s, MaxCount: int64(i)})
		}
		return NewClasses(r)
	}
	all := []*Classes{
		nil,
		classes(topicSelector(t, "a")),
		classes(topicSelector(t, "a"), topicSelector(t, "b")),
		classes(topicSelector(t, "b"), topicSelector(t, "a")),
		classes(topicSelector(t, "ab")),
		classes(topicSelector(t, "a\x02\x00\x00\x00\x01b")), // what is hashed of two
		classes(topicSelector(t, "a\x02\x00\x00\x00\x00b")),
		classes(topicSelector(t, "*")),
		classes(patternOn(t, one, "/:x")),
		classes(patternOn(t, other, "/:x")),
	}
	for i, a := range all {
		for j, b := range all {
			if a.Same(b) != (i == j) {
				t.Errorf("rules %d and %d are the same: %v", i, j, a.Same(b))
			}
		}
	}
	if a := classes(topicSelector(t, "b"), topicSelector(t, "a")); !a.Same(all[3]) {
		t.Error("rules are others than the same read again")
	}
	if w := NewWatermarks(all[2], 7); ParseWatermarks(all[1], w.AppendBinary(nil)) != nil || ParseWatermarks(all[2], w.AppendBinary(nil)).at[8] != 7 {
		t.Error("watermarks are not read as they were written")
	}
}

// TestToldByOtherRules: what somebody was told before the rules changed excuses
// what it was about, and nothing that was there.
func TestToldByOtherRules(t *testing.T) {
	classes := NewClasses(Retention{Rules: []Rule{{Selector: topicSelector(t, "a")}}})
	others := NewClasses(Retention{Rules: []Rule{{Selector: topicSelector(t, "b")}, {Selector: topicSelector(t, "a")}}})
	r := readerOf(topicSelector(t, "a"))
	gone := goneOf(others, 7, "a")
	for name, tt := range map[string]struct {
		told   Gone
		missed bool
	}{
		"nothing":                   {Gone{}, true},
		"all, without rules":        {Gone{Updates: 7}, false},
		"some, without rules":       {Gone{Updates: 6}, true},
		"by the same rules":         {gone, false},
		"of another, by the same":   {goneOf(others, 7, "c"), true},
		"by other rules":            {goneOf(classes, 7, "a"), true},
		"of another, by other ones": {goneOf(classes, 9, "c"), true},
	} {
		if got := gone.Missed(3, tt.told, r); got != tt.missed {
			t.Errorf("told %s: missed: %v, want %v", name, got, tt.missed)
		}
	}
}
