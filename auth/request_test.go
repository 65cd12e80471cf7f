package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

// A presentation is how a request carries tokens.
type presentation struct {
	headers []string // Authorization
	query   string
	cookies []string // Cookie header fields
}

func (p presentation) request(method string) *http.Request {
	r := httptest.NewRequest(method, hubURL+"?"+p.query, nil)
	for _, value := range p.headers {
		r.Header.Add("Authorization", value)
	}
	for _, value := range p.cookies {
		r.Header.Add("Cookie", value)
	}
	return r
}

func in(parameter, token string) string { return parameter + "=" + url.QueryEscape(token) }

// outcome is what a request's credential came to: "" is none presented, else
// the generation of the token accepted or the reason it was not.
func outcome(g *auth.Grants, err error) string {
	var r *auth.Refusal
	switch {
	case errors.As(err, &r):
		return string(r.Reason)
	case err != nil:
		return "error " + err.Error()
	case g == nil:
		return ""
	}
	return g.Generation().String()
}

func TestPresentation(t *testing.T) {
	soon := time.Now().Add(time.Hour).Unix()
	secret := secretKey(t, publisherSecret) // one for both roles, to use the same tokens
	oldSecret := secretKey(t, legacyPublisherSecret)
	current := hs256(t, publisherSecret, currentHeader, currentClaims.with(members{"exp": soon}))
	legacy := hs256(t, legacyPublisherSecret, legacyHeader, members{"mercure": members{"publish": []string{"*"}}})
	const (
		currentCookie = spec.CookieName + "="
		legacyCookie  = spec.LegacyCookieName + "="
		bad           = "e30.e30.e30" // well-formed and worthless
		none          = ""
	)
	withQuery := func(c *auth.Config) { c.LegacyQueryToken = true }

	for name, test := range map[string]struct {
		presentation
		configure                                  func(*auth.Config)
		publish, subscribeCurrent, subscribeLegacy string
	}{
		"AUTH-401-no-token": {presentation{}, nil,
			"no_token", none, none},
		"AUTH-mechanisms/header, 1.0": {presentation{headers: []string{"Bearer " + current}}, nil,
			"1.0", "1.0", "wrong_generation"},
		"AUTH-mechanisms/header, 0.x": {presentation{headers: []string{"Bearer " + legacy}}, nil,
			"0.x", "wrong_generation", "0.x"},
		"AUTH-cookie-used": {presentation{cookies: []string{currentCookie + current}}, nil,
			"1.0", "1.0", none},
		"AUTH-0x-mechanisms/cookie": {presentation{cookies: []string{legacyCookie + legacy}}, nil,
			"0.x", none, "0.x"},
		"AUTH-cookie-used/both": {presentation{cookies: []string{legacyCookie + legacy + "; " + currentCookie + current}}, nil,
			"1.0", "1.0", "0.x"},
		"AUTH-cookie-used/two fields": {presentation{cookies: []string{"a=b", currentCookie + current}}, nil,
			"1.0", "1.0", none},
		"AUTH-cookie-used/0.x token in it": {presentation{cookies: []string{currentCookie + legacy}}, nil,
			"0.x", "wrong_generation", none},
		"AUTH-cookie-used/chosen is final": {presentation{cookies: []string{currentCookie + bad + "; " + legacyCookie + legacy}}, nil,
			"malformed_token", "malformed_token", "0.x"},
		"AUTH-bad-token-not-anonymous/cookie": {presentation{cookies: []string{currentCookie + `"\` + "\xff"}}, nil,
			"malformed_token", "malformed_token", none},
		"AUTH-bad-token-not-anonymous/empty cookie": {presentation{cookies: []string{legacyCookie}}, nil,
			"malformed_token", none, "malformed_token"},
		"AUTH-bad-token-not-anonymous/header": {presentation{headers: []string{"Bearer x"}}, nil,
			"malformed_token", "malformed_token", "malformed_token"},
		"AUTH-400-invalid-request/planted cookie": {presentation{cookies: []string{legacyCookie + legacy + ";" + legacyCookie + bad}}, nil,
			"ambiguous_cookie", none, "ambiguous_cookie"},
		"AUTH-cookie-used/twice the same": {presentation{cookies: []string{legacyCookie + legacy, legacyCookie + legacy}}, nil,
			"0.x", none, "0.x"},

		"AUTH-header-wins/valid": {presentation{headers: []string{"Bearer " + current}, cookies: []string{currentCookie + bad}}, nil,
			"1.0", "1.0", "wrong_generation"},
		"AUTH-both-not-rejected": {presentation{headers: []string{"Bearer " + current}, cookies: []string{currentCookie + current}}, nil,
			"1.0", "1.0", "wrong_generation"},
		"AUTH-header-no-fallback": {presentation{headers: []string{"Bearer " + bad}, cookies: []string{currentCookie + current}}, nil,
			"malformed_token", "malformed_token", "malformed_token"},
		"AUTH-0x-header-first": {presentation{headers: []string{"Bearer " + legacy}, query: "authorization=x", cookies: []string{legacyCookie + "x"}}, withQuery,
			"0.x", "wrong_generation", "0.x"},
		"AUTH-header-scheme-case/lower": {presentation{headers: []string{"bearer " + current}}, nil,
			"1.0", "1.0", "wrong_generation"},
		"AUTH-header-scheme-case/upper": {presentation{headers: []string{"BEARER " + current}}, nil,
			"1.0", "1.0", "wrong_generation"},
		"AUTH-header-syntax/two spaces": {presentation{headers: []string{"Bearer  " + current}}, nil,
			"1.0", "1.0", "wrong_generation"},
		"AUTH-header-syntax/no space": {presentation{headers: []string{"Bearer" + current}}, nil,
			"malformed_header", "malformed_header", "malformed_header"},
		"AUTH-header-syntax/no token": {presentation{headers: []string{"Bearer"}}, nil,
			"malformed_header", "malformed_header", "malformed_header"},
		"AUTH-header-syntax/a tab": {presentation{headers: []string{"Bearer\t" + current}}, nil,
			"malformed_header", "malformed_header", "malformed_header"},
		"AUTH-400-invalid-request/two tokens": {presentation{headers: []string{"Bearer a b"}}, nil,
			"malformed_header", "malformed_header", "malformed_header"},
		"AUTH-400-invalid-request/a list": {presentation{headers: []string{"Bearer a,Bearer b"}}, nil,
			"malformed_header", "malformed_header", "malformed_header"},
		"AUTH-400-invalid-request/two headers": {presentation{headers: []string{"Bearer " + current, "Bearer " + current}}, nil,
			"several_headers", "several_headers", "several_headers"},
		"AUTH-header-other-scheme": {presentation{headers: []string{"Basic eDp5"}, query: in("authorization", legacy), cookies: []string{currentCookie + current + ";" + legacyCookie + legacy}}, withQuery,
			"no_token", none, none},

		"AUTH-0x-query": {presentation{query: in("authorization", legacy)}, withQuery,
			"0.x", none, "0.x"},
		"AUTH-0x-query/escaped name": {presentation{query: in("%61uthorization", legacy)}, withQuery,
			"0.x", none, "0.x"},
		"AUTH-0x-query/off": {presentation{query: in("authorization", legacy)}, nil,
			"no_token", none, none},
		"AUTH-0x-query/twice": {presentation{query: in("authorization", legacy) + "&" + in("authorization", legacy)}, withQuery,
			"ambiguous_parameter", none, "ambiguous_parameter"},
		"AUTH-0x-query-over-cookie": {presentation{query: in("authorization", legacy), cookies: []string{legacyCookie + bad}}, withQuery,
			"0.x", none, "0.x"},
		"AUTH-0x-query-over-cookie/invalid": {presentation{query: in("authorization", bad), cookies: []string{currentCookie + current}}, withQuery,
			"malformed_token", "1.0", "malformed_token"},
		"AUTH-no-uri-token/at+jwt": {presentation{query: in("authorization", current)}, withQuery,
			"token_in_query", none, "token_in_query"},
		"AUTH-no-uri-token/access_token": {presentation{query: in("access_token", current)}, withQuery,
			"no_token", none, none},
		"AUTH-no-uri-token/1.0 alone": {presentation{query: in("authorization", legacy)},
			func(c *auth.Config) { c.LegacyQueryToken, c.Generations = true, spec.Only(spec.Current) },
			"no_token", none, none},

		"AUTH-cookie-other-name": {presentation{cookies: []string{"x=" + current}},
			func(c *auth.Config) { c.CookieName = "x" },
			"1.0", "1.0", none},
		"AUTH-cookie-other-name/default ignored": {presentation{cookies: []string{currentCookie + current}},
			func(c *auth.Config) { c.CookieName = "x" },
			"no_token", none, none},
		"AUTH-0x-cookie-other-name": {presentation{cookies: []string{"x=" + legacy}},
			func(c *auth.Config) { c.LegacyCookieName = "x" },
			"0.x", none, "0.x"},
		"AUTH-0x-cookie-other-name/disabled": {presentation{cookies: []string{legacyCookie + legacy}},
			func(c *auth.Config) { c.LegacyCookieName = "-" },
			"no_token", none, none},
		"AUTH-cookie-used/1.0 cookie on a 0.x hub": {presentation{cookies: []string{currentCookie + current}},
			func(c *auth.Config) { c.Generations = spec.Only(spec.Legacy) },
			"no_token", none, none},
		"AUTH-typ/0.x cookie on a 1.0 hub": {presentation{cookies: []string{legacyCookie + legacy}},
			func(c *auth.Config) { c.Generations = spec.Only(spec.Current) },
			"no_token", none, none},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.LegacyPublisher, c.LegacySubscriber = oldSecret, oldSecret
			c.Issuers = []auth.Issuer{{ID: issuerURL, Publisher: secret, Subscriber: secret}}
			if test.configure != nil {
				test.configure(&c)
			}
			a := newAuthenticator(t, c)
			g, _, err := a.ForPublish(test.request(http.MethodPost))
			if got := outcome(g, err); got != test.publish {
				t.Errorf("publish: %q, want %q", got, test.publish)
			}
			r := test.request(http.MethodGet)
			if got := outcome(a.ForSubscriptions(r, spec.Current)); got != test.publish {
				t.Errorf("subscription API: %q, want %q like a publish (G8)", got, test.publish)
			}
			if got := outcome(a.ForSubscribe(r, spec.Current)); got != test.subscribeCurrent {
				t.Errorf("1.0 subscribe: %q, want %q", got, test.subscribeCurrent)
			}
			if got := outcome(a.ForSubscribe(r, spec.Legacy)); got != test.subscribeLegacy {
				t.Errorf("0.x subscribe: %q, want %q", got, test.subscribeLegacy)
			}
		})
	}
}

// Where a request to the subscription API brings both cookies, it says itself
// which generation it speaks (C5).
func TestSubscriptionsCookies(t *testing.T) {
	soon := time.Now().Add(time.Hour).Unix()
	a := newAuthenticator(t, config(t))
	current := spec.CookieName + "=" + hs256(t, subscriberSecret, currentHeader, currentClaims.with(members{"exp": soon}))
	legacy := spec.LegacyCookieName + "=" + hs256(t, legacySubscriberSecret, legacyHeader, members{})
	for name, test := range map[string]struct {
		cookies              string
		currentFirst, legacy string
	}{
		"both":                      {current + "; " + legacy, "1.0", "0.x"},
		"1.0 alone":                 {current, "1.0", "1.0"},
		"0.x alone":                 {legacy, "0.x", "0.x"},
		"chosen is final, 1.0 (C9)": {spec.CookieName + "=x; " + legacy, "malformed_token", "0.x"},
		"chosen is final, 0.x (C9)": {current + "; " + spec.LegacyCookieName + "=x", "1.0", "malformed_token"},
		"SUBS-api-token-required":   {"", "no_token", "no_token"},
	} {
		t.Run(name, func(t *testing.T) {
			r := presentation{cookies: []string{test.cookies}}.request(http.MethodGet)
			if got := outcome(a.ForSubscriptions(r, spec.Current)); got != test.currentFirst {
				t.Errorf("1.0 first: %q, want %q", got, test.currentFirst)
			}
			if got := outcome(a.ForSubscriptions(r, spec.Legacy)); got != test.legacy {
				t.Errorf("0.x first: %q, want %q", got, test.legacy)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	c := config(t)
	c.LegacyQueryToken = true
	a := newAuthenticator(t, c)
	for name, test := range map[string]struct {
		presentation
		want auth.Code
	}{
		"AUTH-401-no-error-code":               {presentation{}, auth.NoCode},
		"AUTH-header-other-scheme":             {presentation{headers: []string{"Basic eDp5"}}, auth.NoCode},
		"AUTH-401-invalid-token":               {presentation{headers: []string{"Bearer x"}}, auth.InvalidToken},
		"AUTH-400-invalid-request/headers":     {presentation{headers: []string{"Bearer x", "Bearer x"}}, auth.InvalidRequest},
		"AUTH-400-invalid-request/header":      {presentation{headers: []string{"Bearer x y"}}, auth.InvalidRequest},
		"AUTH-400-invalid-request/cookies":     {presentation{cookies: []string{"mercureAuthorization=x; mercureAuthorization=y"}}, auth.InvalidRequest},
		"AUTH-400-invalid-request/parameters":  {presentation{query: "authorization=x&authorization=x"}, auth.InvalidRequest},
		"AUTH-401-invalid-token/from a cookie": {presentation{cookies: []string{"mercureAuthorization=x"}}, auth.InvalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := a.ForPublish(test.request(http.MethodPost))
			var r *auth.Refusal
			if !errors.As(err, &r) {
				t.Fatalf("error %v, want a refusal", err)
			}
			if r.Code != test.want {
				t.Errorf("code %q, want %q", r.Code, test.want)
			}
		})
	}
}

// The hub checks the Origin of cookie publishes alone (SEC-csrf,
// SEC-csrf-header-exempt), so it has to know.
func TestMeans(t *testing.T) {
	c := config(t)
	c.LegacyQueryToken = true
	a := newAuthenticator(t, c)
	token := hs256(t, legacyPublisherSecret, legacyHeader, members{})
	for name, test := range map[string]struct {
		presentation
		want auth.Means
	}{
		"SEC-csrf-header-exempt":        {presentation{headers: []string{"Bearer " + token}}, auth.Header},
		"SEC-csrf-header-exempt/cookie": {presentation{headers: []string{"Bearer " + token}, cookies: []string{"mercureAuthorization=" + token}}, auth.Header},
		"SEC-csrf":                      {presentation{cookies: []string{"mercureAuthorization=" + token}}, auth.Cookie},
		"AUTH-0x-query":                 {presentation{query: "authorization=" + token}, auth.Query},
	} {
		t.Run(name, func(t *testing.T) {
			_, by, err := a.ForPublish(test.request(http.MethodPost))
			if err != nil || by != test.want {
				t.Errorf("means %v, %v, want %v", by, err, test.want)
			}
		})
	}
}
