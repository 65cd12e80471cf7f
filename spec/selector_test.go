package spec

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestExactAndWildcard(t *testing.T) {
	base := mustBase(t, hubURL)
	matcher := func(matchType, value string) *Selector {
		s, err := ParseMatcher(matchType, value, base)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const unparseable = "http://["
	for name, test := range map[string]struct {
		selector *Selector
		topic    string
		want     bool
	}{
		"same bytes, MATCH-exact-bytes":              {matcher("", "https://e.x/a"), "https://e.x/a", true},
		"other case":                                 {matcher("exact", "https://E.x/a"), "https://e.x/a", false},
		"no base, MATCH-exact-no-base":               {matcher("", "/foo"), "https://hub.example/foo", false},
		"relative":                                   {matcher("", "/foo"), "/foo", true},
		"NFC and NFD, MATCH-exact-no-normalization":  {matcher("", "caf\u00e9"), "cafe\u0301", false},
		"percent-encoding":                           {matcher("", "https://e.x/%7Ea"), "https://e.x/~a", false},
		"a pattern is a string, SUB-param-match":     {matcher("", "https://e.x/:id"), "https://e.x/1", false},
		"a pattern as a topic":                       {matcher("", "https://e.x/:id"), "https://e.x/:id", true},
		"a template is a string":                     {matcher("exact", "https://e.x/{id}"), "https://e.x/1", false},
		"the empty matcher":                          {matcher("", ""), "", true},
		"the empty matcher and a topic":              {matcher("", ""), "a", false},
		"wildcard, MATCH-wildcard":                   {matcher("", "*"), "urn:x:y", true},
		"wildcard, MATCH-wildcard-any-type":          {matcher("urlpattern", "*"), unparseable, true},
		"wildcard as a template":                     {matcher("uritemplate", "*"), unparseable, true},
		"two stars, MATCH-wildcard-exactly-star":     {matcher("", "**"), "a", false},
		"two stars published":                        {matcher("", "**"), "**", true},
		"0.x wildcard, MATCH-0x-star":                {mustTopicSelector(t, "*"), unparseable, true},
		"0.x equality, MATCH-0x-equality":            {mustTopicSelector(t, "https://e.x/{id}"), "https://e.x/{id}", true},
		"0.x otherwise, MATCH-0x-no-match":           {mustTopicSelector(t, "a"), "b", false},
		"0.x does not know patterns":                 {mustTopicSelector(t, "https://e.x/:id"), "https://e.x/1", false},
		"0.x takes any string, SUB-0x-any-selector":  {mustTopicSelector(t, "a\x00\xff{b"), "a\x00\xff{b", true},
		"0.x takes the empty string":                 {mustTopicSelector(t, ""), "", true},
		"a template's text under its own 1.0 type":   {matcher("uritemplate", "https://e.x/{id}"), "https://e.x/{id}", true},
		"the empty template":                         {matcher("uritemplate", ""), "a", false},
		"a pattern that does not parse topics, star": {matcher("urlpattern", "https://*/*"), unparseable, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.selector.Match(test.topic); got != test.want {
				t.Errorf("%v selector %q and topic %q: %v, want %v", test.selector.Key().Kind, test.selector, test.topic, got, test.want)
			}
		})
	}
}

func TestParseMatcherKeepsWhatItWasGiven(t *testing.T) {
	for _, test := range []struct {
		matchType, value string
		kind             Kind
		want             string
	}{
		{"", "a", Exact, "exact"},
		{"exact", "a", Exact, "exact"},
		{"urlpattern", "https://e.x/:id", Pattern, "urlpattern"},
		{"uritemplate", "https://e.x/{id}", Template, "uritemplate"},
		{"uritemplate", "https://e.x/", Template, "uritemplate"},
		{"", "*", Any, "exact"},
		{"urlpattern", "*", Any, "urlpattern"},
	} {
		s, err := ParseMatcher(test.matchType, test.value, mustBase(t, hubURL))
		if err != nil {
			t.Fatal(err)
		}
		if s.Key() != (SelectorKey{test.kind, test.value}) || s.MatchType() != test.want || s.String() != test.value {
			t.Errorf("%q %q: key %v, type %q, string %q", test.matchType, test.value, s.Key(), s.MatchType(), s)
		}
	}
}

func TestParseMatcherRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		matchType, value, rule, field string
	}{
		"ill-formed UTF-8":               {"", "\xff", "SUB-value-utf8-400", "match"},
		"line feed":                      {"exact", "a\nb", "SUB-value-c0-400", "match_exact"},
		"NUL":                            {"", "a\x00b", "SUB-value-c0-400", "match"},
		"tab in a pattern":               {"urlpattern", "https://e.x/\t", "SUB-value-c0-400", "match_urlpattern"},
		"DEL":                            {"", "a\x7f", "SUB-value-del-c1-400", "match"},
		"U+0080":                         {"", "a\u0080", "SUB-value-del-c1-400", "match"},
		"zero width space":               {"", "a\u200bb", "SUB-value-cf-400", "match"},
		"zero width space in a template": {"uritemplate", "a\u200b{b}", "SUB-value-cf-400", "match_uritemplate"},
		"not a template":                 {"uritemplate", "{", "SUB-value-bad-pattern-400", "match_uritemplate"},
		"unknown type":                   {"regexp", "a", "SUB-unsupported-type-400", "match_regexp"},
		"unknown type with the wildcard": {"regexp", "*", "SUB-unsupported-type-400", "match_regexp"},
		"type in capitals":               {"URLPattern", "https://e.x/", "SUB-unsupported-type-400", "match_URLPattern"},
		"exact in capitals":              {"Exact", "a", "SUB-unsupported-type-400", "match_Exact"},
		"exact beyond 8 KiB":             {"", strings.Repeat("a", 8193), "LIMIT-matcher-length", "match"},
		"template beyond 2 KiB":          {"uritemplate", strings.Repeat("a", 2049), "LIMIT-matcher-length", "match_uritemplate"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseMatcher(test.matchType, test.value, mustBase(t, hubURL))
			if s != nil {
				t.Errorf("it is refused, and returned nevertheless: %q", s)
			}
			if fault := checkFault(t, err, test.rule); fault.Field != test.field {
				t.Errorf("the field is %q, want %q", fault.Field, test.field)
			}
		})
	}
}

// Errors are nil interfaces where there is none, not typed nils.
func TestNoTypedNil(t *testing.T) {
	_, update := NewUpdate(Fields{Topics: []string{"a"}}, anyRules())
	_, matcher := ParseMatcher(MatchPattern, "https://e.x/", mustBase(t, hubURL))
	_, legacy := ParseTopicSelector("{a}")
	if err := errors.Join(update, matcher, legacy); err != nil {
		t.Errorf("%#v", err)
	}
}

// Delivery and authorization match with the same selector at once, and may
// find it compiled or not.
func TestMatchIsSafeForConcurrentUse(t *testing.T) {
	base := mustBase(t, hubURL)
	pattern, err := ParseMatcher(MatchPattern, "/books/:id", base)
	if err != nil {
		t.Fatal(err)
	}
	template := mustTopicSelector(t, "/books/{id}")
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for range 50 {
				if !pattern.Match("/books/1") || !template.Match("/books/1") || base.Reserves("/books/mercure") {
					t.Error("a concurrent match went wrong")
				}
			}
		})
	}
	users.Wait()
}

func BenchmarkTemplateMatch(b *testing.B) {
	for name, test := range map[string][2]string{
		"match":       {"https://example.com/books/{id}", "https://example.com/books/1"},
		"query":       {"https://example.com/books{?page,size}", "https://example.com/books?page=1&size=10"},
		"passed over": {"https://example.com/books/{id}", "https://example.com/users/1"},
	} {
		s := mustTopicSelector(b, test[0])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Match(test[1])
			}
		})
	}
}

func BenchmarkTemplateCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseTemplate("https://example.com/books{/id}{?page,size}").compile(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseTopicSelector(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseTopicSelector("https://example.com/books/{id}"); err != nil {
			b.Fatal(err)
		}
	}
}
