package main

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"time"
)

// legacyTokenCases: 0.x tokens.
var legacyTokenCases = slices.Concat(legacyValidityCases, legacyMeansCases, legacyGrantCases)

// legacyValidityCases: which tokens are valid, and for how long.
var legacyValidityCases = []Case{
	{
		ID: "AUTH-0x-jws",
		Run: func(t *T) {
			topic := t.Topic("a")
			t.WantStatus("POST without a token", t.Post("", Form("topic", topic)), 401)
			for what, token := range t.unverifiable(Publisher) {
				t.WantStatus("POST with "+what, t.Post(token, Form("topic", topic)), 401)
			}
		},
	},
	{
		ID:    "AUTH-0x-signature",
		Needs: []Need{SubscriberKey, Variant("rs256")},
		Run: func(t *T) {
			t.refusesUnsigned()
			t.On("rs256").refusesConfusedKeys()
		},
	},
	{
		ID:    "AUTH-0x-invalid-401",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			for what, token := range t.unverifiable(Publisher) {
				t.WantStatus("POST with "+what, t.publishBy(bearer(token), topic), 401)
			}
			api := t.hasAPI()
			for what, token := range t.unverifiable(Subscriber) {
				t.WantStatus("GET with "+what, t.subscribeBy(bearer(token), topic), 401)
				if api {
					a := t.Do(Request{Path: "/subscriptions", Token: token})
					t.WantStatus("GET of the subscription API with "+what, a, 401)
				}
			}
		},
	},
	{
		ID:    "AUTH-0x-expired",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			past, ahead := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
			for what, dates := range map[string]Claims{
				"a past exp":      {"exp": past},
				"an nbf to come":  {"nbf": ahead},
				"exp before nbf":  {"exp": past, "nbf": ahead},
				"exp in fraction": {"exp": float64(past) + 0.5},
			} {
				t.wantBoth("with "+what, dates, 401)
			}
			t.wantBoth("with exp to come and a past nbf", Claims{"exp": ahead, "nbf": past}, 200)
		},
	},
	{
		ID:    "AUTH-0x-no-exp",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			header, claims := t.Claims(Grant{Subscribe: []string{topic}})
			s := t.Subscribe(t.Sign(Subscriber, header, claims.With("exp", nil)), topic)
			s.Want("with a token without exp", t.Publish("topic", topic, "private", "on"))
			s.Silent("with a token without exp", topic)
		},
	},
	{
		ID:    "AUTH-0x-exp-close",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			exp := time.Now().Add(5 * time.Second).Truncate(time.Second)
			header, claims := t.Claims(Grant{Subscribe: []string{topic}})
			token := t.Sign(Subscriber, header, claims.With("exp", exp.Unix()))
			idle, busy := t.Subscribe(token, t.Topic("idle")), t.Subscribe(token, topic)
			busy.Want("before exp", t.Publish("topic", topic, "private", "on"))
			for what, s := range map[string]*Stream{"an idle stream": idle, "a stream with events": busy} {
				s.wantEndAt(what, exp)
			}
		},
	},
}

// unverifiable returns tokens that grant everything and that nobody can have
// signed for the role, by what is wrong with them.
func (t *T) unverifiable(role Role) map[string]string {
	header, claims := t.Claims(Grant{Publish: []string{"*"}, Subscribe: []string{"*"}})
	stranger := signer{alg: "HS256", secret: []byte("a key that no hub is configured with, of 48 bytes")}
	valid := t.Sign(role, header, claims)
	return map[string]string{
		"garbage":                   "garbage",
		"three parts of garbage":    "not.a.token",
		"a token of a strange key":  stranger.sign(header, claims),
		"a token without signature": valid[:strings.LastIndex(valid, ".")+1],
		"a token cut short":         valid[:len(valid)-4],
	}
}

// refusesUnsigned asserts that alg none is no signature, however it is spelled.
func (t *T) refusesUnsigned() {
	_, claims := t.Claims(Grant{Publish: []string{"*"}, Subscribe: []string{"*"}})
	for _, alg := range []string{"none", "None", "NONE", "nOnE"} {
		header := Claims{"typ": "JWT", "alg": alg}
		unsigned := encodeJSON(header) + "." + encodeJSON(claims) + "."
		for role, ask := range t.asks() {
			t.WantStatus("an unsigned token, alg "+alg, ask(unsigned), 401)
			t.WantStatus("alg "+alg+", signed all the same", ask(t.Sign(role, header, claims)), 401)
		}
	}
}

// refusesConfusedKeys asserts, of a hub with RSA keys, that a public key is
// not taken for an HMAC secret.
func (t *T) refusesConfusedKeys() {
	header, claims := t.Claims(Grant{Publish: []string{"*"}, Subscribe: []string{"*"}})
	for role, ask := range t.asks() {
		t.WantStatus("a token signed with the RSA key", ask(t.Sign(role, header, claims)), 200)
		for _, secret := range t.publicKeys(role) {
			for _, alg := range []string{"HS256", "HS384", "HS512"} {
				token := signer{alg: alg, secret: secret}.sign(header, claims)
				t.WantStatus(alg+" with the RSA public key as secret", ask(token), 401)
			}
		}
	}
}

// asks returns what a token is asked for in each role: to publish, and to
// subscribe.
func (t *T) asks() map[Role]func(token string) *Answer {
	topic := t.Topic("a")
	return map[Role]func(string) *Answer{
		Publisher:  func(token string) *Answer { return t.publishBy(bearer(token), topic) },
		Subscriber: func(token string) *Answer { return t.subscribeBy(bearer(token), topic) },
	}
}

// publicKeys returns the public key of a role in the forms that a hub may have
// been given it: PEM with and without its last line end, and DER.
func (t *T) publicKeys(role Role) [][]byte {
	s := t.publisher
	if role == Subscriber {
		s = t.subscriber
	}
	if s.key == nil {
		t.Fatalf("the variant's keys are secrets, want private keys in PEM")
	}
	der, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		t.Fatalf("the variant's public key: %v", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return [][]byte{text, text[:len(text)-1], der}
}

// wantBoth asserts the status of a publish and of a subscribe with a token that
// grants everything and has these claims besides.
func (t *T) wantBoth(what string, more Claims, status int) {
	header, claims := t.Claims(Grant{Publish: []string{"*"}, Subscribe: []string{"*"}})
	for name, value := range more {
		claims = claims.With(name, value)
	}
	for role, ask := range t.asks() {
		method := http.MethodPost
		if role == Subscriber {
			method = http.MethodGet
		}
		t.WantStatus(method+" "+what, ask(t.Sign(role, header, claims)), status)
	}
}

// wantEndAt asserts that the hub ends a stream at a time, give or take what two
// clocks and the way to here may differ by.
func (s *Stream) wantEndAt(what string, at time.Time) {
	_, ended := s.End(time.Until(at.Add(transit)))
	switch off := time.Since(at); {
	case !ended:
		s.t.Errorf("%s: goes on %v after the time given by exp, want it ended then", what, off)
	case off < -transit:
		s.t.Errorf("%s: ended %v before the time given by exp, want it ended then", what, -off)
	}
}
