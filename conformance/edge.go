package main

import (
	"net/http"
	"strings"
)

// limited returns the run against the hub whose limits are low, where there is
// one: there an edge is found soon.
func (t *T) limited() *T {
	if !t.has(Variant("limited")) {
		return t
	}
	return t.On("limited")
}

// An edge is where a hub begins to refuse.
type edge struct {
	last   int     // the most it accepts
	beyond *Answer // to one more; nil where nothing within bounds was refused
}

// findEdge looks for the edge of a limit, from what any hub has to accept to a
// bound: by doubling, and then by halving what is left. said is where the hub
// was said to have it, 0 if that was not said.
func (t *T) findEdge(what string, from, bound, said int, try func(n int) *Answer) edge {
	accepted := func(n int) (*Answer, bool) {
		a := try(n)
		return a, a.Status == http.StatusOK
	}
	if a, ok := accepted(from); !ok {
		t.Fatalf("%s, %d: status %d, want 200: %s", what, from, a.Status, short(a.Body))
	}
	e := edge{last: from}
	refused := 0
	for n := 2 * from; refused == 0; n *= 2 {
		if n = min(n, bound); n == e.last {
			break
		}
		if a, ok := accepted(n); ok {
			e.last = n
		} else {
			e.beyond, refused = a, n
		}
	}
	for refused > e.last+1 {
		middle := (e.last + refused) / 2
		if a, ok := accepted(middle); ok {
			e.last = middle
		} else {
			e.beyond, refused = a, middle
		}
	}
	if said > 0 && e.last != said {
		t.Errorf("%s: the hub accepts up to %d, want the %d it was said to", what, e.last, said)
	}
	return e
}

// wantEdge asserts that there is one, which is refused with a status.
func (t *T) wantEdge(what string, e edge, status int) {
	if e.beyond == nil {
		t.Errorf("%s: the hub accepts %d, want a limit", what, e.last)
		return
	}
	t.wantRefusedBeyond(what, e, status)
}

// wantRefusedBeyond asserts the status of what is beyond an edge, if there is
// one: where a limit is not demanded, its status still is.
func (t *T) wantRefusedBeyond(what string, e edge, status int) {
	if e.beyond != nil && e.beyond.Status != status {
		t.Errorf("%s: beyond %d the status is %d, want %d; body: %s", what, e.last, e.beyond.Status, status, short(e.beyond.Body))
	}
}

// Bounds of the search. A hub that accepts as much has no limit worth the name.
const (
	mostParameters = 4096
	longestMatcher = 128 << 10
	longestField   = 128 << 10
	largestBody    = 32 << 20
	longestToken   = 30 << 10 // beyond it is the limit of header fields that answers
)

// matchersEdge is that of the matchers of a request.
func (t *T) matchersEdge() edge {
	return t.findEdge("matchers of a request", 1, mostParameters, t.MaxMatchers, func(n int) *Answer {
		return t.Do(Request{Query: strings.TrimSuffix(strings.Repeat(t.topicParam()+"=a&", n), "&")})
	})
}

// matcherEdge is that of the bytes of a matcher, in a body, where no limit of
// URLs is in the way.
func (t *T) matcherEdge() edge {
	return t.findEdge("bytes of a matcher", 16, longestMatcher, t.MaxMatcher, func(n int) *Answer {
		return t.Do(Request{Method: "QUERY", Form: "match=" + strings.Repeat("a", n)})
	})
}

// bodyEdge is that of the bytes of a publish request.
func (t *T) bodyEdge() edge {
	return t.findEdge("bytes of a publish", 256, largestBody, t.MaxBody, func(n int) *Answer {
		return t.Post(t.PublisherToken(), t.bodyOf(n))
	})
}

// bodyOf is a publish of n bytes.
func (t *T) bodyOf(n int) string {
	form := Form("topic", t.Topic("a")) + "&data="
	return form + strings.Repeat("a", n-len(form))
}

// fieldEdge is that of the bytes of a topic, id or type.
func (t *T) fieldEdge(field string) edge {
	return t.findEdge("bytes of "+field, 64, longestField, t.MaxField, func(n int) *Answer {
		return t.Post(t.PublisherToken(), Form("topic", t.Topic("a"), field, strings.Repeat("a", n)))
	})
}

// topicsEdge is that of the topics of a publish.
func (t *T) topicsEdge() edge {
	return t.findEdge("topics of a publish", 1, mostParameters, t.MaxTopics, func(n int) *Answer {
		return t.Post(t.PublisherToken(), t.topicsOf(n))
	})
}

func (t *T) topicsOf(n int) string {
	return strings.TrimSuffix(strings.Repeat(Form("topic", t.Topic("a"))+"&", n), "&")
}

// tokenEdge is that of some content of a token, which details puts into its
// authorization details n times, or n bytes of it.
func (t *T) tokenEdge(what string, said int, details func(n int) []any) edge {
	bound := 1
	for len(t.mint(Publisher, details(2*bound)...)) < longestToken {
		bound *= 2
	}
	return t.findEdge(what, 1, bound, said, func(n int) *Answer {
		return t.Post(t.mint(Publisher, details(n)...), Form("topic", "a"))
	})
}

func (t *T) detailsEdge() edge {
	return t.tokenEdge("details of a token", t.MaxDetails, func(n int) (all []any) {
		for range n {
			all = append(all, Detail([]string{"publish"}, Matcher("", "a")))
		}
		return all
	})
}

func (t *T) detailTopicsEdge() edge {
	return t.tokenEdge("topics of a detail", t.MaxDetails, func(n int) []any {
		return []any{Detail([]string{"publish"}, matchers(strings.Split(strings.Repeat("a", n), ""))...)}
	})
}

func (t *T) grantedMatcherEdge() edge {
	return t.tokenEdge("bytes of a granted matcher", t.MaxMatcher, func(n int) []any {
		return []any{Detail([]string{"publish"}, Matcher("", "a"), Matcher("", strings.Repeat("b", n)))}
	})
}
