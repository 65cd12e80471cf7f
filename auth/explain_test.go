package auth_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
)

// failures lists the reasons a report gives, in order.
func failures(r auth.Report) string {
	var reasons []string
	for _, c := range r.Checks {
		if c.Outcome == auth.Failed {
			reasons = append(reasons, string(c.Refusal.Reason))
		}
	}
	return strings.Join(reasons, " ")
}

func TestExplainNamesEveryFault(t *testing.T) {
	a := newAuthenticator(t, config(t))
	worthless := members{"exp": now.Add(-time.Hour).Unix(), "aud": "https://other", "authorization_details": 1}
	for name, test := range map[string]struct {
		token string
		want  string
	}{
		"none":               {hs256(t, publisherSecret, currentHeader, currentClaims), ""},
		"0.x, none":          {hs256(t, legacyPublisherSecret, legacyHeader, members{}), ""},
		"no token":           {"Bearer x", "malformed_token"},
		"claims only":        {hs256(t, publisherSecret, currentHeader, currentClaims.with(worthless)), "expired wrong_audience invalid_grant"},
		"signature and more": {hs256(t, "wrong", currentHeader, currentClaims.with(worthless)), "bad_signature expired wrong_audience invalid_grant"},
		"stranger":           {hs256(t, "wrong", currentHeader, currentClaims.with(members{"iss": "x"})), "unknown_issuer"},
		"ambiguous":          {hs256(t, "wrong", legacyHeader, `{"exp":1,"x":{"a":1,"a":1}}`), "bad_signature duplicate_member"},
		"0.x, several":       {hs256(t, "wrong", legacyHeader, `{"exp":1,"mercure":1}`), "bad_signature expired invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			report := a.Explain(test.token, auth.Publisher, now)
			if got := failures(report); got != test.want {
				t.Errorf("failures %q, want %q", got, test.want)
			}
			if (report.Grants != nil) != (test.want == "") {
				t.Errorf("grants %v with failures %q", report.Grants, test.want)
			}
			if _, err := a.Verify(test.token, auth.Publisher, now); (err == nil) != (test.want == "") {
				t.Errorf("Verify says %v", err)
			} else if err != nil && !strings.HasPrefix(err.Error(), strings.Fields(test.want)[0]+": ") {
				t.Errorf("Verify says %v, Explain %s first", err, test.want)
			}
		})
	}
}

func TestExplainShowsWhatWasFound(t *testing.T) {
	a := newAuthenticator(t, config(t))
	report := a.Explain(hs256(t, "wrong", currentHeader, currentClaims.with(members{"nbf": absent})), auth.Publisher, now)
	found := make(map[string]string)
	outcomes := make(map[string]auth.Outcome)
	for _, c := range report.Checks {
		found[c.Requirement], outcomes[c.Name] = c.Found, c.Outcome
		if c.Requirement == "" || c.Name == "" {
			t.Errorf("a check without name or requirement: %+v", c)
		}
	}
	for requirement, want := range map[string]string{
		"AUTH-iss-checked": `"` + issuerURL + `"`,
		"AUTH-aud-checked": `"` + hubURL + `"`,
		"AUTH-nbf":         "absent",
		"AUTH-typ":         `"at+jwt"`,
	} {
		if found[requirement] != want {
			t.Errorf("%s: found %s, want %s", requirement, found[requirement], want)
		}
	}
	unsigned := a.Explain(hs256(t, "wrong", currentHeader, currentClaims.with(members{"iss": "x"})), auth.Publisher, now)
	reached := 0
	for _, c := range unsigned.Checks {
		if c.Outcome == auth.NotReached {
			reached++
		}
	}
	if reached != 3 { // key, algorithm, signature
		t.Errorf("%d rules not reached after an unknown issuer, want 3", reached)
	}
}

func TestExplainFindsTheUsualMistakes(t *testing.T) {
	const secret = "a secret that is long enough to be one"
	base64OfSecret := base64.StdEncoding.EncodeToString([]byte(secret))
	for name, test := range map[string]struct {
		hub, signer string
		want        string // part of the hint
	}{
		"another secret":          {secret, "x", ""},
		"white space at the hub":  {secret + "\n", secret, "white space"},
		"line break at signer":    {secret, secret + "\n", "line break"},
		"quotes at the hub":       {`"` + secret + `"`, secret, "quotes"},
		"base64 at the hub":       {base64OfSecret, secret, "decodes the secret from base64"},
		"base64 at the signer":    {secret, base64OfSecret, "encoded in base64"},
		"raw base64 at the hub":   {strings.TrimRight(base64OfSecret, "="), secret, "decodes the secret from base64"},
		"base64url at the signer": {"???>>>" + secret, base64.URLEncoding.EncodeToString([]byte("???>>>" + secret)), "encoded in base64"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.LegacyPublisher = secretKey(t, test.hub)
			report := newAuthenticator(t, c).Explain(hs256(t, test.signer, legacyHeader, members{}), auth.Publisher, now)
			hint := ""
			for _, check := range report.Checks {
				hint += check.Hint
			}
			if test.want == "" && hint != "" || !strings.Contains(hint, test.want) {
				t.Errorf("hint %q, want one about %q", hint, test.want)
			}
			if failures(report) != string(auth.BadSignature) {
				t.Errorf("failures %q, want %s", failures(report), auth.BadSignature)
			}
		})
	}
}
