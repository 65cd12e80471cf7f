package auth_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"cinnabar/auth"
	"cinnabar/spec"
)

// FuzzClaims holds what signed claims of any shape grant against a second
// reading of them: more than they say must never be granted, and a 1.0 token
// that lacks what it needs must never pass.
func FuzzClaims(f *testing.F) {
	seed := func(current bool, claims string) { f.Add(current, claims, "a") }
	seed(false, `{"mercure":{"publish":["a","*"],"subscribe":["b","https://e.x/{id}"],"payload":1},"exp":4102444800.5}`)
	seed(false, `{"https://mercure.rocks/":{"publish":["a"]},"nbf":1}`)
	seed(false, `{"mercure":[]}`)
	for _, detail := range []string{
		`{"type":"https://mercure.rocks/authorization-detail","actions":["publish"],"topics":[{"match":"a"}]}`,
		`{"type":"https://mercure.rocks/authorization-detail","actions":["subscribe","x"],"topics":[{"match":"*","match_type":"exact"}],"payload":{}}`,
		`{"type":"https://mercure.rocks/authorization-detail","actions":["publish"],"topics":[{"match":"/:a","match_type":"urlpattern"}]}`,
		`{"type":"payment"}`,
	} {
		seed(true, `{"iss":"`+issuerURL+`","aud":["`+hubURL+`"],"exp":4102444800,"authorization_details":[`+detail+`]}`)
	}
	a := newAuthenticator(f, config(f))
	f.Fuzz(func(t *testing.T, current bool, claims, topic string) {
		secret, header := legacyPublisherSecret, legacyHeader
		if current {
			secret, header = publisherSecret, currentHeader
		}
		token := hs256(t, secret, header, claims)
		g, err := a.Verify(token, auth.Publisher, now)
		if report := a.Explain(token, auth.Publisher, now); (report.Grants != nil) != (err == nil) {
			t.Fatalf("Verify says %v, Explain %q", err, failures(report))
		}
		if err != nil {
			return
		}
		if current != (g.Generation() == spec.Current) {
			t.Fatalf("generation %v", g.Generation())
		}
		var said map[string]any
		if err := json.Unmarshal([]byte(claims), &said); err != nil {
			t.Fatalf("accepted claims that are not JSON: %v", err)
		}
		if exp, ok := said["exp"].(float64); current && !ok || ok && exp <= float64(now.Unix()) {
			t.Errorf("accepted with exp %v", said["exp"])
		} else if ok && math.Abs(float64(g.Expiry().Unix())-exp) > 1 && exp < 1<<53 {
			t.Errorf("expiry %v for exp %v", g.Expiry(), exp)
		}
		if current && said["iss"] != issuerURL {
			t.Errorf("accepted from %v", said["iss"])
		}
		if audience, ok := said["aud"].([]any); current && said["aud"] != hubURL && !(ok && slices.Contains(audience, any(hubURL))) {
			t.Errorf("accepted for %v", said["aud"])
		}
		if _, ok := g.CanPublish([]string{topic}); ok && !says(said, current, "publish", topic) {
			t.Errorf("publish on %q is granted by %s", topic, claims)
		}
		if g.CanReceive([]string{topic}) && !says(said, current, "subscribe", topic) {
			t.Errorf("subscribe on %q is granted by %s", topic, claims)
		}
	})
}

// says is the second reading. Of selectors that are more than a string it
// knows nothing and lets them pass: package spec answers for those.
func says(claims map[string]any, current bool, action, topic string) bool {
	var selectors []any
	if current {
		details, _ := claims["authorization_details"].([]any)
		for _, d := range details {
			detail, _ := d.(map[string]any)
			actions, _ := detail["actions"].([]any)
			topics, _ := detail["topics"].([]any)
			if detail["type"] != "https://mercure.rocks/authorization-detail" || !slices.Contains(actions, any(action)) {
				continue
			}
			for _, entry := range topics {
				matcher, _ := entry.(map[string]any)
				if kind, ok := matcher["match_type"]; ok && kind != "exact" {
					return true
				}
				selectors = append(selectors, matcher["match"])
			}
		}
	} else {
		mercure, ok := claims["mercure"].(map[string]any)
		if _, plain := claims["mercure"]; !plain {
			mercure, ok = claims["https://mercure.rocks/"].(map[string]any)
		}
		if ok {
			selectors, _ = mercure[action].([]any)
		}
	}
	return slices.ContainsFunc(selectors, func(s any) bool {
		selector, ok := s.(string)
		return ok && (selector == "*" || selector == topic || !current && strings.Contains(selector, "{"))
	})
}
