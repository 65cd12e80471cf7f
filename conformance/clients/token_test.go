package clients

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"
)

const (
	hubKey = "a key for the tests of real clients, known to anybody"

	// What 1.0 tokens are for and from, where a test wants any.
	resourceIdentifier = "https://hub.example.com/.well-known/mercure"
	issuer             = "https://issuer.example.com"
)

// claims is the mercure claim of a 0.x token.
type claims struct {
	Publish   []string `json:"publish,omitempty"`
	Subscribe []string `json:"subscribe,omitempty"`
}

// token makes a 0.x token.
func token(t *testing.T, c claims) string {
	t.Helper()
	return sign(t, "JWT", map[string]any{"mercure": c, "exp": time.Now().Add(time.Hour).Unix()})
}

// accessToken makes a 1.0 token that lets a subscriber read private updates
// on one topic.
func accessToken(t *testing.T, topic string) string {
	t.Helper()
	return signCurrent(t, "subscribe", topic)
}

// publisherAccessToken makes a 1.0 token that may publish everything.
func publisherAccessToken(t *testing.T) string {
	t.Helper()
	return signCurrent(t, "publish", "*")
}

// signCurrent makes a 1.0 token that grants one action on one topic.
func signCurrent(t *testing.T, action, topic string) string {
	t.Helper()
	now := time.Now()
	return sign(t, "at+jwt", map[string]any{
		"iss": issuer, "aud": resourceIdentifier, "sub": "somebody", "client_id": "somebody", "jti": "1",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"authorization_details": []any{map[string]any{
			"type":    "https://mercure.rocks/authorization-detail",
			"actions": []string{action},
			"topics":  []any{map[string]string{"match": topic}},
		}},
	})
}

// sign signs a token with the hub's key.
func sign(t *testing.T, typ string, payload map[string]any) string {
	t.Helper()
	part := func(v map[string]any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("making a token: %v", err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(map[string]any{"typ": typ, "alg": "HS256"}) + "." + part(payload)
	mac := hmac.New(sha256.New, []byte(hubKey))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
