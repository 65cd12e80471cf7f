package auth_test

import (
	"encoding/hex"
	"testing"
	"time"

	"cinnabar/auth"
)

// TestIdentity: tokens of one list have one identity, and no two lists have the
// same.
func TestIdentity(t *testing.T) {
	const otherIssuer, otherSecret = "https://other.example.com", "another publisher secret, 32 bytes"
	c := config(t)
	// An issuer that uses another's secret, and 0.x's, is somebody else all the same.
	c.Issuers = append(c.Issuers, auth.Issuer{ID: otherIssuer, Publisher: secretKey(t, publisherSecret)})
	c.Issuers[0].PublisherKeys = []auth.Key{secretKey(t, otherSecret), secretKey(t, legacyPublisherSecret)}
	a := newAuthenticator(t, c)
	current := func(secret string, changes members) string {
		return hs256(t, secret, currentHeader, currentClaims.with(changes))
	}
	legacy := func(claims members) string {
		return hs256(t, legacyPublisherSecret, legacyHeader, members{"mercure": members{}}.with(claims))
	}
	seen := make(map[auth.Identity]string)
	for name, tokens := range map[string][]string{
		"1.0": {
			current(publisherSecret, nil),
			current(publisherSecret, members{"jti": "another", "exp": now.Add(time.Minute).Unix()}),
			current(publisherSecret, members{"client_id": "another"}),
			current(otherSecret, nil), // keys are rotated
			current(legacyPublisherSecret, nil),
		},
		"1.0, another sub":      {current(publisherSecret, members{"sub": "t"})},
		"1.0, another issuer":   {current(publisherSecret, members{"iss": otherIssuer})},
		"1.0, an empty sub":     {current(publisherSecret, members{"sub": ""})},
		"1.0, a sub of no text": {current(publisherSecret, members{"sub": nil})},
		"1.0, by client":        {current(publisherSecret, members{"sub": absent})},
		"1.0, by client named as sub is": {
			current(publisherSecret, members{"sub": absent, "client_id": "s"}),
		},
		"1.0, nobody": {
			current(publisherSecret, members{"sub": absent, "client_id": absent}),
		},
		"0.x":                   {legacy(nil), legacy(members{"exp": now.Add(time.Hour).Unix()}), legacy(members{"client_id": "c", "iss": issuerURL})},
		"0.x, a sub":            {legacy(members{"sub": "s"})},
		"0.x, a sub of no text": {legacy(members{"sub": 1})},
	} {
		ids := make(map[auth.Identity]bool)
		for _, token := range tokens {
			g, err := a.Verify(token, auth.Publisher, now)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			ids[g.Identity()] = true
			if other := seen[g.Identity()]; other != "" && other != name {
				t.Errorf("%s and %s are the same", name, other)
			}
			seen[g.Identity()] = name
		}
		if len(ids) != 1 {
			t.Errorf("%s: %d tokens have %d identities", name, len(tokens), len(ids))
		}
	}

	// In 0.x whoever has another key is somebody else.
	c.LegacyPublisher = secretKey(t, otherSecret)
	rotated, err := newAuthenticator(t, c).Verify(hs256(t, otherSecret, legacyHeader, members{"mercure": members{}}), auth.Publisher, now)
	if err != nil {
		t.Fatal(err)
	}
	if other := seen[rotated.Identity()]; other != "" {
		t.Errorf("0.x with another key and %s are the same", other)
	}

	// Histories hold what was made of it: it must not change with the version.
	g, err := a.Verify(current(publisherSecret, nil), auth.Publisher, now)
	if err != nil {
		t.Fatal(err)
	}
	const want = "40590d801f63a03669430d02176d2774bc1e94753837d6f00aebe0a19f553ead"
	if id := g.Identity(); hex.EncodeToString(id[:]) != want {
		t.Errorf("the identity is %x, and was %s", id, want)
	}
}
