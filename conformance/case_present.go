package main

import (
	"net/http"
	"slices"
)

// presentCases: presenting and requiring 1.0 tokens.
var presentCases = slices.Concat(requireCases, meansCases, challengeCases)

// garbage is a token of no kind.
const garbage = "garbage"

// requireCases: what needs a token.
var requireCases = []Case{
	{
		ID: "AUTH-publish-token",
		Run: func(t *T) {
			t.WantStatus("publishing without a token", t.publishBy(nil, t.Topic("a")), 401)
		},
	},
	{
		ID: "AUTH-anonymous",
		Run: func(t *T) {
			want := 401
			if t.Anonymous {
				want = 200
			}
			t.WantStatus("subscribing without a token", t.subscribeBy(nil, t.Topic("a")), want)
		},
	},
	{
		ID:    "AUTH-anonymous-public-only",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			s := t.Subscribe("", "*")
			private := t.Publish("topic", t.Topic("a"), "private", "on")
			s.Never("a private update to a stranger", t.Topic("a"), private)
		},
	},
	{
		ID:    "AUTH-require-all",
		Needs: []Need{Variant("closed")},
		Run: func(t *T) {
			t = t.On("closed")
			t.WantRefusal("subscribing to a closed hub without a token", t.subscribeBy(nil, t.Topic("a")), 401, "")
		},
	},
	{
		ID:    "AUTH-bad-token-not-anonymous",
		Needs: []Need{Anonymous, SubscriberKey},
		Run: func(t *T) {
			expired := t.expired()(Subscriber)
			for what, credentials := range map[string]http.Header{
				"garbage in the header":          bearer(garbage),
				"garbage in the cookie":          t.page(garbage),
				"an expired token in the header": bearer(expired),
				"an expired token in the cookie": t.page(expired),
			} {
				t.WantRefusal("subscribing with "+what, t.subscribeBy(credentials, t.Topic("a")), 401, "invalid_token")
			}
		},
	},
	{
		ID:    "AUTH-valid-token-no-grant",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			s := t.Subscribe(t.Token(Subscriber, Grant{Publish: []string{"*"}}), t.Topic("a"))
			t.Publish("topic", t.Topic("a"), "private", "on")
			public := t.Publish("topic", t.Topic("a"))
			s.OnlyThen("private and public updates to a token without subscribe grants", t.Topic("a"), public)
		},
	},
	{
		// There is a hub that needs no token only where one is configured so.
		ID: "AUTH-open-publish",
		Run: func(t *T) {
			t.WantStatus("publishing without a token by default", t.publishBy(nil, t.Topic("a")), 401)
			if t.has(Variant("open_publish")) {
				t = t.On("open_publish")
				t.WantStatus("publishing without a token to an open hub", t.publishBy(nil, t.Topic("a")), 200)
			}
		},
	},
}

// meansCases: how a token is presented.
var meansCases = []Case{
	{
		ID:    "AUTH-mechanisms",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			publisher, subscriber := t.PublisherToken(), t.SubscriberToken()
			t.WantStatus("publishing with a token in the header", t.publishBy(bearer(publisher), t.Topic("a")), 200)
			t.WantStatus("publishing with the same token in the cookie", t.publishBy(t.page(publisher), t.Topic("a")), 200)
			inHeader := t.openBy(bearer(subscriber), t.Topic("a"))
			inCookie := t.openBy(t.page(subscriber), t.Topic("a"))
			private := t.Publish("topic", t.Topic("a"), "private", "on")
			inHeader.Want("a private update to a token in the header", private)
			inCookie.Want("a private update to the same token in the cookie", private)
			none := t.Token(Publisher, Grant{Publish: []string{t.Topic("other")}})
			t.WantStatus("publishing with a token in the header that does not grant it", t.publishBy(bearer(none), t.Topic("a")), 403)
			t.WantStatus("publishing with the same token in the cookie", t.publishBy(t.page(none), t.Topic("a")), 403)
		},
	},
	{
		ID:    "AUTH-no-uri-token",
		Needs: []Need{SubscriberKey, Variant("closed")},
		Run: func(t *T) {
			closed := t.On("closed")
			for _, name := range []string{"access_token", "authorization"} {
				query := closed.Topics(t.Topic("a")) + "&" + Form(name, closed.SubscriberToken())
				closed.WantRefusal("subscribing with a token in the query parameter "+name, closed.Do(Request{Query: query}), 401, "")
				a := t.Do(Request{Method: http.MethodPost, Query: Form(name, t.PublisherToken()), Form: Form("topic", t.Topic("a"))})
				t.WantStatus("publishing with a token in the query parameter "+name, a, 401)
			}
		},
	},
	{
		ID: "AUTH-no-body-token",
		Run: func(t *T) {
			a := t.Post("", Form("topic", t.Topic("a"), "access_token", t.PublisherToken()))
			t.WantStatus("publishing with a token in the body", a, 401)
		},
	},
	{
		ID:    "AUTH-header-wins",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.WantStatus("publishing with a valid header and a garbage cookie",
				t.publishBy(both(bearer(t.PublisherToken()), t.page(garbage)), t.Topic("a")), 200)
			t.WantStatus("publishing with a header that does not grant it and a cookie that does",
				t.publishBy(both(bearer(t.Token(Publisher, Grant{})), t.page(t.PublisherToken())), t.Topic("a")), 403)
			granted := t.openBy(both(bearer(t.SubscriberToken()), t.page(garbage)), t.Topic("a"))
			masked := t.openBy(both(bearer(t.Token(Subscriber, Grant{})), t.page(t.SubscriberToken())), t.Topic("a"))
			private := t.Publish("topic", t.Topic("a"), "private", "on")
			granted.Want("a private update to a valid header beside a garbage cookie", private)
			masked.Silent("a private update to a header that does not grant it, beside a cookie that does", t.Topic("a"))
		},
	},
	{
		ID:    "AUTH-header-no-fallback",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.WantRefusal("publishing with a garbage header and a valid cookie",
				t.publishBy(both(bearer(garbage), t.page(t.PublisherToken())), t.Topic("a")), 401, "invalid_token")
			t.WantRefusal("subscribing with a garbage header and a valid cookie",
				t.subscribeBy(both(bearer(garbage), t.page(t.SubscriberToken())), t.Topic("a")), 401, "invalid_token")
		},
	},
	{
		ID:    "AUTH-both-not-rejected",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			publisher, subscriber := t.PublisherToken(), t.SubscriberToken()
			t.WantStatus("publishing with header and cookie",
				t.publishBy(both(bearer(publisher), t.page(publisher)), t.Topic("a")), 200)
			t.WantStatus("subscribing with header and cookie",
				t.subscribeBy(both(bearer(subscriber), t.page(subscriber)), t.Topic("a")), 200)
		},
	},
	{
		ID:    "AUTH-cookie-used",
		Needs: []Need{SubscriberKey},
		Run:   (*T).cookieIsUsed,
	},
	{
		ID:    "AUTH-cookie-name",
		Needs: []Need{SubscriberKey},
		Run:   (*T).cookieIsUsed, // it is of that name
	},
	{
		ID: "AUTH-header-syntax",
		Run: func(t *T) {
			token := t.PublisherToken()
			t.WantStatus("publishing with Bearer, a space and a token", t.publishBy(bearer(token), t.Topic("a")), 200)
			for _, field := range []string{"Bearer" + token, "Bearer", "Bearer "} {
				t.misused("publishing with Authorization: "+short(field), t.publishBy(http.Header{"Authorization": {field}}, t.Topic("a")))
			}
		},
	},
	{
		ID:    "AUTH-header-scheme-case",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, scheme := range []string{"bearer ", "BEARER "} {
				publisher := http.Header{"Authorization": {scheme + t.PublisherToken()}}
				t.WantStatus("publishing with the scheme "+scheme, t.publishBy(publisher, t.Topic("a")), 200)
				subscriber := http.Header{"Authorization": {scheme + t.SubscriberToken()}}
				s := t.openBy(subscriber, t.Topic("a"))
				s.Want("a private update to the scheme "+scheme, t.Publish("topic", t.Topic("a"), "private", "on"))
			}
		},
	},
	{
		ID: "AUTH-header-other-scheme",
		Run: func(t *T) {
			basic := http.Header{"Authorization": {"Basic eDp5"}}
			t.WantRefusal("publishing with another scheme and a valid cookie",
				t.publishBy(both(basic, t.page(t.PublisherToken())), t.Topic("a")), 401, "")
		},
	},
}

// cookieIsUsed asserts that a token in the cookie alone publishes and receives.
func (t *T) cookieIsUsed() {
	s := t.openBy(t.page(t.SubscriberToken()), t.Topic("a"))
	a := t.Do(Request{Method: http.MethodPost, Form: Form("topic", t.Topic("a"), "private", "on"), Header: t.page(t.PublisherToken())})
	t.WantStatus("publishing with a token in the cookie", a, 200)
	s.Want("a private update to a token in the cookie", a.Body)
}

// misused asserts that a token was not presented as it has to be: 401, or 400
// with the code for that.
func (t *T) misused(what string, a *Answer) {
	t.WantStatus(what, a, 400, 401)
	if a.Status == 400 {
		t.wantChallenge(what, a, "invalid_request")
	}
}
