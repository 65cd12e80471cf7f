package auth_test

import (
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
)

// TestLegacyPolicy: what operators demand of 0.x tokens beyond their draft; 1.0
// tokens do not notice.
func TestLegacyPolicy(t *testing.T) {
	in := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, test := range map[string]struct {
		policy auth.LegacyPolicy
		claims members
		want   auth.Reason
	}{
		"nothing demanded":                {auth.LegacyPolicy{}, members{}, ""},
		"exp required, is there":          {auth.LegacyPolicy{RequireExpiry: true}, members{"exp": in(time.Hour)}, ""},
		"exp required, is not":            {auth.LegacyPolicy{RequireExpiry: true}, members{}, auth.MissingExpiry},
		"lives as long as allowed":        {auth.LegacyPolicy{MaxLifetime: time.Hour}, members{"exp": in(time.Hour)}, ""},
		"lives a second longer":           {auth.LegacyPolicy{MaxLifetime: time.Hour}, members{"exp": in(time.Hour + time.Second)}, auth.LongLifetime},
		"lives longer, from iat":          {auth.LegacyPolicy{MaxLifetime: time.Hour}, members{"iat": in(-time.Minute), "exp": in(time.Hour)}, auth.LongLifetime},
		"iat is ahead":                    {auth.LegacyPolicy{MaxLifetime: time.Hour}, members{"iat": in(time.Hour), "exp": in(2 * time.Hour)}, auth.LongLifetime},
		"iat is no date":                  {auth.LegacyPolicy{MaxLifetime: time.Hour}, members{"iat": "x", "exp": in(time.Hour)}, auth.InvalidDate},
		"lives for ever":                  {auth.LegacyPolicy{MaxLifetime: time.Hour}, members{}, auth.MissingExpiry},
		"audience":                        {auth.LegacyPolicy{Audience: "hub"}, members{"aud": "hub"}, ""},
		"audience among others":           {auth.LegacyPolicy{Audience: "hub"}, members{"aud": []string{"a", "hub"}}, ""},
		"another audience":                {auth.LegacyPolicy{Audience: "hub"}, members{"aud": "hubs"}, auth.WrongAudience},
		"no audience":                     {auth.LegacyPolicy{Audience: "hub"}, members{}, auth.WrongAudience},
		"before the sunset":               {auth.LegacyPolicy{Sunset: now.Add(time.Second)}, members{}, ""},
		"at the sunset":                   {auth.LegacyPolicy{Sunset: now}, members{}, auth.GenerationDisabled},
		"after it, what is wrong besides": {auth.LegacyPolicy{Sunset: now, RequireExpiry: true}, members{}, auth.GenerationDisabled},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.Legacy = test.policy
			a := newAuthenticator(t, c)
			claims := members{"mercure": members{"publish": []string{"*"}}}.with(test.claims)
			_, err := a.Verify(hs256(t, legacyPublisherSecret, legacyHeader, claims), auth.Publisher, now)
			expect(t, err, test.want)
			_, err = a.Verify(hs256(t, publisherSecret, currentHeader, currentClaims), auth.Publisher, now)
			expect(t, err, "")
		})
	}
}

// TestSunsetEndsKnownTokens: a token that was verified before is no exception.
func TestSunsetEndsKnownTokens(t *testing.T) {
	c := config(t)
	c.Legacy.Sunset = now.Add(time.Minute)
	a := newAuthenticator(t, c)
	token := hs256(t, legacyPublisherSecret, legacyHeader, `{"mercure":{"publish":["*"]}}`)
	for after, want := range map[time.Duration]auth.Reason{0: "", time.Minute - 1: "", time.Minute: auth.GenerationDisabled} {
		_, err := a.Verify(token, auth.Publisher, now.Add(after))
		expect(t, err, want)
	}
}

// TestLegacyTopics: 0.x tokens are kept to some topics, whatever they grant.
func TestLegacyTopics(t *testing.T) {
	c := config(t)
	c.Legacy.Topics = []string{"a", "https://e.x/{id}"}
	a := newAuthenticator(t, c)
	grants, err := a.Verify(hs256(t, legacyPublisherSecret, legacyHeader, `{"mercure":{"publish":["*"],"subscribe":["*"]}}`), auth.Publisher, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		topics           []string
		refused          string // publishing, for the sake of this one
		publish, receive bool
	}{
		{[]string{"a"}, "", true, true},
		{[]string{"https://e.x/1"}, "", true, true},
		{[]string{"b"}, "b", false, false},
		{[]string{"a", "b"}, "b", false, true},
		{[]string{"https://e.x/1/2", "https://e.y/"}, "https://e.x/1/2", false, false},
	} {
		if refused, ok := grants.CanPublish(test.topics); ok != test.publish || refused != test.refused {
			t.Errorf("publishing %q: %q, %t; want %q, %t", test.topics, refused, ok, test.refused, test.publish)
		}
		if got := grants.CanReceive(test.topics); got != test.receive {
			t.Errorf("receiving %q: %t, want %t", test.topics, got, test.receive)
		}
	}
	if !grants.Withheld("b") || grants.Withheld("a") {
		t.Errorf("withheld: b %t, a %t; want true, false", grants.Withheld("b"), grants.Withheld("a"))
	}

	// What the token does not grant, the policy does not add.
	few, err := a.Verify(hs256(t, legacyPublisherSecret, legacyHeader, `{"mercure":{"publish":["b"],"subscribe":["b"]}}`), auth.Publisher, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := few.CanPublish([]string{"a"}); ok || few.CanReceive([]string{"a", "b"}) {
		t.Error("a token that grants b alone is good for a, or for b, which is withheld")
	}

	all, err := a.Verify(hs256(t, publisherSecret, currentHeader, currentClaims.with(members{
		"authorization_details": []any{members{"type": "https://mercure.rocks/authorization-detail", "actions": []string{"publish"}, "topics": []any{members{"match": "b"}}}},
	})), auth.Publisher, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := all.CanPublish([]string{"b"}); !ok {
		t.Error("a 1.0 token is kept to the topics of 0.x")
	}
}

func TestLegacyPolicyFaults(t *testing.T) {
	c := config(t)
	c.Legacy = auth.LegacyPolicy{Topics: []string{"a", strings.Repeat("x", 9000)}, MaxLifetime: -1}
	_, err := auth.New(c)
	for _, want := range []string{"legacy topics", "lifetime"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a fault about the %s", err, want)
		}
	}
}
