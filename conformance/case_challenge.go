package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// challengeCases: how the lack of a token or of rights is answered.
var challengeCases = []Case{
	{
		ID: "AUTH-401-no-token",
		Run: func(t *T) {
			for what, a := range t.withoutToken() {
				t.WantStatus(what, a, 401)
				t.wantAnyChallenge(what, a)
			}
		},
	},
	{
		ID: "AUTH-401-no-error-code",
		Run: func(t *T) {
			for what, a := range t.withoutToken() {
				t.WantRefusal(what, a, 401, "")
			}
		},
	},
	{
		ID: "AUTH-challenge-has-param",
		Run: func(t *T) {
			a := t.publishBy(nil, t.Topic("a"))
			t.WantStatus("publishing without a token", a, 401)
			if len(a.challenge()) == 0 {
				t.Errorf("publishing without a token: WWW-Authenticate is %q, want Bearer and a parameter", a.Header.Values("WWW-Authenticate"))
			}
		},
	},
	{
		ID: "AUTH-challenge-every-error",
		Run: func(t *T) {
			ungranted := t.Token(Publisher, Grant{Publish: []string{t.Topic("other")}})
			answers := map[string]*Answer{
				"publishing with garbage in the header":   t.publishBy(bearer(garbage), t.Topic("a")),
				"publishing with garbage in the cookie":   t.publishBy(t.page(garbage), t.Topic("a")),
				"publishing what a header does not grant": t.publishBy(bearer(ungranted), t.Topic("a")),
				"publishing what a cookie does not grant": t.publishBy(t.page(ungranted), t.Topic("a")),
				"subscribing with garbage in the header":  t.subscribeBy(bearer(garbage), t.Topic("a")),
				"subscribing with garbage in the cookie":  t.subscribeBy(t.page(garbage), t.Topic("a")),
			}
			maps.Copy(answers, t.withoutToken())
			for what, a := range answers {
				t.WantStatus(what, a, 401, 403)
				t.wantAnyChallenge(what, a)
			}
		},
	},
	{
		ID:    "AUTH-401-invalid-token",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedToken("a bad signature", t.signedByStranger())
			t.refusedToken("an expired token", t.expired())
			t.refusedToken("a token for another hub", t.withClaim("aud", "https://other.test/.well-known/mercure"))
			t.refusedToken("malformed details", t.withClaim("authorization_details", []any{Claims{"type": detailType}}))
		},
	},
	{
		ID:    "AUTH-401-uniform",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			wrong := map[string]minter{
				"a bad signature":         t.signedByStranger(),
				"an expired token":        t.expired(),
				"a token not valid yet":   t.withClaim("nbf", time.Now().Add(time.Hour).Unix()),
				"a token for another hub": t.withClaim("aud", "https://other.test/.well-known/mercure"),
			}
			answer := func(a *Answer) string {
				return strings.Join([]string{fmt.Sprint(a.Status), strings.Join(a.Header.Values("WWW-Authenticate"), ", "), a.Body}, "\n")
			}
			publishing := answer(t.publishBy(bearer(wrong["a bad signature"](Publisher)), t.Topic("a")))
			subscribing := answer(t.subscribeBy(bearer(wrong["a bad signature"](Subscriber)), t.Topic("a")))
			for what, token := range wrong {
				if got := answer(t.publishBy(bearer(token(Publisher)), t.Topic("a"))); got != publishing {
					t.Errorf("publishing with %s: answer %q, want the one to a bad signature, %q", what, got, publishing)
				}
				if got := answer(t.subscribeBy(bearer(token(Subscriber)), t.Topic("a"))); got != subscribing {
					t.Errorf("subscribing with %s: answer %q, want the one to a bad signature, %q", what, got, subscribing)
				}
			}
		},
	},
	{
		ID: "AUTH-403-insufficient-scope",
		Run: func(t *T) {
			token := t.Token(Publisher, Grant{Publish: []string{t.Topic("other")}})
			t.WantRefusal("publishing what the token does not grant", t.publishBy(bearer(token), t.Topic("a")), 403, "insufficient_scope")
		},
	},
	{
		ID:    "AUTH-400-malformed",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.WantStatus("publishing without a topic", t.Post(t.PublisherToken(), "data=a"), 400)
			t.WantStatus("subscribing with match_foo", t.Do(Request{Query: Form("match_foo", t.Topic("a")), Token: t.SubscriberToken()}), 400)
		},
	},
	{
		ID: "AUTH-400-invalid-request",
		Run: func(t *T) {
			token := "Bearer " + t.PublisherToken()
			twice := t.publishBy(http.Header{"Authorization": {token, token}}, t.Topic("a"))
			t.WantRefusal("publishing with two Authorization headers", twice, 400, "invalid_request")
			t.misused("publishing with Bearer a b", t.publishBy(bearer("a b"), t.Topic("a")))
		},
	},
	{
		ID: "AUTH-400-no-challenge-needed",
		Run: func(t *T) {
			t.WantStatus("publishing without a topic", t.Post(t.PublisherToken(), "data=a"), 400)
		},
	},
	{
		ID: "AUTH-error-in-challenge",
		Run: func(t *T) {
			ungranted := t.Token(Publisher, Grant{})
			for what, a := range map[string]*Answer{
				"publishing without a token":               t.publishBy(nil, t.Topic("a")),
				"publishing with garbage":                  t.publishBy(bearer(garbage), t.Topic("a")),
				"subscribing with garbage":                 t.subscribeBy(bearer(garbage), t.Topic("a")),
				"publishing what the token does not grant": t.publishBy(bearer(ungranted), t.Topic("a")),
			} {
				t.WantStatus(what, a, 401, 403)
				var body map[string]any
				if json.Unmarshal([]byte(a.Body), &body) == nil && body["error"] != nil {
					t.Errorf("%s: the body has error %v, want the code in the challenge alone", what, body["error"])
				}
			}
		},
	},
	{
		ID:    "AUTH-problem-details",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			answers := map[string]*Answer{
				"publishing without a topic": t.Post(t.PublisherToken(), "data=a"),
				"subscribing with match_foo": t.Do(Request{Query: Form("match_foo", t.Topic("a")), Token: t.SubscriberToken()}),
			}
			for what, a := range answers {
				t.WantStatus(what, a, 400)
			}
			if t.MaxBody > 0 {
				what := "publishing more than the limit"
				answers[what] = t.Post(t.PublisherToken(), Form("topic", t.Topic("a"), "data", strings.Repeat("a", t.MaxBody)))
				t.WantStatus(what, answers[what], 413)
			}
			for what, a := range answers {
				t.wantProblem(what, a)
			}
		},
	},
}

// withoutToken returns the answers to operations that need a token and had
// none.
func (t *T) withoutToken() map[string]*Answer {
	answers := map[string]*Answer{"publishing without a token": t.publishBy(nil, t.Topic("a"))}
	if t.hasAPI() {
		answers["listing subscriptions without a token"] = t.Do(Request{Path: "/subscriptions"})
	}
	return answers
}

// wantProblem asserts that a body which says it is a problem document is one,
// with the answer's status.
func (t *T) wantProblem(what string, a *Answer) {
	if mediaType, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(mediaType), "application/problem+json") {
		return
	}
	var problem struct {
		Status *int `json:"status"`
	}
	if err := json.Unmarshal([]byte(a.Body), &problem); err != nil {
		t.Errorf("%s: the problem document %s is none: %v", what, short(a.Body), err)
	} else if problem.Status != nil && *problem.Status != a.Status {
		t.Errorf("%s: the problem document has status %d, want that of the answer, %d", what, *problem.Status, a.Status)
	}
}
