package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// tokenCases: validation of 1.0 tokens.
var tokenCases = slices.Concat(formCases, keyCases, claimCases)

// A minter makes a token for a role.
type minter func(Role) string

// refusedToken asserts that a token neither publishes nor opens a stream, not
// even where strangers may: 401 with the code for invalid tokens.
func (t *T) refusedToken(what string, token minter) {
	t.WantRefusal("publishing with "+what, t.publishBy(bearer(token(Publisher)), t.Topic("a")), 401, "invalid_token")
	t.WantRefusal("subscribing with "+what, t.subscribeBy(bearer(token(Subscriber)), t.Topic("a")), 401, "invalid_token")
}

// acceptedToken asserts that a token that grants everything publishes a
// private update and receives it.
func (t *T) acceptedToken(what string, token minter) {
	s := t.Subscribe(token(Subscriber), t.Topic("a"))
	a := t.Post(token(Publisher), Form("topic", t.Topic("a"), "private", "on"))
	t.WantStatus("publishing with "+what, a, 200)
	if a.Status == 200 {
		s.Want("a private update to "+what, a.Body)
	}
}

// everything returns header and claims of a valid token that grants all that
// there is.
func (t *T) everything() (header, claims Claims) {
	return t.CurrentClaims(Detail([]string{"publish", "subscribe"}, Matcher("", "*")))
}

// withClaim makes tokens that are valid and grant everything but for one
// claim; nil removes it.
func (t *T) withClaim(name string, value any) minter {
	return func(role Role) string {
		header, claims := t.everything()
		return t.Sign(role, header, claims.With(name, value))
	}
}

// withHeader makes tokens that are valid and grant everything but for these
// header parameters; nil removes one.
func (t *T) withHeader(params Claims) minter {
	return func(role Role) string {
		header, claims := t.everything()
		for name, value := range params {
			header = header.With(name, value)
		}
		return t.Sign(role, header, claims)
	}
}

// signedBy makes tokens that are valid and grant everything but for who
// signed them.
func (t *T) signedBy(s signer, params Claims) minter {
	return func(Role) string {
		header, claims := t.everything()
		for name, value := range params {
			header = header.With(name, value)
		}
		return s.sign(header, claims)
	}
}

// signedByStranger makes tokens signed with a key of the right kind that the
// hub does not know.
func (t *T) signedByStranger() minter { return t.signedBy(t.publisher.stranger(), nil) }

// expired makes tokens that expired an hour ago.
func (t *T) expired() minter { return t.withClaim("exp", time.Now().Add(-time.Hour).Unix()) }

// null is JSON's, since a nil removes a claim.
var null = json.RawMessage("null")

// formCases: what a token has to be before anybody looks at its claims.
var formCases = []Case{
	{
		ID:    "AUTH-jws-compact",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			valid := t.withClaim("", nil)
			t.refusedToken("a token of two parts", func(r Role) string {
				token := valid(r)
				return token[:strings.LastIndexByte(token, '.')]
			})
			t.refusedToken("an empty signature", func(r Role) string {
				token := valid(r)
				return token[:strings.LastIndexByte(token, '.')+1]
			})
			t.refusedToken("a token of four parts", func(r Role) string { return valid(r) + ".e30" })
			t.refusedToken("a token of five parts", func(r Role) string { return valid(r) + ".e30.e30" })
			serialized := func(r Role) string {
				parts := strings.Split(valid(r), ".")
				raw, _ := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
				return string(raw)
			}
			// The characters of JSON are none of RFC 6750's b64token either.
			t.misused("publishing with a token in JSON serialization", t.publishBy(bearer(serialized(Publisher)), t.Topic("a")))
			t.misused("subscribing with a token in JSON serialization", t.subscribeBy(bearer(serialized(Subscriber)), t.Topic("a")))
		},
	},
	{
		ID: "AUTH-rfc9068-rfc8725",
		By: []string{"AUTH-typ", "AUTH-typ-equivalents", "AUTH-alg-allowlist", "AUTH-alg-none", "AUTH-alg-not-from-token", "AUTH-alg-key-match",
			"AUTH-alg-defaults", "AUTH-key-trusted-set", "AUTH-key-not-from-token", "AUTH-exp-required", "AUTH-exp-enforced", "AUTH-exp-type",
			"AUTH-aud-checked", "AUTH-aud-forms", "AUTH-iss-checked"},
	},
	{
		ID:    "AUTH-typ",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedToken("a token without typ", t.withHeader(Claims{"typ": nil}))
			for _, typ := range []string{"JWT", "dpop+jwt"} {
				t.refusedToken("a token of typ "+typ, t.withHeader(Claims{"typ": typ}))
			}
		},
	},
	{
		ID:    "AUTH-typ-equivalents",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, typ := range []string{"application/at+jwt", "AT+JWT", "Application/At+Jwt"} {
				t.acceptedToken("a token of typ "+typ, t.withHeader(Claims{"typ": typ}))
			}
		},
	},
	{
		ID:    "AUTH-crit",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedToken("a critical extension that nobody knows", t.withHeader(Claims{"crit": []string{"x"}, "x": 1}))
		},
	},
}

// claimCases: claims that every 1.0 token needs.
var claimCases = []Case{
	{
		ID:    "AUTH-exp-required",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.refusedToken("a token without exp", t.withClaim("exp", nil)) },
	},
	{
		ID:    "AUTH-exp-enforced",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedToken("an expired token", t.expired())
			if t.hasAPI() {
				a := t.Do(Request{Path: "/subscriptions", Token: t.expired()(Subscriber)})
				t.WantRefusal("listing subscriptions with an expired token", a, 401, "invalid_token")
			}
		},
	},
	{
		ID:    "AUTH-exp-type",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedToken("exp in a string", t.withClaim("exp", "4102444800"))
			t.refusedToken("nbf in a string", t.withClaim("nbf", "1262304000"))
			t.acceptedToken("a fractional exp", t.withClaim("exp", 4102444800.5))
			t.acceptedToken("a fractional nbf", t.withClaim("nbf", 1262304000.5))
		},
	},
	{
		ID:    "AUTH-nbf",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedToken("a token valid in an hour", t.withClaim("nbf", time.Now().Add(time.Hour).Unix()))
		},
	},
	{
		// Between the instant and the margin either answer is right.
		ID:    "AUTH-leeway",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			const margin = 10 * time.Minute
			t.refusedToken("a token expired since ten minutes", t.withClaim("exp", time.Now().Add(-margin).Unix()))
			t.refusedToken("a token valid in ten minutes", t.withClaim("nbf", time.Now().Add(margin).Unix()))
			t.acceptedToken("a token that expires in ten minutes", t.withClaim("exp", time.Now().Add(margin).Unix()))
			t.acceptedToken("a token valid since ten minutes", t.withClaim("nbf", time.Now().Add(-margin).Unix()))
		},
	},
	{
		ID:    "AUTH-aud-checked",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			other := strings.TrimSuffix(t.Audience, "/")
			if other == t.Audience {
				other += "/"
			}
			t.refusedToken("a token without aud", t.withClaim("aud", nil))
			t.refusedToken("a token for another hub", t.withClaim("aud", "https://other.test/.well-known/mercure"))
			t.refusedToken("a token for other hubs", t.withClaim("aud", []string{"https://other.test/.well-known/mercure", "x"}))
			t.refusedToken("a token for a prefix of the identifier", t.withClaim("aud", t.Audience[:len(t.Audience)-1]))
			t.refusedToken("a token for the origin of the identifier", t.withClaim("aud", t.ownOrigin()))
			t.refusedToken("a token for what the identifier is a prefix of", t.withClaim("aud", t.Audience+"x"))
			t.refusedToken("a token for the identifier but for a slash", t.withClaim("aud", other))
		},
	},
	{
		ID:    "AUTH-aud-forms",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.acceptedToken("a token for the identifier", t.withClaim("aud", t.Audience))
			t.acceptedToken("a token for the identifier in an array", t.withClaim("aud", []string{t.Audience}))
			t.acceptedToken("a token for several", t.withClaim("aud", []string{"x", t.Audience}))
		},
	},
	{
		ID:    "AUTH-iss-checked",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			slash := strings.TrimSuffix(t.Issuer, "/")
			if slash == t.Issuer {
				slash += "/"
			}
			letters := strings.ToUpper(t.Issuer)
			if letters == t.Issuer {
				letters = strings.ToLower(t.Issuer)
			}
			t.refusedToken("a token without iss", t.withClaim("iss", nil))
			t.refusedToken("a token of an unknown issuer", t.withClaim("iss", "https://unknown.test"))
			t.refusedToken("a token of the issuer but for a slash", t.withClaim("iss", slash))
			t.refusedToken("a token of the issuer but for letter case", t.withClaim("iss", letters))
		},
	},
	{
		ID:    "AUTH-other-claims",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, name := range []string{"sub", "client_id", "iat", "jti"} {
				t.acceptedToken("a token without "+name, t.withClaim(name, nil))
			}
		},
	},
	{
		ID: "AUTH-failure-report",
		By: []string{"AUTH-jws-compact", "AUTH-typ", "AUTH-alg-allowlist", "AUTH-alg-none", "AUTH-alg-not-from-token", "AUTH-alg-key-match",
			"AUTH-key-trusted-set", "AUTH-key-not-from-token", "AUTH-crit", "AUTH-exp-required", "AUTH-exp-enforced", "AUTH-exp-type", "AUTH-nbf",
			"AUTH-leeway", "AUTH-aud-checked", "AUTH-iss-checked"},
	},
}
