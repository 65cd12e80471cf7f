package faults

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// A Generation is one of the two protocols; the zero value is 0.x.
type Generation uint8

const (
	Legacy  Generation = iota // 0.x
	Current                   // 1.0
)

func (g Generation) String() string {
	if g == Current {
		return "1.0"
	}
	return "0.x"
}

// Grants are the topic selectors a 0.x token allows.
type Grants struct {
	Publish   []string `json:"publish,omitempty"`
	Subscribe []string `json:"subscribe,omitempty"`
}

// Token signs a protocol 0.x token with HS256. It never expires.
func Token(key string, g Grants) string {
	return sign(key, "JWT", map[string]Grants{"mercure": g})
}

// currentLifetime is how long 1.0 tokens are valid, which have to expire. It
// is longer than what any of them is made for.
const currentLifetime = 24 * time.Hour

// Credentials are what makes tokens that a hub accepts, signed with HS256.
type Credentials struct {
	PublisherKey, SubscriberKey string
	// Issuer and Audience are what 1.0 tokens have to name; "" for a hub that
	// gets none.
	Issuer, Audience string
}

func (c Credentials) publisher() string { return c.MayPublish(Legacy, "*") }

func (c Credentials) subscriber() string { return c.MaySubscribe(Legacy, "*") }

// MayPublish makes a token for publishing to topics, or "*".
func (c Credentials) MayPublish(g Generation, topics ...string) string {
	if g == Legacy {
		return Token(c.PublisherKey, Grants{Publish: topics})
	}
	return c.current(c.PublisherKey, "publish", topics)
}

// MaySubscribe makes a token for private updates about topics, or "*".
func (c Credentials) MaySubscribe(g Generation, topics ...string) string {
	if g == Legacy {
		return Token(c.SubscriberKey, Grants{Subscribe: topics})
	}
	return c.current(c.SubscriberKey, "subscribe", topics)
}

func (c Credentials) current(key, action string, topics []string) string {
	type matcher struct {
		Match string `json:"match"`
		Type  string `json:"match_type"`
	}
	type detail struct {
		Type    string    `json:"type"`
		Actions []string  `json:"actions"`
		Topics  []matcher `json:"topics"`
	}
	d := detail{Type: "https://mercure.rocks/authorization-detail", Actions: []string{action}}
	for _, t := range topics {
		d.Topics = append(d.Topics, matcher{t, "exact"})
	}
	now := time.Now()
	return sign(key, "at+jwt", map[string]any{
		"iss": c.Issuer, "aud": c.Audience, "sub": c.Issuer, "client_id": c.Issuer, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(currentLifetime).Unix(),
		"authorization_details": []detail{d},
	})
}

func sign(key, typ string, claims any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(fmt.Sprintf("faults: strings do not marshal: %v", err))
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"`+typ+`"}`)) + "." + encode(payload)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}
