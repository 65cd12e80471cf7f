package spec

import (
	"regexp/syntax"
	"strings"
	"testing"

	"pgregory.net/rapid"
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

// The limits rest on an estimate made without compiling. It may not be lower
// than what is compiled in the end.
func TestRegexpSizeIsNoUnderestimate(t *testing.T) {
	for _, text := range []string{
		"a", "abc", "a|b|cd", "(?:a+)+b", ".{1,400}", "(?:.{1,20}){3,9}", "a{0}", "a{5}", "a{5,}", "(?:a?){1,40}",
		"[0-9a-f]{8}", `\p{L}{1,10}`, "(?<n>a)(?<m>b)*", "a*?b+?c??", "(?i:abc)", "", `[^a\-z]|\d\w\s`,
	} {
		tree, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		program, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		tree, _ = syntax.Parse(text, syntax.Perl) // as it was before it was simplified
		const frame = 2                           // every program fails and succeeds somewhere
		if size, real := regexpSize(tree), len(program.Inst)-frame; size < real {
			t.Errorf("%q is taken for %d instructions, it has %d", text, size, real)
		}
	}
}

// A topic whose evaluation would take too long does not match, at once
// (MATCH-pattern-limit-nomatch); with the default limits of topics that needs
// an extraordinary pattern.
func TestPatternWorkIsBounded(t *testing.T) {
	base := mustBase(t, hubURL)
	longest := "https://e.x/" + strings.Repeat("a", MaxField-12)
	for text, want := range map[string]bool{
		"https://e.x/*":                          true,
		"https://e.x/:a([a-z]+)":                 true,
		"https://e.x/" + strings.Repeat("*a", 5): true,
		"https://e.x/" + strings.Repeat("*", 31): false,
	} {
		p, fault := compilePattern(text, base, "")
		if fault != nil {
			t.Fatal(fault)
		}
		if got := p.match(longest); got != want {
			t.Errorf("%q matches the longest topic: %v, want %v", text, got, want)
		}
	}
}

// Steps and short cuts may not change an answer: what they say is what the
// library says that has no short cuts, and what matches has the literals.
func checkPatternSteps(t *rapid.T) {
	base, err := ParseBase(rapid.SampledFrom([]string{hubURL, "http://e.x:81/hub"}).Draw(t, "base"))
	if err != nil {
		t.Fatal(err)
	}
	draw := func(label string, pieces ...string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(t, label), "")
	}
	text := rapid.SampledFrom([]string{
		"https://e.x", "http://e.x", "http{s}?://e.x", "https://*.x", "https://:h.x:81", "https://E.x:443", "//e.x", "", "urn", ":p", "*://e.x",
		"(http|urn)://e.x", "https://(e|b).x", "https://:a@e.x", "https://e.x::p", "https://e.x:8*", "https://{:sub.}?x", "urn\\:", "https://*", "foo://e.x", "https://[::1]",
	}).Draw(t, "authority") +
		draw("pattern", "/", "a", ":b", ":c", "/:d", "/*", "*", "{/a}?", "{a/}", "{/:e-x}", "{a:f}?", "{:g/}+", "(a|b)", "(.*)", "/:h?", "/:i*", "..", ".", "\\.", "%2e", "é", "?", "#", ":", "+", "?x=:v")
	topic := rapid.SampledFrom([]string{
		"https://e.x", "http://e.x", "https://b.x", "https://c.b.x", "https://e.x:81", "HTTPS://E.X", "https://e.x.", "https://1.2", "https:", "http:", "urn:", "foo://e.x", "//e.x", "", "a", "e.x",
		"https://u:p@e.x", "https://xn--a.x", "https://a--b.x", "https://-a-.x", "https://a..x", "https://.x", "https://x", "https://[::1]", "https://e.x-", "https://0x7f",
	}).Draw(t, "authority") +
		draw("topic", "/", "a", "b", ".", "..", "%2e", "é", "?", "#", "\\", ":", "@", "'", "//", " ", "a-x", "?x=1")
	s, err := ParseMatcher(MatchPattern, text, base)
	if err != nil || s.Key().Kind != Pattern {
		return
	}
	subject := SubjectOf(topic)
	matched := s.Matches(&subject)
	if want := s.compile().(*pattern).compiled.Test(topic, base.String()); matched != want {
		t.Fatalf("%q on %s and %q: Matches %v; evaluated in full %v (form %+v, URL %+v)", text, base, topic, matched, want, s.form, subject.url)
	}
	if again := s.Match(topic); again != matched {
		t.Fatalf("%q and %q: Match %v; Matches %v", text, topic, again, matched)
	}
	if matched {
		url, ok := subject.URL(base)
		if !ok {
			t.Fatalf("%q matches %q, which has no URL", text, topic)
		}
		checkLiterals(t, text, s.Literals(), url)
	}
}

func TestPatternSteps(t *testing.T) { rapid.Check(t, checkPatternSteps) }

func FuzzPatternSteps(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkPatternSteps)) }

// Patterns of the usual forms need no regular expressions.
func TestUsualPatternsAreWhole(t *testing.T) {
	for _, text := range []string{
		"https://e.x/books/:id", "https://e.x/users/u1/*", "https://e.x/:a/u1", "/books/:id", "https://*.e.x/a", "http{s}?://e.x/*",
		"https://e.x/items{/:tail}?", "https://e.x", "https://e.x/a?x=:v", "https://e.x:*/*", "*://*/*", "https://e.x/:name.json",
	} {
		if !mustPattern(t, text).form.whole {
			t.Errorf("%q takes a regular expression", text)
		}
	}
}

// No pattern makes parsing or matching panic, and what is accepted compiles
// again.
func FuzzPattern(f *testing.F) {
	for _, v := range readVectors(f, "urlpatterns.txt", "pattern", "match", "miss", "refused") {
		for _, topic := range append(v.all("match"), "https://e.x/a") {
			f.Add(v.get("pattern"), topic)
		}
	}
	base := mustBase(f, hubURL)
	f.Fuzz(func(t *testing.T, text, topic string) {
		s, err := ParseMatcher(MatchPattern, text, base)
		if err != nil {
			return
		}
		s.Match(topic)
		if base.Reserves(topic); s.compile() == (program)(never{}) {
			t.Errorf("%q is accepted, but does not compile again", text)
		}
	})
}

func BenchmarkPatternMatch(b *testing.B) {
	for name, test := range map[string][2]string{
		"match":              {"https://example.com/books/:id", "https://example.com/books/1"},
		"passed over":        {"https://example.com/books/:id", "https://example.com/users/1"},
		"relative":           {"/books/:id", "/books/1"},
		"regular expression": {"https://example.com/:t(news|alerts)/:id", "https://example.com/news/1"},
	} {
		s := mustPattern(b, test[0])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Match(test[1])
			}
		})
	}
}

func BenchmarkPatternCompile(b *testing.B) {
	base := mustBase(b, hubURL)
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := compilePattern("https://example.com/books/:id", base, ""); fault != nil {
			b.Fatal(fault)
		}
	}
}
