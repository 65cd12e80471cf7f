package spec

import (
	"testing"

	"pgregory.net/rapid"
)

func TestMayMatchBelow(t *testing.T) {
	base, err := ParseBase("https://hub.example/.well-known/mercure")
	if err != nil {
		t.Fatal(err)
	}
	const path = "/.well-known/mercure/subscriptions/"
	for _, tt := range []struct {
		matchType, text string
		want            bool
	}{
		{"", "*", true},
		{"", "https://e.x/a", false},
		{"", path + "exact/a/b", true},
		{"", path, true},
		{MatchTemplate, "https://e.x/{id}", false},
		{MatchTemplate, path + "{a}/{b}", true},
		{MatchTemplate, "/.well-known{/a*}", true},
		{MatchTemplate, "{+any}", true},
		{MatchTemplate, "/other/{a}", false},
		{MatchPattern, "/.well-known/mercure/subscriptions/:t/:m/:s", true},
		{MatchPattern, "https://hub.example/*", true},
		{MatchPattern, "https://hub.example/books/*", false},
		{MatchPattern, "https://e.x/.well-known/mercure/subscriptions/*", false},
		{MatchPattern, "*://*/.well-known/mercure/subscriptions/*", true},
	} {
		s, err := ParseMatcher(tt.matchType, tt.text, base)
		if err != nil {
			t.Fatalf("%s: %v", tt.text, err)
		}
		if got := s.MayMatchBelow(path); got != tt.want {
			t.Errorf("%s %q may match below %s: %v, want %v", tt.matchType, tt.text, path, got, tt.want)
		}
	}
}

// TestMayMatchBelowNeverDeniesAMatch: whoever is passed over because of the
// answer would otherwise lose events.
func TestMayMatchBelowNeverDeniesAMatch(t *testing.T) {
	base, err := ParseBase("https://hub.example/.well-known/mercure")
	if err != nil {
		t.Fatal(err)
	}
	parts := rapid.SampledFrom([]string{"/", ".well-known", "mercure", "subscriptions", "exact", "a", "%2A", "https://", "hub.example", "*", ":x", "{x}", "{/x*}", "{+x}", "(.*)", "?"})
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for _, part := range rapid.SliceOfN(parts, 1, 8).Draw(t, "selector") {
			text += part
		}
		path := "/.well-known/mercure/subscriptions/"
		topic := path
		for _, part := range rapid.SliceOfN(rapid.SampledFrom([]string{"/", "exact", "a", "%2A"}), 0, 4).Draw(t, "topic") {
			topic += part
		}
		s, err := ParseMatcher(rapid.SampledFrom([]string{MatchExact, MatchTemplate, MatchPattern}).Draw(t, "type"), text, base)
		if err != nil {
			t.Skip("not a selector")
		}
		if s.Match(topic) && !s.MayMatchBelow(path) {
			t.Fatalf("%s %q matches %s, which is said to be impossible", s.MatchType(), text, topic)
		}
	})
}
