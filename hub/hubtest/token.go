package hubtest

import (
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"

	"github.com/golang-jwt/jwt/v5"
)

// A Token is what a token is to say. The zero value is a 0.x token that grants
// nothing and never expires.
type Token struct {
	Generation spec.Generation // zero means 0.x

	// Role is whose key signs it; zero means the publisher's if it grants
	// publishing, else the subscriber's.
	Role auth.Role

	// What it grants: selectors of a 0.x token, exact matchers (or "*") of a
	// 1.0 one.
	Publish, Subscribe []string

	Expires time.Time // zero means never in 0.x, in an hour in 1.0

	// Change has the last word on header and claims.
	Change func(header, claims map[string]any)
}

// Sign makes a token that this hub accepts, unless Change spoils it.
func (h *Hub) Sign(token Token) string {
	h.t.Helper()
	return Sign(h.t, h.Config.ResourceIdentifier, token)
}

// Sign makes a token for any hub with the keys of this package.
func Sign(tb testing.TB, audience string, t Token) string {
	tb.Helper()
	secret := SubscriberSecret
	if t.Role == auth.Publisher || t.Role == 0 && len(t.Publish) > 0 {
		secret = PublisherSecret
	}
	claims := jwt.MapClaims{}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	if t.Generation == spec.Current {
		currentClaims(t, audience, token.Header, claims)
	} else {
		claims["mercure"] = map[string]any{"publish": list(t.Publish), "subscribe": list(t.Subscribe)}
	}
	if !t.Expires.IsZero() {
		claims["exp"] = float64(t.Expires.UnixMilli()) / 1000
	}
	if t.Change != nil {
		t.Change(token.Header, claims)
	}
	signed, err := token.SignedString([]byte(secret))
	if err != nil {
		tb.Fatalf("signing a token: %v", err)
	}
	return signed
}

func currentClaims(t Token, audience string, header, claims map[string]any) {
	now := time.Now()
	header["typ"] = "at+jwt"
	claims["iss"] = Issuer
	claims["aud"] = audience
	claims["sub"] = "tester"
	claims["client_id"] = "hubtest"
	claims["jti"] = "1"
	claims["iat"] = now.Unix()
	claims["exp"] = now.Add(time.Hour).Unix()
	details := []any{}
	for action, topics := range map[string][]string{"publish": t.Publish, "subscribe": t.Subscribe} {
		matchers := []any{}
		for _, topic := range topics {
			matchers = append(matchers, map[string]any{"match": topic})
		}
		if len(matchers) > 0 {
			details = append(details, map[string]any{"type": spec.DetailType, "actions": []string{action}, "topics": matchers})
		}
	}
	claims["authorization_details"] = details
}

// list is never null in JSON.
func list(s []string) []string { return append([]string{}, s...) }
