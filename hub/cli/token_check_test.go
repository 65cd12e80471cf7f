package cli

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
)

const checkedHub = "https://hub.example/.well-known/mercure"

// TestTokenCheckNamesTheRule: of several issuers, with keys of their own and
// key sets, each mistake is told by the rule that it breaks.
func TestTokenCheckNamesTheRule(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	published := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/keys" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"now","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	defer keys.Close()
	const app, backup = "a secret of the application, of 32 bytes", "a secret for its subscribers, of 32 bytes"
	file := write(t, "hub.yaml", fmt.Sprintf(`
resource_identifier: %s
issuers:
  - issuer: https://app.example
    publisher_keys: [{kid: first, key: %q}]
    subscriber_keys: [{key: %q}]
  - issuer: https://keys.example
    jwks: %s/keys
  - issuer: https://broken.example
    jwks: %s/broken
`, checkedHub, app, backup, keys.URL, keys.URL))

	hour := time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		issuer, key string
		role        auth.Role
		aud         string
		exp         time.Time
		want        []string
	}{
		"a good one":                {"https://app.example", app, auth.Publisher, checkedHub, hour, []string{"✓ is signed by the key of the role", "accepted as a publisher's token of protocol 1.0"}},
		"a good one of a set":       {"https://keys.example", published, auth.Subscriber, checkedHub, hour, []string{"accepted as a subscriber's token of protocol 1.0"}},
		"an issuer nobody knows":    {"https://else.example", app, auth.Publisher, checkedHub, hour, []string{"✗ comes from a trusted issuer", "unknown_issuer"}},
		"the other issuer's key":    {"https://keys.example", app, auth.Publisher, checkedHub, hour, []string{"✗ is signed with the configured algorithm", "the publisher key is for EdDSA"}},
		"the published key":         {"https://app.example", published, auth.Publisher, checkedHub, hour, []string{"✗ is signed with the configured algorithm", "the publisher key is for HS256"}},
		"the other role's key":      {"https://app.example", backup, auth.Publisher, checkedHub, hour, []string{"✗ is signed by the key of the role", "wrong_role"}},
		"a secret nobody has":       {"https://app.example", "another secret of 32 bytes or more, yes", auth.Publisher, checkedHub, hour, []string{"✗ is signed by the key of the role", "bad_signature"}},
		"a secret with a line end":  {"https://app.example", app + "\n", auth.Publisher, checkedHub, hour, []string{"the signer's secret ends with a line break"}},
		"another hub":               {"https://app.example", app, auth.Publisher, "https://other.example/", hour, []string{"✓ is signed by the key of the role", "✗ is meant for this hub"}},
		"expired, for another hub":  {"https://app.example", app, auth.Publisher, "https://other.example/", time.Now().Add(-time.Hour), []string{"✗ has not expired", "✗ is meant for this hub"}},
		"an issuer without its set": {"https://broken.example", published, auth.Publisher, checkedHub, hour, []string{"✗ is for a role that has a key", "could not be read from " + keys.URL + "/broken", "status 500"}},
	} {
		t.Run(name, func(t *testing.T) {
			signing, err := auth.ParseSigningKey(test.key, "")
			if err != nil {
				t.Fatal(err)
			}
			token, err := signing.Sign(auth.CurrentClaims{Issuer: test.issuer, Audience: test.aud, Expires: test.exp, Details: []auth.Detail{{
				Actions: []string{"publish", "subscribe"}, Topics: []auth.Matcher{{Match: "*"}},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			p := &program{environ: environment{}, stdin: strings.NewReader(""), stdout: &said, stderr: &said}
			err = p.tokenCheck([]string{"--config", file, "--role", test.role.String(), token})
			if accepted := err == nil; accepted != strings.Contains(name, "good") {
				t.Errorf("accepted %t: %v", accepted, err)
			}
			for _, want := range test.want {
				if !strings.Contains(said.String(), want) {
					t.Errorf("it does not say %q:\n%s", want, said.String())
				}
			}
			for _, secret := range []string{app, backup} {
				if strings.Contains(said.String(), secret) {
					t.Errorf("it shows a secret:\n%s", said.String())
				}
			}
		})
	}
}
