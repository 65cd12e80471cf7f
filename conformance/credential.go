package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// bearer presents a token in the Authorization header.
func bearer(token string) http.Header {
	return http.Header{"Authorization": {"Bearer " + token}}
}

// page presents a token as a browser does for a page of an origin whose cookies
// may publish: in the cookie, and with that origin.
func (t *T) page(token string) http.Header {
	origin := t.PublishOrigin
	if origin == "" {
		origin = t.ownOrigin()
	}
	return both(t.Cookie(token), http.Header{"Origin": {origin}})
}

// ownOrigin is that of the resource identifier.
func (t *T) ownOrigin() string {
	u, err := url.Parse(t.Audience)
	if err != nil {
		t.Fatalf("the audience %q is no URL: %v", t.Audience, err)
	}
	return u.Scheme + "://" + u.Host
}

// both presents all that two headers do.
func both(a, b http.Header) http.Header {
	all := a.Clone()
	for name, values := range b {
		all[name] = append(all[name], values...)
	}
	return all
}

// publishBy publishes on a topic with credentials, whatever comes of it.
func (t *T) publishBy(credentials http.Header, topic string) *Answer {
	return t.Do(Request{Method: http.MethodPost, Form: Form("topic", topic), Header: credentials})
}

// subscribeBy asks for a stream on a topic with credentials, whatever comes
// of it.
func (t *T) subscribeBy(credentials http.Header, topic string) *Answer {
	return t.Do(Request{Query: t.Topics(topic), Header: credentials})
}

// openBy opens a stream on a topic with credentials.
func (t *T) openBy(credentials http.Header, topic string) *Stream {
	return t.Open(Request{Query: t.Topics(topic), Header: credentials})
}

// hasAPI reports whether the hub has the optional subscription API.
func (t *T) hasAPI() bool {
	return t.Do(Request{Path: "/subscriptions"}).Status != http.StatusNotFound
}

var authParam = regexp.MustCompile(`([A-Za-z0-9_-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))`)

// challenge returns the parameters of the answer's Bearer challenge, nil
// without one.
func (a *Answer) challenge() map[string]string {
	for _, field := range a.Header.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(field, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		params := make(map[string]string)
		for _, m := range authParam.FindAllStringSubmatch(rest, -1) {
			params[strings.ToLower(m[1])] = m[2] + m[3]
		}
		return params
	}
	return nil
}

// WantRefusal asserts a status and a Bearer challenge with an error code, ""
// for none.
func (t *T) WantRefusal(what string, a *Answer, status int, code string) {
	t.WantStatus(what, a, status)
	t.wantChallenge(what, a, code)
}

// wantAnyChallenge asserts a Bearer challenge and returns its parameters.
func (t *T) wantAnyChallenge(what string, a *Answer) map[string]string {
	params := a.challenge()
	if params == nil {
		t.Errorf("%s: WWW-Authenticate is %q, want a Bearer challenge", what, a.Header.Values("WWW-Authenticate"))
	}
	return params
}

func (t *T) wantChallenge(what string, a *Answer, code string) {
	params := t.wantAnyChallenge(what, a)
	if params == nil {
		return
	}
	if got, given := params["error"]; got != code || given && code == "" {
		t.Errorf("%s: the challenge %q has error %q, want %q", what, a.Header.Values("WWW-Authenticate"), got, code)
	}
}
