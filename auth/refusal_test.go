package auth_test

import (
	"strings"
	"testing"
	"unicode"

	"cinnabar/auth"
)

// What strangers write into a token reaches the operator's log only short and
// escaped, and the token itself never does (SEC-token-not-logged).
func TestDetailsAreFitForALog(t *testing.T) {
	a := newAuthenticator(t, config(t))
	const marker = "marked\n\x1b[31m\u202e"
	hostile := marker + strings.Repeat("x", 5000)
	signed := func(claims members) string {
		return hs256(t, subscriberSecret, currentHeader, currentClaims.with(claims))
	}
	matcher := func(m members) members {
		return members{"authorization_details": []any{detail([]string{"publish"}, []any{m})}}
	}
	for name, token := range map[string]string{
		"no token":          hostile,
		"header":            hs256(t, "x", hostile, "{}"),
		"alg":               hs256(t, "x", members{"alg": hostile}, "{}"),
		"name twice":        hs256(t, "x", `{"`+hostile[len(marker):]+`":1,"`+hostile[len(marker):]+`":1}`, "{}"),
		"iss":               signed(members{"iss": hostile}),
		"aud":               signed(members{"aud": hostile}),
		"many aud":          signed(members{"aud": strings.Split(hostile, "x")}),
		"match":             signed(matcher(members{"match": hostile})),
		"match_type":        signed(matcher(members{"match": "a", "match_type": hostile})),
		"exp":               signed(members{"exp": hostile}),
		"wrong signature":   hs256(t, "x", currentHeader, currentClaims),
		"unknown as legacy": hs256(t, "x", legacyHeader, members{"mercure": hostile}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Verify(token, auth.Subscriber, now)
			if err == nil {
				t.Fatal("accepted")
			}
			detail := err.Error()
			if len(detail) > 1000 {
				t.Errorf("%d bytes of detail", len(detail))
			}
			if i := strings.IndexFunc(detail, func(r rune) bool { return unicode.Is(unicode.C, r) }); i >= 0 {
				t.Errorf("a control or format character in %q", detail)
			}
			for part := range strings.SplitSeq(token, ".") {
				if strings.Contains(detail, part) {
					t.Errorf("part of the token in %q", detail)
				}
			}
		})
	}
}
