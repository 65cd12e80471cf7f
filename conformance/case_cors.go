package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// corsCases: cross-origin subscribers, as the Fetch standard lets browsers
// have them.
var corsCases = []Case{
	{
		ID:    "CORS-headers",
		Needs: []Need{CORSOrigin, SubscriberKey},
		Run: func(t *T) {
			for what, r := range t.subscribeAndFail() {
				t.wantAllowed(what, t.from(t.CORSOrigin, r))
				if a := t.from("https://attacker.example", r); a.Header.Values(allowOrigin) != nil {
					t.Errorf("%s, from an origin that is not allowed: %s: %q, want none", what, allowOrigin, a.Header.Values(allowOrigin))
				}
			}
		},
	},
	{
		ID:    "CORS-preflight",
		Needs: []Need{CORSOrigin},
		Run: func(t *T) {
			const what = "the preflight of a GET with Authorization and Last-Event-ID"
			a := t.preflight(t.CORSOrigin, http.MethodGet, "authorization, last-event-id")
			t.succeeds(what, a)
			t.wantAllowed(what, a)
			t.wantCredentials(what, a) // or a browser does not go on to send the cookie
			for _, name := range []string{"authorization", "last-event-id"} {
				t.wantListed(what, a, "Access-Control-Allow-Headers", name)
			}
			if !t.advertisesQuery() {
				return
			}
			a = t.preflight(t.CORSOrigin, "QUERY", "authorization,content-type")
			t.succeeds("the preflight of QUERY", a)
			t.wantAllowed("the preflight of QUERY", a)
			t.wantListed("the preflight of QUERY", a, "Access-Control-Allow-Methods", "QUERY")
			for _, name := range []string{"authorization", "content-type"} {
				t.wantListed("the preflight of QUERY", a, "Access-Control-Allow-Headers", name)
			}
		},
	},
	{
		ID:    "CORS-no-star-with-credentials",
		Needs: []Need{CORSOrigin, SubscriberKey},
		Run: func(t *T) {
			t.wantAllowed("a GET with the cookie", t.subscribeFrom(t.CORSOrigin))
		},
	},
	{
		ID:    "CORS-no-reflection",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			const attacker = "https://attacker.example"
			t.wantRefused(attacker, t.subscribeFrom(attacker))
		},
	},
	{
		ID:    "CORS-allowlist",
		Needs: []Need{CORSOrigin, SubscriberKey},
		Run: func(t *T) {
			for _, origin := range t.almostAllowed() {
				t.wantRefused(origin, t.subscribeFrom(origin))
				t.wantRefused(origin, t.preflight(origin, http.MethodGet, "last-event-id"))
			}
		},
	},
	{
		ID:    "CORS-allow-credentials",
		Needs: []Need{CORSOrigin, SubscriberKey},
		Run: func(t *T) {
			t.wantCredentials("a GET with the cookie", t.subscribeFrom(t.CORSOrigin))
		},
	},
	{
		ID:    "CORS-vary",
		Needs: []Need{CORSOrigin, SubscriberKey},
		Run: func(t *T) {
			for _, origin := range []string{t.CORSOrigin, ""} {
				t.wantListed("a GET from origin "+origin, t.subscribeFrom(origin), "Vary", "Origin")
			}
		},
	},
	{
		ID:    "CORS-expose-cursor",
		Needs: []Need{CORSOrigin, SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			query := t.Topics(topic) + "&" + Form(t.CursorParam(), t.Publish("topic", topic))
			a := t.from(t.CORSOrigin, Request{Query: query, Token: t.SubscriberToken()})
			t.wantListed("a GET with a cursor", a, "Access-Control-Expose-Headers", t.CursorHeader())
		},
	},
	{
		ID:    "CORS-0x",
		Needs: []Need{CORSOrigin, SubscriberKey},
		Run: func(t *T) {
			a := t.subscribeFrom(t.CORSOrigin)
			t.wantAllowed("a GET with the cookie", a)
			t.wantCredentials("a GET with the cookie", a)
			t.wantListed("a GET with the cookie", a, "Access-Control-Expose-Headers", t.CursorHeader())
			for _, origin := range t.almostAllowed() {
				t.wantRefused(origin, t.subscribeFrom(origin))
			}
		},
	},
}

const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowCredentials = "Access-Control-Allow-Credentials"
)

// from makes a request as a page of an origin does, "" for none.
func (t *T) from(origin string, r Request) *Answer {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	return t.Do(r)
}

// subscribeFrom opens a stream with the cookie, as a page of an origin does,
// and returns its head.
func (t *T) subscribeFrom(origin string) *Answer {
	a := t.from(origin, Request{Query: t.Topics(t.Topic("a")), Header: t.Cookie(t.SubscriberToken())})
	t.WantStatus("a GET with the cookie from origin "+origin, a, http.StatusOK)
	return a
}

// subscribeAndFail returns requests by what they are, of which a script must
// be able to read the answer: it finds out from there what to do about it.
func (t *T) subscribeAndFail() map[string]Request {
	query := t.Topics(t.Topic("a"))
	return map[string]Request{
		"a GET":                      {Query: query, Token: t.SubscriberToken()},
		"a GET that is answered 401": {Query: query, Token: "garbage"},
		"a GET that is answered 400": {Token: t.SubscriberToken()},
	}
}

// preflight asks, as a browser does for a page of an origin, for a method and
// headers.
func (t *T) preflight(origin, method, headers string) *Answer {
	return t.Do(Request{Method: http.MethodOptions, Header: http.Header{
		"Origin":                         {origin},
		"Access-Control-Request-Method":  {method},
		"Access-Control-Request-Headers": {headers},
	}})
}

// advertisesQuery reports whether the hub lists QUERY among its methods.
func (t *T) advertisesQuery() bool {
	return listed(t.Do(Request{Method: http.MethodOptions}).Header.Values("Allow"), "QUERY")
}

// wantAllowed asserts that an answer may be read by the allowed origin, and
// says so by name.
func (t *T) wantAllowed(what string, a *Answer) {
	if got := a.Header.Values(allowOrigin); !slices.Equal(got, []string{t.CORSOrigin}) {
		t.Errorf("%s from the allowed origin: %s: %q, want %q alone", what, allowOrigin, got, t.CORSOrigin)
	}
}

func (t *T) wantCredentials(what string, a *Answer) {
	if got := a.Header.Values(allowCredentials); !slices.Equal(got, []string{"true"}) {
		t.Errorf("%s from the allowed origin: %s: %q, want %q", what, allowCredentials, got, "true")
	}
}

// wantRefused asserts that an answer to a request with credentials cannot be
// read by an origin.
func (t *T) wantRefused(origin string, a *Answer) {
	for _, got := range a.Header.Values(allowOrigin) {
		if got == origin || got == "*" {
			t.Errorf("from origin %s: %s: %s, want neither the origin nor a wildcard", origin, allowOrigin, got)
		}
	}
	if got := a.Header.Values(allowCredentials); slices.Contains(got, "true") {
		t.Errorf("from origin %s: %s: true, want none", origin, allowCredentials)
	}
}

func (t *T) wantListed(what string, a *Answer, field, word string) {
	if values := a.Header.Values(field); !listed(values, word) {
		t.Errorf("%s: %s: %q does not list %s", what, field, values, word)
	}
}

// listed reports whether a comma-separated field lists a word, in any case.
func listed(values []string, word string) bool {
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if strings.EqualFold(strings.TrimSpace(item), word) {
			return true
		}
	}
	return false
}

// almostAllowed returns origins that a comparison other than an exact one
// could take for the allowed one.
func (t *T) almostAllowed() []string {
	u, err := url.Parse(t.CORSOrigin)
	if err != nil {
		t.Fatalf("the allowed origin: %v", err)
	}
	otherScheme, port := "http", ":8443"
	if u.Scheme == "http" {
		otherScheme = "https"
	}
	if u.Port() == "8443" {
		port = ":8444"
	}
	return []string{
		u.Scheme + "://" + u.Hostname() + ".evil",
		u.Scheme + "://evil-" + u.Host,
		otherScheme + "://" + u.Host,
		u.Scheme + "://" + u.Hostname() + port,
		"null",
	}
}
