package main

import (
	"net/http"
	"slices"
	"strings"
)

// securityCases: security considerations.
var securityCases = []Case{
	{
		ID:    "SEC-csrf",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			t.WantStatus("publishing with a cookie from a foreign origin",
				t.publishFrom(t.Cookie(t.PublisherToken()), "Origin", "https://attacker.example"), http.StatusForbidden)
			s.Silent("a forged publish", topic)
		},
	},
	{
		ID: "SEC-csrf-origin",
		Run: func(t *T) {
			own := t.hubOrigin()
			byCookie := func(status int, header ...string) {
				t.WantStatus("publishing with a cookie and "+strings.Join(header, " "),
					t.publishFrom(t.Cookie(t.PublisherToken()), header...), status)
			}
			byCookie(http.StatusOK, "Origin", own)
			byCookie(http.StatusOK, "Referer", own+"/some/page?x")
			byCookie(http.StatusForbidden, "Origin", "https://attacker.example")
			byCookie(http.StatusForbidden, "Referer", "https://attacker.example/"+own)
			byCookie(http.StatusForbidden, "Origin", own+".attacker.example")
			byCookie(http.StatusForbidden, "Referer", own+".attacker.example/")
			byCookie(http.StatusForbidden, "Origin", "null")
			byCookie(http.StatusForbidden, "Origin", "https://attacker.example", "Referer", own+"/")
			if t.PublishOrigin != "" {
				byCookie(http.StatusOK, "Origin", t.PublishOrigin)
				byCookie(http.StatusOK, "Referer", t.PublishOrigin+"/some/page")
			}
		},
	},
	{
		ID: "SEC-csrf-neither",
		Run: func(t *T) {
			t.WantStatus("publishing with a cookie and neither Origin nor Referer",
				t.publishFrom(t.Cookie(t.PublisherToken())), http.StatusForbidden)
			t.WantStatus("publishing with a Bearer header and neither Origin nor Referer", t.publishOne(), http.StatusOK)
		},
	},
	{
		ID: "SEC-csrf-header-exempt",
		Run: func(t *T) {
			t.WantStatus("publishing with a Bearer header and neither Origin nor Referer", t.publishOne(), http.StatusOK)
		},
	},
	{ID: "SEC-reserved-namespace", By: reservedIDs()},
	{ID: "SEC-reserved-event", By: []string{"PUB-type-mercure-400"}},
	{
		ID:  "SEC-token-not-logged",
		Run: func(t *T) { t.tokensAreNotQuoted() },
	},
}

func reservedIDs() (ids []string) {
	for _, c := range reservedCases {
		ids = append(ids, c.ID)
	}
	return ids
}

// publishFrom publishes on a topic of the run's own with a credential and
// further fields, name by value.
func (t *T) publishFrom(credential http.Header, fields ...string) *Answer {
	header := credential.Clone()
	for i := 0; i+1 < len(fields); i += 2 {
		header.Set(fields[i], fields[i+1])
	}
	return t.Do(Request{Method: http.MethodPost, Form: Form("topic", t.Topic("a"), "data", "x"), Header: header})
}

// tokensAreNotQuoted provokes errors with marked tokens, good and bad, in every
// place, and asserts that no answer holds a part of one. It returns these
// parts, for whoever can read the hub's log.
func (t *T) tokensAreNotQuoted() (secrets []string) {
	mark := "marked-" + t.run
	header, claims := t.Claims(Grant{Publish: []string{t.Topic("b")}})
	claims["sub"] = mark
	good := t.Sign(Publisher, header, claims)
	expired := t.Sign(Publisher, header, claims.With("exp", 1))
	unsigned := good[:strings.LastIndexByte(good, '.')+1]
	publish := Form("topic", t.Topic("a"))

	secrets = slices.Concat([]string{mark}, strings.Split(good, ".")[1:], strings.Split(expired, ".")[1:])
	try := func(r Request) {
		a := t.Do(r)
		if a.Status < 400 {
			t.Errorf("%s %s with a token that does not suffice: status %d, want an error", r.Method, short(r.Query+r.Form), a.Status)
		}
		for _, secret := range secrets {
			if strings.Contains(a.Body, secret) {
				t.Errorf("the body of a %d answer holds %q of a token: %s", a.Status, secret, short(a.Body))
			}
			for name, values := range a.Header {
				if strings.Contains(strings.Join(values, " "), secret) {
					t.Errorf("the field %s of a %d answer holds %q of a token", name, a.Status, secret)
				}
			}
		}
	}
	for _, token := range []string{good, expired, unsigned, mark, mark + "." + mark + "." + mark} {
		try(Request{Method: http.MethodPost, Form: publish, Token: token})
		try(Request{Method: http.MethodPost, Form: publish, Header: t.Cookie(token)})
		try(Request{Method: http.MethodPost, Form: publish, Query: Form("authorization", token)})
		try(Request{Method: http.MethodGet, Query: Form("authorization", token)}) // and nothing to subscribe to
		if token != good {
			try(Request{Method: http.MethodGet, Query: t.Topics(t.Topic("a")), Token: token})
			try(Request{Method: http.MethodGet, Query: t.Topics(t.Topic("a")), Header: t.Cookie(token)})
		}
	}
	try(Request{Method: http.MethodPost, Form: "data=x", Token: good})
	try(Request{Method: http.MethodPost, Form: publish, Token: "two " + mark})
	return secrets
}
