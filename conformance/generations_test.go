package main

import (
	"net/http"
	"testing"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
)

// Keys of the generations where they have keys of their own.
const (
	testLegacyPublisherKey  = "the publisher key of 0.x, not of 1.0"
	testLegacySubscriberKey = "the subscriber key of 0.x, not of 1.0"
)

// keySharing is who has keys in common on a hub that serves both generations.
type keySharing struct{ generations, roles bool }

// keys returns the secrets by role, of 0.x and of 1.0.
func (s keySharing) keys() (old, new map[Role]string) {
	new = map[Role]string{Publisher: testPublisherKey, Subscriber: testSubscriberKey}
	old = map[Role]string{Publisher: testLegacyPublisherKey, Subscriber: testLegacySubscriberKey}
	if s.roles {
		new[Subscriber], old[Subscriber] = new[Publisher], old[Publisher]
	}
	if s.generations {
		old = new
	}
	return old, new
}

// start runs a hub that shares keys so, and returns it as a target.
func (s keySharing) start(t *testing.T, changes ...func(*hub.Config)) *Target {
	key := func(secret string) auth.Key {
		k, err := auth.ParseKey(secret, "HS256")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	old, new := s.keys()
	h := hubtest.Start(t, append(changes, func(c *hub.Config) {
		c.ResourceIdentifier = testAudience
		c.PublisherKey, c.SubscriberKey = key(old[Publisher]), key(old[Subscriber])
		c.Issuer = ""
		c.Issuers = []auth.Issuer{{ID: testIssuer, Publisher: key(new[Publisher]), Subscriber: key(new[Subscriber])}}
	})...)
	target := &Target{
		Hub: h.URL, PublisherKey: new[Publisher], SubscriberKey: new[Subscriber],
		Issuer: testIssuer, Audience: testAudience, Anonymous: true,
	}
	if err := target.complete(); err != nil {
		t.Fatal(err)
	}
	return target
}

// answers are the statuses that a token gets: for a 0.x and a 1.0 subscribe,
// signed for subscribers, and for a publish, signed for publishers.
type answers struct{ legacy, current, publish int }

var refusedEverywhere = answers{401, 401, 401}

// TestGenerationsKeepApart: a token is judged by the rules and the keys of its
// own generation alone (AUTH-typ, AUTH-0x-signature, differences G5 and G9),
// whether or not a key is shared (S2).
func TestGenerationsKeepApart(t *testing.T) {
	for name, sharing := range map[string]keySharing{
		"separate keys":              {},
		"keys shared by generations": {generations: true},
		"keys shared by roles":       {roles: true},
		"one key for everything":     {generations: true, roles: true},
	} {
		t.Run(name, func(t *testing.T) {
			target := sharing.start(t)
			r := judge(t.Context(), target, Case{Run: func(t *T) { t.keepsGenerationsApart(sharing) }}, &Entry{}, current)
			for _, why := range r.Why {
				t.Error(why)
			}
		})
	}
}

func (t *T) keepsGenerationsApart(sharing keySharing) {
	all := []string{"*"}
	claim := Claims{"publish": all, "subscribe": all}
	header, current := t.CurrentClaims(Detail([]string{"publish", "subscribe"}, Matcher("", "*")))
	old, new := sharing.keys()
	onlyShared := func(a answers) answers {
		if sharing.generations {
			return a
		}
		return refusedEverywhere
	}
	ofLegacy, ofCurrent := answers{200, 401, 200}, answers{401, 200, 200}

	for what, c := range map[string]struct {
		keys           map[Role]string
		header, claims Claims
		want           answers
	}{
		"a 0.x token":                       {old, Claims{"typ": "JWT"}, Claims{"mercure": claim}, ofLegacy},
		"a 0.x token without typ":           {old, Claims{}, Claims{"mercure": claim}, ofLegacy},
		"a 0.x token that grants nothing":   {old, Claims{}, Claims{}, answers{200, 401, 403}},
		"a 0.x token called at+jwt":         {old, header, Claims{"mercure": claim}, refusedEverywhere},
		"a 0.x token, 1.0 key":              {new, Claims{"typ": "JWT"}, Claims{"mercure": claim}, onlyShared(ofLegacy)},
		"a 1.0 token":                       {new, header, current, ofCurrent},
		"a 1.0 token without typ":           {new, Claims{}, current, refusedEverywhere},
		"a 1.0 token called JWT":            {new, Claims{"typ": "JWT"}, current, refusedEverywhere},
		"a 1.0 token called JWT, 0.x key":   {old, Claims{"typ": "JWT"}, current, refusedEverywhere},
		"a 1.0 token, 0.x key":              {old, header, current, onlyShared(ofCurrent)},
		"both grants, at+jwt":               {new, header, current.With("mercure", claim), ofCurrent},
		"both grants, JWT":                  {old, Claims{"typ": "JWT"}, current.With("mercure", claim), ofLegacy},
		"a 0.x grant only, 1.0 claims":      {new, header, current.With("mercure", claim).With("authorization_details", nil), answers{401, 200, 403}},
		"a 1.0 grant, empty 0.x claim, JWT": {old, Claims{"typ": "JWT"}, current.With("mercure", Claims{}), answers{200, 401, 403}},
	} {
		subscriber, publisher := signed(c.keys[Subscriber], c.header, c.claims), signed(c.keys[Publisher], c.header, c.claims)
		t.WantStatus(what+": 0.x subscribe", t.subscribes("topic", subscriber), c.want.legacy)
		t.WantStatus(what+": 1.0 subscribe", t.subscribes("match", subscriber), c.want.current)
		t.WantStatus(what+": publish", t.Post(publisher, Form("topic", t.Topic("a"))), c.want.publish)
	}

	// Whose role a key is shows only where roles have keys of their own. Where
	// they do not, the grants still tell what a token is for.
	otherRole, withoutGrant := 401, 401
	if sharing.roles {
		otherRole, withoutGrant = 200, 403
	}
	reader := signed(old[Subscriber], Claims{}, Claims{"mercure": Claims{"subscribe": all}})
	writer := signed(old[Publisher], Claims{}, Claims{"mercure": Claims{"publish": all}})
	t.WantStatus("a 0.x subscriber's token: publish", t.Post(reader, Form("topic", t.Topic("a"))), withoutGrant)
	t.WantStatus("a 0.x publisher's token: subscribe", t.subscribes("topic", writer), otherRole)
	_, details := t.CurrentClaims(Detail([]string{"subscribe"}, Matcher("", "*")))
	t.WantStatus("a 1.0 subscriber's token: publish", t.Post(signed(new[Subscriber], header, details), Form("topic", t.Topic("a"))), withoutGrant)
	_, details = t.CurrentClaims(Detail([]string{"publish"}, Matcher("", "*")))
	t.WantStatus("a 1.0 publisher's token: subscribe", t.subscribes("match", signed(new[Publisher], header, details)), otherRole)
}

func signed(secret string, header, claims Claims) string {
	return signer{alg: "HS256", secret: []byte(secret)}.sign(header, claims)
}

// subscribes asks for a stream by a parameter of either generation.
func (t *T) subscribes(param, token string) *Answer {
	return t.Do(Request{Method: http.MethodGet, Query: Form(param, t.Topic("a")), Token: token})
}
