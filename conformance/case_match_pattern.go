package main

import (
	"net/http"
	"slices"
	"strings"
)

// matchPatternCases: URL patterns.
var matchPatternCases = slices.Concat(patternSyntaxCases, patternBaseCases, patternCostCases)

// A patternRow is a URL pattern, topics it matches and topics it does not. RUN
// in any of them stands for what makes them a run's own.
type patternRow struct {
	pattern     string
	match, miss []string
}

// patterns asserts rows, each over a stream of its own.
func (t *T) patterns(rows ...patternRow) {
	own := func(s string) string { return strings.ReplaceAll(s, "RUN", t.run) }
	ownAll := func(topics []string) []string {
		all := make([]string, len(topics))
		for i, topic := range topics {
			all[i] = own(topic)
		}
		return all
	}
	for _, r := range rows {
		t.Routes(Form("match_urlpattern", own(r.pattern)), ownAll(r.match), ownAll(r.miss))
	}
}

var patternSyntaxCases = []Case{
	{
		ID:    "MATCH-pattern-standard",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.patterns(standardPatterns...) },
	},
	{
		ID:    "MATCH-pattern-groups",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.patterns(
				patternRow{"https://e.x/RUN/:t(news|alerts)",
					[]string{"https://e.x/RUN/news", "https://e.x/RUN/alerts"},
					[]string{"https://e.x/RUN/other", "https://e.x/RUN/newsalerts", "https://e.x/RUN/news/1"}},
				patternRow{"https://e.x/RUN/items{/:tail}?",
					[]string{"https://e.x/RUN/items", "https://e.x/RUN/items/1"},
					[]string{"https://e.x/RUN/items/", "https://e.x/RUN/items/1/2"}},
				patternRow{"https://e.x/RUN/a/:p+",
					[]string{"https://e.x/RUN/a/b", "https://e.x/RUN/a/b/c"},
					[]string{"https://e.x/RUN/a", "https://e.x/RUN/a/"}},
				patternRow{"https://e.x/RUN/a/:p*",
					[]string{"https://e.x/RUN/a", "https://e.x/RUN/a/b/c"},
					[]string{"https://e.x/RUN/a/", "https://e.x/RUN/b"}},
				patternRow{"https://e.x/RUN/*/z",
					[]string{"https://e.x/RUN/a/z", "https://e.x/RUN/a/b/z"},
					[]string{"https://e.x/RUN/z"}},
			)
		},
	},
	{
		ID:    "MATCH-pattern-segment",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.patterns(patternRow{"https://e.x/RUN/books/:id",
				[]string{"https://e.x/RUN/books/1", "https://e.x/RUN/books/a.b-c"},
				[]string{"https://e.x/RUN/books/1/2", "https://e.x/RUN/books/", "https://e.x/RUN/books/1/", "https://e.x/RUN/books"}})
		},
	},
	{
		ID:    "MATCH-pattern-open-tail",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.patterns(
				patternRow{"https://e.x/RUN",
					[]string{"https://e.x/RUN", "https://e.x/RUN?x=1", "https://e.x/RUN#f", "https://e.x/RUN?x#f"},
					[]string{"https://e.x/RUN/", "https://e.x/RUN/a?x=1"}},
				patternRow{"https://e.x/RUN?x",
					[]string{"https://e.x/RUN?x", "https://e.x/RUN?x#f"},
					[]string{"https://e.x/RUN", "https://e.x/RUN?xy"}},
				patternRow{"https://RUN.example",
					[]string{"https://RUN.example/", "https://RUN.example/a/b?x#f"},
					[]string{"https://RUN.example.com/"}},
			)
		},
	},
	{
		ID:    "MATCH-pattern-default-port",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.patterns(
				patternRow{"https://RUN.example/*",
					[]string{"https://RUN.example:443/a", "https://RUN.example/a"},
					[]string{"https://RUN.example:8443/a", "https://RUN.example:80/a"}},
				patternRow{"http://RUN.example/*", []string{"http://RUN.example:80/a"}, []string{"http://RUN.example:443/a"}},
			)
		},
	},
	{
		ID:    "MATCH-pattern-no-ignorecase",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.patterns(
				patternRow{"https://e.x/RUN/Books/:id", []string{"https://e.x/RUN/Books/1"}, []string{"https://e.x/RUN/books/1"}},
				patternRow{`https://e.x/RUN/Books/:id\?Q#F`,
					[]string{"https://e.x/RUN/Books/1?Q#F"},
					[]string{"https://e.x/RUN/books/1?Q#F", "https://e.x/RUN/Books/1?q#F", "https://e.x/RUN/Books/1?Q#f"}},
			)
		},
	},
	{
		ID:    "MATCH-pattern-host-case",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.patterns(patternRow{"https://EXAMPLE.com/RUN/a",
				[]string{"https://example.COM/RUN/a", "HTTPS://Example.com/RUN/a"}, []string{"https://example.com/RUN/A", "https://EXAMPLE.com/RUN/A"}})
		},
	},
}

// patternBaseCases: relative patterns and topics, and topics that are no
// references.
var patternBaseCases = []Case{
	{
		ID:    "MATCH-pattern-absolute-relative",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, pattern := range []string{"/.well-known/mercure/subscriptions/*", "/:a/*", "a/:b", "https://e.x/:a"} {
				t.WantStatus("match_urlpattern="+pattern, t.Do(Request{Query: Form("match_urlpattern", pattern)}), 200)
			}
		},
	},
	{
		ID:    "MATCH-pattern-base",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			one := "/" + t.run + "/1"
			miss := []string{"https://other.example" + one}
			if reached := t.reachedAt(one); reached != t.resolve(one) {
				miss = append(miss, reached)
			}
			t.Routes(Form("match_urlpattern", "/"+t.run+"/:id"), []string{t.resolve(one), one}, miss)
			t.Routes(Form("match_urlpattern", t.run+"/:id"), []string{t.resolve(one[1:]), one[1:]}, append(miss, one))
		},
	},
	{
		ID:    "MATCH-topic-base",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			news := "news-" + t.run
			t.Routes(Form("match_urlpattern", t.resolve(news)), []string{news, "./" + news}, []string{"/" + news, "a/" + news})
			if reached := t.reachedAt("/" + news); reached != t.resolve("/"+news) {
				t.Routes(Form("match_urlpattern", reached), nil, []string{"/" + news, news})
			}
		},
	},
	{
		ID:    "MATCH-pattern-unparseable-topic",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topics := []string{"https://exa mple/" + t.run, "http://[" + t.run, "https://e.x:99999/" + t.run, "//[" + t.run, "https://e.x:a/" + t.run}
			for _, pattern := range []string{"https://*/*", "http{s}?://*:*/*", "*://*:*/*", "/*", "**", "*:*"} {
				t.Routes(Form("match_urlpattern", pattern), nil, topics)
			}
			t.Routes(Form("match_urlpattern", "https://*/*"), []string{"https://example/" + t.run}, topics)
		},
	},
}

// reachedAt returns the URL a path would have on the host that the hub is
// reached at, which may be another than its configured one.
func (t *T) reachedAt(path string) string {
	scheme, rest, _ := strings.Cut(t.Hub, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host + path
}

// patternCostCases: patterns that are hard to evaluate.
var patternCostCases = []Case{
	{
		ID:    "MATCH-pattern-bounded",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			pattern, topic := t.pathological()
			other := t.Topic("other")
			victim := t.Subscribe("", other)
			s := t.Open(Request{Query: Form("match_urlpattern", pattern, "match", other)})
			t.wantPrompt("publishing on a topic that costs a backtracking engine ages, and receiving another update", func() {
				t.Publish("topic", topic)
				victim.Want("a stream beside the pathological one", t.Publish("topic", other))
			})
			s.Routes("the pathological stream", other, []string{other}, []string{topic})
		},
	},
	{
		ID:    "MATCH-pattern-limit-nomatch",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			pattern, topic := t.pathological()
			other := t.Topic("other")
			s := t.Open(Request{Query: Form("match_urlpattern", pattern, "match", other)})
			for range 3 {
				s.Routes("the pathological stream", other, []string{other}, []string{topic})
			}
		},
	},
	{
		ID:    "MATCH-pattern-regexp-refused",
		Needs: []Need{Anonymous, SubscriberKey},
		Run: func(t *T) {
			for _, r := range []patternRow{
				{"((?=a).*)", []string{"a", "abc"}, []string{"b", "ba"}},
				{"((?!a).*)", []string{"b", "ba"}, []string{"a", "abc"}},
				{"(.*(?<=a))", []string{"a", "ba"}, []string{"b", "ab"}},
				{"((?<n>a|b)\\k<n>)", []string{"aa", "bb"}, []string{"ab", "a"}},
			} {
				pattern := t.Topic(r.pattern)
				for _, topics := range [][]string{r.match, r.miss} {
					for i := range topics {
						topics[i] = t.Topic(topics[i])
					}
				}
				query := Form("match_urlpattern", pattern)
				if a := t.Do(Request{Query: query}); a.Status != http.StatusBadRequest {
					t.WantStatus("a pattern with "+r.pattern, a, 200, 400)
					t.Routes(query, r.match, r.miss)
				}
				header, claims := t.CurrentClaims(Detail([]string{"subscribe"}, Matcher("urlpattern", pattern)))
				token := t.Sign(Subscriber, header, claims)
				all := t.Topics(slices.Concat(r.match, r.miss, []string{t.Topic("sentinel")})...)
				if a := t.Do(Request{Query: all, Token: token}); a.Status != http.StatusUnauthorized {
					t.WantStatus("a token that grants "+r.pattern, a, 200, 401)
					t.Open(Request{Query: all, Token: token}).Routes("a token that grants "+r.pattern, t.Topic("sentinel"), r.match, r.miss, "private", "on")
				}
			}
		},
	},
}

// pathological returns a pattern, and a topic that it does not match, which an
// engine that backtracks notices after more steps than anybody can wait for.
func (t *T) pathological() (pattern, topic string) {
	return t.Topic("((?:a+)+b)"), t.Topic(strings.Repeat("a", 1000))
}
