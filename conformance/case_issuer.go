package main

// issuerCases: several issuers, and several keys of one.
var issuerCases = []Case{
	{ID: "AUTH-key-issuer-binding", By: []string{"AUTH-key-no-pooling"}},
	{
		ID:    "AUTH-key-no-pooling",
		Needs: []Need{SubscriberKey, Variant("issuers")},
		Run: func(t *T) {
			t = t.On("issuers")
			other := signer{alg: "HS256", secret: []byte(t.OtherKey)}
			t.acceptedToken("a token of the one issuer", t.withClaim("", nil))
			t.acceptedToken("a token of the other issuer", t.issuedBy(t.OtherIssuer, other, nil))
			for _, kid := range []any{nil, "first", "other"} {
				t.refusedToken("a token of the one issuer, signed by the other's key", t.issuedBy(t.Issuer, other, Claims{"kid": kid}))
			}
			t.refusedToken("a token of the other issuer, signed by the first one's keys", func(r Role) string {
				header, claims := t.everything()
				return t.Sign(r, header, claims.With("iss", t.OtherIssuer))
			})
			t.refusedToken("a token of nobody known, signed by the other's key", t.issuedBy("https://unknown.test", other, Claims{"kid": "other"}))
		},
	},
	{
		ID:    "AUTH-key-kid",
		Needs: []Need{SubscriberKey, Variant("issuers")},
		Run: func(t *T) {
			t = t.On("issuers")
			second := signer{alg: "HS256", secret: []byte(t.SecondKey)}
			t.acceptedToken("a token of the first key, which it names", t.withHeader(Claims{"kid": "first"}))
			t.acceptedToken("a token of the second key, which it names", t.issuedBy(t.Issuer, second, Claims{"kid": "second"}))
			t.acceptedToken("a token of the second key, which it does not name", t.issuedBy(t.Issuer, second, nil))
			t.refusedToken("a token of a stranger that names the second key", t.issuedBy(t.Issuer, second.stranger(), Claims{"kid": "second"}))
		},
	},
}

// issuedBy makes tokens that grant everything, of an issuer and signed by a key.
func (t *T) issuedBy(issuer string, s signer, params Claims) minter {
	return func(Role) string {
		header, claims := t.everything()
		for name, value := range params {
			header = header.With(name, value)
		}
		return s.sign(header, claims.With("iss", issuer))
	}
}
