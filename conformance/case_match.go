package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// matchCases: topic matchers.
var matchCases = slices.Concat(matchExactCases, matchPatternCases, matchSelectorCases)

// matchExactCases: types of matchers, the wildcard and exact matching.
var matchExactCases = []Case{
	{
		ID:    "MATCH-both-types",
		Needs: []Need{Anonymous, SubscriberKey},
		Run: func(t *T) {
			topic, other := t.Topic("a/1"), t.Topic("b/1")
			for name, value := range map[string]string{"match": topic, "match_exact": topic, "match_urlpattern": t.Topic("a/:id")} {
				t.Routes(Form(name, value), []string{topic}, []string{other})
			}
			sentinel := t.Topic("sentinel")
			for _, m := range []Claims{Matcher("", topic), Matcher("exact", topic), Matcher("urlpattern", t.Topic("a/:id"))} {
				header, claims := t.CurrentClaims(Detail([]string{"subscribe"}, m))
				s := t.Subscribe(t.Sign(Subscriber, header, claims), topic, other, sentinel)
				t.Publish("topic", other, "private", "on")
				s.OnlyThen(fmt.Sprintf("a token that grants %v", m), sentinel, t.Publish("topic", topic, "private", "on"))
			}
		},
	},
	{
		ID:    "MATCH-wildcard",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes("match=*", t.anyTopics(), nil)
			t.Routes("match_exact=*", t.anyTopics(), nil)
		},
	},
	{
		ID:    "MATCH-wildcard-any-type",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes("match_urlpattern=*", append(t.anyTopics(), "http://["+t.run, "https://exa mple/"+t.run), nil)
		},
	},
	{
		ID:    "MATCH-wildcard-exactly-star",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes("match=**", []string{"**"}, []string{"a" + t.run, t.Topic("a")})
			t.Routes(Form("match", t.run+"*"), []string{t.run + "*"}, []string{t.run, t.run + "a"})
			t.Routes(Form("match_urlpattern", t.Topic("*")), []string{t.Topic("a"), t.Topic("*")}, []string{"a" + t.run, "urn:x:" + t.run})
		},
	},
	{
		ID:    "MATCH-exact-bytes",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes(Form("match", "https://E.x/"+t.run), []string{"https://E.x/" + t.run}, []string{"https://e.x/" + t.run})
			t.Routes(Form("match", "a"+t.run), []string{"a" + t.run},
				[]string{"A" + t.run, strings.ToUpper("a" + t.run), "a" + t.run + " ", " a" + t.run, "a" + t.run + "/"})
		},
	},
	{
		ID:    "MATCH-exact-no-base",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			path := "/" + t.run + "/foo"
			resolved := []string{t.resolve(path), t.resolve(path[1:])}
			t.Routes(Form("match", path), []string{path}, append(resolved, path[1:], "."+path))
			t.Routes(Form("match", resolved[0]), resolved[:1], []string{path})
		},
	},
	{
		ID:    "MATCH-exact-no-normalization",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, alike := range [][]string{
				{"caf\u00e9", "cafe\u0301"},
				{"/%7Ea", "/~a", "/%7ea"},
				{"/a/../b", "/b"},
				{"/%41", "/A"},
				{":80/a", "/a"},
				{"\u212b", "\u00c5", "A\u030a"}, // three ways to write Å
			} {
				for i := range alike {
					alike[i] = "http://" + t.run + ".example" + alike[i]
				}
				for i, topic := range alike {
					others := slices.Delete(slices.Clone(alike), i, i+1)
					t.Routes(Form("match", topic), []string{topic}, others)
				}
			}
		},
	},
}

// anyTopics returns topics of many kinds.
func (t *T) anyTopics() []string {
	return []string{"a" + t.run, "https://e.x/" + t.run, "urn:x:" + t.run, "/" + t.run, "chat room " + t.run, "{" + t.run, "é" + t.run}
}

// resolve resolves a reference on the URL that the hub has by configuration.
func (t *T) resolve(reference string) string {
	base, err := url.Parse(t.Audience)
	if err != nil {
		t.Fatalf("the audience is no URL: %v", err)
	}
	resolved, err := base.Parse(reference)
	if err != nil {
		t.Fatalf("resolving %q: %v", reference, err)
	}
	return resolved.String()
}
