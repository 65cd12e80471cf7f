package main

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"time"
)

// detailType is the type of the authorization details a 1.0 token grants with.
const detailType = "https://mercure.rocks/authorization-detail"

// A Role is the key a token is signed with.
type Role uint8

const (
	Publisher Role = iota + 1
	Subscriber
)

// A Grant is what a token allows, in words of either generation: topic strings
// matched exactly, "*" for all. Cases about other matchers write claims.
type Grant struct {
	Publish, Subscribe []string
}

// PublisherToken returns a token that may publish everything.
func (t *T) PublisherToken() string { return t.Token(Publisher, Grant{Publish: []string{"*"}}) }

// SubscriberToken returns a token that may receive everything.
func (t *T) SubscriberToken() string { return t.Token(Subscriber, Grant{Subscribe: []string{"*"}}) }

// Token returns a valid token of the judged generation.
func (t *T) Token(role Role, g Grant) string {
	header, claims := t.Claims(g)
	return t.Sign(role, header, claims)
}

// Claims returns header and claims of a valid token of the judged generation,
// for cases that change them before they [T.Sign] them.
func (t *T) Claims(g Grant) (header, claims Claims) {
	if t.Legacy() {
		mercure := Claims{}
		if g.Publish != nil {
			mercure["publish"] = g.Publish
		}
		if g.Subscribe != nil {
			mercure["subscribe"] = g.Subscribe
		}
		return Claims{"typ": "JWT"}, Claims{"mercure": mercure}
	}
	var details []any
	if g.Publish != nil {
		details = append(details, Detail([]string{"publish"}, matchers(g.Publish)...))
	}
	if g.Subscribe != nil {
		details = append(details, Detail([]string{"subscribe"}, matchers(g.Subscribe)...))
	}
	return t.CurrentClaims(details...)
}

// CurrentClaims returns header and claims of a valid 1.0 token with these
// authorization details.
func (t *T) CurrentClaims(details ...any) (header, claims Claims) {
	var id [16]byte
	rand.Read(id[:])
	now := time.Now()
	claims = Claims{
		"iss": t.Issuer, "aud": t.Audience, "sub": "conformance", "client_id": "conformance",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": hex.EncodeToString(id[:]),
	}
	if details != nil {
		claims["authorization_details"] = details
	}
	return Claims{"typ": "at+jwt"}, claims
}

// Sign signs header and claims with the key of a role.
func (t *T) Sign(role Role, header, claims Claims) string {
	s := t.publisher
	if role == Subscriber {
		s = t.subscriber
	}
	return s.sign(header, claims)
}

// Detail makes an authorization detail.
func Detail(actions []string, topics ...any) Claims {
	return Claims{"type": detailType, "actions": actions, "topics": topics}
}

// Matcher makes a topic matcher object; matchType "" leaves it to the default.
func Matcher(matchType, match string) Claims {
	m := Claims{"match": match}
	if matchType != "" {
		m["match_type"] = matchType
	}
	return m
}

func matchers(topics []string) []any {
	ms := make([]any, len(topics))
	for i, topic := range topics {
		ms[i] = Matcher("", topic)
	}
	return ms
}

// With returns a copy of claims in which a name has another value; nil removes
// it.
func (c Claims) With(name string, value any) Claims {
	changed := maps.Clone(c)
	if value == nil {
		delete(changed, name)
	} else {
		changed[name] = value
	}
	return changed
}
