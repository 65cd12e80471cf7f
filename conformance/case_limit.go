package main

import (
	"net/http"
	"slices"
	"strings"
)

// limitCases: what a hub does when there are too many of something, or it is
// too long.
var limitCases = slices.Concat(matcherLimitCases, publishLimitCases, detailLimitCases, connectionCases)

// matcherLimitCases: limits of a subscribe.
var matcherLimitCases = []Case{
	{
		ID:    "LIMIT-matcher-count",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			v := t.limited()
			v.wantEdge("matchers of a request", v.matchersEdge(), http.StatusBadRequest)
		},
	},
	{
		ID:      "LIMIT-matcher-length",
		Needs:   []Need{Anonymous},
		Applies: offersQuery,
		Run: func(t *T) {
			v := t.limited()
			v.wantEdge("bytes of a matcher", v.matcherEdge(), http.StatusBadRequest)
		},
	},
	{
		ID:    "LIMIT-matcher-exceeded-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			v := t.limited()
			v.wantRefusedBeyond("matchers of a request", v.matchersEdge(), http.StatusBadRequest)
			if offersQuery(v) {
				v.wantRefusedBeyond("bytes of a matcher", v.matcherEdge(), http.StatusBadRequest)
			}
		},
	},
	{
		ID:    "LIMIT-0x-topic-count",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			v := t.limited()
			e := v.matchersEdge()
			if e.beyond == nil {
				t.Errorf("topics of a request: the hub accepts %d, want a limit", e.last)
			} else if e.beyond.Status < 400 || e.beyond.Status > 499 {
				t.Errorf("topics of a request: beyond %d the status is %d, want 4xx", e.last, e.beyond.Status)
			}
		},
	},
}

// publishLimitCases: limits of a publish.
var publishLimitCases = []Case{
	{
		ID: "LIMIT-publish-body",
		Run: func(t *T) {
			v := t.limited()
			v.wantEdge("bytes of a publish", v.bodyEdge(), http.StatusRequestEntityTooLarge)
		},
	},
	{
		ID: "LIMIT-publish-field",
		Run: func(t *T) {
			v := t.limited()
			for _, field := range limitedFields {
				e := v.fieldEdge(field)
				v.wantEdge("bytes of "+field, e, http.StatusRequestEntityTooLarge)
				// Else it may be the body that is too large.
				v.WantStatus("data one byte longer than "+field+" may be",
					v.Post(v.PublisherToken(), Form("topic", v.Topic("a"), "data", strings.Repeat("a", e.last+1))), http.StatusOK)
			}
		},
	},
	{
		ID: "LIMIT-publish-topics",
		Run: func(t *T) {
			v := t.limited()
			v.wantEdge("topics of a publish", v.topicsEdge(), http.StatusRequestEntityTooLarge)
		},
	},
	{
		ID:    "LIMIT-publish-exceeded-413",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.limited().exceedsPublishLimits() },
	},
}

var limitedFields = []string{"topic", "id", "type"}

// exceedsPublishLimits finds each limit of a publish and asserts that what is
// beyond it is refused as too large, and reaches nobody.
func (t *T) exceedsPublishLimits() {
	var beyond []string // publishes
	note := func(what string, e edge, form func(n int) string) {
		t.wantRefusedBeyond(what, e, http.StatusRequestEntityTooLarge)
		if e.beyond != nil {
			beyond = append(beyond, form(e.last+1))
		}
	}
	note("bytes of a publish", t.bodyEdge(), t.bodyOf)
	for _, field := range limitedFields {
		note("bytes of "+field, t.fieldEdge(field), func(n int) string {
			return Form("topic", t.Topic("a"), field, strings.Repeat("a", n))
		})
	}
	note("topics of a publish", t.topicsEdge(), t.topicsOf)
	s := t.Subscribe("", t.Topic("a"))
	for _, form := range beyond {
		t.WantStatus("a publish beyond a limit", t.Post(t.PublisherToken(), form), http.StatusRequestEntityTooLarge)
	}
	s.Silent("publishes beyond a limit", t.Topic("a"))
}

// detailLimitCases: limits of what a token grants.
var detailLimitCases = []Case{
	{
		ID: "LIMIT-details-count",
		Run: func(t *T) {
			v := t.limited()
			v.wantEdge("details of a token", v.detailsEdge(), http.StatusUnauthorized)
		},
	},
	{
		ID: "LIMIT-details-topics",
		Run: func(t *T) {
			v := t.limited()
			v.wantEdge("topics of a detail", v.detailTopicsEdge(), http.StatusUnauthorized)
		},
	},
	{
		ID: "LIMIT-details-pattern",
		Run: func(t *T) {
			v := t.limited()
			v.wantEdge("bytes of a granted matcher", v.grantedMatcherEdge(), http.StatusUnauthorized)
		},
	},
	{
		ID: "LIMIT-details-exceeded-401",
		Run: func(t *T) {
			v := t.limited()
			for what, find := range map[string]func() edge{
				"details of a token":         v.detailsEdge,
				"topics of a detail":         v.detailTopicsEdge,
				"bytes of a granted matcher": v.grantedMatcherEdge,
			} {
				if e := find(); e.beyond != nil {
					v.WantRefusal(what+", one too many", e.beyond, http.StatusUnauthorized, "invalid_token")
				}
			}
		},
	},
}
