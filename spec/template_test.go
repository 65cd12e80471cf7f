package spec

import (
	"strings"
	"testing"
)

func mustTopicSelector(t testing.TB, text string) *Selector {
	t.Helper()
	s, err := ParseTopicSelector(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTemplates(t *testing.T) {
	for _, v := range readVectors(t, "templates.txt", "template", "match", "miss") {
		t.Run(v.name, func(t *testing.T) {
			text := v.get("template")
			selectors := map[string]*Selector{"0.x": mustTopicSelector(t, text)}
			if parseTemplate(text) != nil {
				s, err := ParseMatcher(MatchTemplate, text, nil)
				if err != nil {
					t.Fatal(err)
				}
				selectors["1.0"] = s
			}
			for generation, s := range selectors {
				for _, topic := range append(v.all("match"), text) {
					if !s.Match(topic) {
						t.Errorf("%s: %q does not match %q", generation, text, topic)
					}
				}
				for _, topic := range v.all("miss") {
					if s.Match(topic) {
						t.Errorf("%s: %q matches %q", generation, text, topic)
					}
				}
			}
		})
	}
}

func TestTemplateKinds(t *testing.T) {
	for text, want := range map[string]struct {
		kind      Kind
		matchType string
	}{
		"*":                  {Any, "exact"},
		"**":                 {Exact, "exact"},
		"https://e.x/1":      {Exact, "exact"},
		"{{{":                {Exact, "exact"},
		"https://e.x/{id}":   {Template, "uritemplate"},
		"https://é.com/":     {Template, "exact"}, // also matches its encoded form
		"https://é.com/{id}": {Template, "uritemplate"},
	} {
		s := mustTopicSelector(t, text)
		if s.Key() != (SelectorKey{want.kind, text}) || s.MatchType() != want.matchType || s.String() != text {
			t.Errorf("%q: key %v, type %q, string %q; want kind %d and type %q",
				text, s.Key(), s.MatchType(), s, want.kind, want.matchType)
		}
	}
}

func TestTemplateLimits(t *testing.T) {
	variables := func(n int) string { return strings.TrimSuffix(strings.Repeat("v,", n), ",") }
	for name, test := range map[string]struct {
		text string
		rule string
	}{
		"an expression of 32 variables":      {"{?" + variables(32) + "}", ""},
		"an expression of 33":                {"{?" + variables(33) + "}", "LIMIT-matcher-exceeded-400"},
		"1500 variables":                     {"{" + strings.Repeat("v,", 900) + "v}", "LIMIT-matcher-exceeded-400"},
		"32 variables":                       {strings.Repeat("{?"+variables(8)+"}", 4), ""},
		"33 variables":                       {strings.Repeat("{"+variables(8)+"}", 4) + "{x}", "LIMIT-matcher-exceeded-400"},
		"500 expressions":                    {strings.Repeat("{+v}", 500), "LIMIT-matcher-exceeded-400"},
		"a prefix of 9999":                   {"{x:9999}", ""},
		"a template of 2 KiB":                {"{x}" + strings.Repeat("a", 2045), ""},
		"a template of one byte more":        {"{x}" + strings.Repeat("a", 2046), "LIMIT-matcher-length"},
		"an exact selector of 8 KiB":         {strings.Repeat("a", 8192), ""},
		"an exact selector of one byte more": {strings.Repeat("a", 8193), "LIMIT-matcher-length"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseTopicSelector(test.text)
			if test.rule != "" {
				checkFault(t, err, test.rule)
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
}
