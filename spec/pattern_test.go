package spec

import (
	"strings"
	"testing"
)

const hubURL = "https://hub.example/.well-known/mercure"

func mustPattern(t testing.TB, text string) *Selector {
	t.Helper()
	s, err := ParseMatcher(MatchPattern, text, mustBase(t, hubURL))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPatterns(t *testing.T) {
	for _, v := range readVectors(t, "urlpatterns.txt", "pattern", "match", "miss", "refused") {
		t.Run(v.name, func(t *testing.T) {
			text := v.get("pattern")
			s, err := ParseMatcher(MatchPattern, text, mustBase(t, hubURL))
			if rule := v.get("refused"); rule != "" {
				fault := checkFault(t, err, rule)
				if fault.Field != "match_urlpattern" || fault.TooLarge {
					t.Errorf("the fault %+v is not a 400 about match_urlpattern", fault)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v (%s)", err, err.(*Fault).Rule)
			}
			for _, topic := range v.all("match") {
				if !s.Match(topic) {
					t.Errorf("%q does not match %q", text, topic)
				}
			}
			for _, topic := range v.all("miss") {
				if s.Match(topic) {
					t.Errorf("%q matches %q", text, topic)
				}
			}
		})
	}
}

func TestPatternLimits(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		rule string
	}{
		"32 wildcards":                    {"https://e.x/" + strings.Repeat("*/", 31), ""},
		"33 wildcards":                    {"https://e.x/" + strings.Repeat("*/", 33), "LIMIT-matcher-exceeded-400"},
		"500 wildcards":                   {"https://e.x/" + strings.Repeat("*a", 500), "LIMIT-matcher-exceeded-400"},
		"a counted repetition":            {"https://e.x/([0-9a-f]{32})", ""},
		"a repetition too large":          {"https://e.x/(.{1,1000})", "LIMIT-matcher-exceeded-400"},
		"repetitions that multiply":       {"https://e.x/((?:.{1,30}){1,30})", "LIMIT-matcher-exceeded-400"},
		"repetitions that add up":         {"https://e.x/" + strings.Repeat("(.{1,100})", 10), "LIMIT-matcher-exceeded-400"},
		"a hundred repetitions":           {"https://e.x/" + strings.Repeat("(.{1,1000})", 100), "LIMIT-matcher-exceeded-400"},
		"classes of many ranges":          {"https://e.x/(" + strings.Repeat(`\p{L}`, 300) + ")", "LIMIT-matcher-exceeded-400"},
		"a thousand parentheses":          {"https://e.x/(" + strings.Repeat("(?:", 330) + "a" + strings.Repeat(")", 330) + ")", ""},
		"a pattern of 2 KiB":              {"https://e.x/" + strings.Repeat("a", 2036), ""},
		"a pattern of one byte more":      {"https://e.x/" + strings.Repeat("a", 2037), "LIMIT-matcher-length"},
		"a limit before what is no group": {"https://e.x/" + strings.Repeat("(.{1,1000})", 100) + "(", "SUB-value-bad-pattern-400"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseMatcher(MatchPattern, test.text, mustBase(t, hubURL))
			if test.rule != "" {
				checkFault(t, err, test.rule)
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
}
