package auth_test

import (
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"

	"github.com/golang-jwt/jwt/v5"
)

func TestSign(t *testing.T) {
	ecDER, err := x509.MarshalECPrivateKey(p256Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ material, alg string }{
		"HS256":         {legacyPublisherSecret, ""},
		"HS512":         {legacyPublisherSecret, "HS512"},
		"PKCS #8 RSA":   {privatePEM(rsaKey), ""},
		"PKCS #8 PS256": {privatePEM(rsaKey), "PS256"},
		"PKCS #1":       {pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), ""},
		"SEC 1":         {pemOf("EC PRIVATE KEY", ecDER), ""},
		"ES512":         {privatePEM(p521Key), ""},
		"EdDSA":         {privatePEM(edKey), ""},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := auth.ParseSigningKey(test.material, test.alg)
			if err != nil {
				t.Fatal(err)
			}
			c := config(t)
			c.LegacyPublisher, c.Issuers[0].Publisher = k.Key(), k.Key()
			a := newAuthenticator(t, c)

			legacy, err := k.Sign(auth.LegacyClaims{Publish: []string{"a"}, Subscribe: []string{"b"}, Payload: json.RawMessage(`[1]`), Expires: now.Add(time.Minute)})
			if err != nil {
				t.Fatal(err)
			}
			g, err := a.Verify(legacy, auth.Publisher, now)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := g.CanPublish([]string{"a"}); !ok || !g.CanReceive([]string{"b"}) {
				t.Error("0.x: a and b are not granted")
			}
			if payload, _ := g.Payload("b"); string(payload) != "[1]" {
				t.Errorf("0.x: payload %s", payload)
			}
			if want := now.Add(time.Minute); !g.Expiry().Equal(want) {
				t.Errorf("0.x: expiry %v, want %v", g.Expiry(), want)
			}

			current, err := k.Sign(auth.CurrentClaims{Issuer: issuerURL, Audience: hubURL, Expires: now.Add(time.Minute), Details: []auth.Detail{
				{Actions: []string{"publish"}, Topics: []auth.Matcher{{Match: "a"}}},
				{Actions: []string{"subscribe"}, Topics: []auth.Matcher{{Match: "*", MatchType: "exact"}}, Payload: json.RawMessage(`{"v":1}`)},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if g, err = a.Verify(current, auth.Publisher, now); err != nil {
				t.Fatal(err)
			}
			if _, ok := g.CanPublish([]string{"a"}); !ok || !g.CanReceive([]string{"b"}) {
				t.Error("1.0: a and b are not granted")
			}
			if payload, _ := g.Payload("b"); string(payload) != `{"v":1}` {
				t.Errorf("1.0: payload %s", payload)
			}
		})
	}
}

// A self-issued token carries what RFC 9068 wants of every issuer.
func TestCurrentClaimsAreComplete(t *testing.T) {
	k, err := auth.ParseSigningKey(publisherSecret, "")
	if err != nil {
		t.Fatal(err)
	}
	token, err := k.Sign(auth.CurrentClaims{Issuer: issuerURL, Audience: hubURL, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(publisherSecret), nil })
	if err != nil {
		t.Fatal(err)
	}
	claims := parsed.Claims.(jwt.MapClaims)
	for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} {
		if claims[name] == nil || claims[name] == "" {
			t.Errorf("%s is missing (AUTH-claims-issued)", name)
		}
	}
	if parsed.Header["typ"] != "at+jwt" {
		t.Errorf("typ %v, want at+jwt (AUTH-typ)", parsed.Header["typ"])
	}
	for name, incomplete := range map[string]auth.CurrentClaims{
		"issuer":   {Audience: hubURL, Expires: now},
		"audience": {Issuer: issuerURL, Expires: now},
		"expiry":   {Issuer: issuerURL, Audience: hubURL},
	} {
		if _, err := k.Sign(incomplete); err == nil {
			t.Errorf("signed without %s (AUTH-claims-issued)", name)
		}
	}
}

func TestLegacyTokensOmitWhatIsNotGiven(t *testing.T) {
	k, err := auth.ParseSigningKey(publisherSecret, "")
	if err != nil {
		t.Fatal(err)
	}
	token, err := k.Sign(auth.LegacyClaims{})
	if err != nil {
		t.Fatal(err)
	}
	if want := segment(t, `{"mercure":{}}`); strings.Split(token, ".")[1] != want {
		t.Errorf("claims %s, want %s", strings.Split(token, ".")[1], want)
	}
}

func TestParseSigningKeyRefuses(t *testing.T) {
	for name, test := range map[string]struct{ material, alg, fault string }{
		"public key":       {publicPEM(p256Key), "", "needs a private key"},
		"certificate":      {certificatePEM(p256Key), "", "needs a private key"},
		"damaged":          {pemOf("PRIVATE KEY", nil), "", "reading the private key"},
		"PEM as secret":    {privatePEM(p256Key), "HS256", "no secret"},
		"unsuitable":       {privatePEM(p256Key), "RS256", "does not suit"},
		"secret for ES256": {"s", "ES256", "needs a key in PEM"},
		"empty":            {"", "", "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := auth.ParseSigningKey(test.material, test.alg); err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("error %v, want one about %q", err, test.fault)
			}
		})
	}
}
