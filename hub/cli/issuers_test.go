package cli

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIssuersOfAFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := write("secret", "a secret of an issuer, of 32 bytes or more\n")
	set := write("keys.json", `{"keys":[{"kty":"oct","kid":"x","k":"c2VjcmV0"}]}`)
	s, err := settingsOf(t, write("good.yaml", `
resource_identifier: https://hub.example/.well-known/mercure
issuers:
  - issuer: https://a.example
    publisher_keys:
      - {kid: "2025", key: "@`+secret+`"}
      - kid: "2026"
        key: '{"kty":"oct","k":"c2VjcmV0","alg":"HS512"}'
    subscriber_keys:
      - key: "plain"
  - issuer: https://b.example
    jwks: `+set+`
    jwks_tolerance: 2h
`))
	if err != nil {
		t.Fatal(err)
	}
	issuers, err := s.trusted(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if len(issuers) != 2 || len(issuers[0].PublisherKeys) != 2 || len(issuers[0].SubscriberKeys) != 1 || issuers[1].KeySet == nil {
		t.Fatalf("issuers %+v, want a with 2 and 1 keys, and b with a set", issuers)
	}
	if got := issuers[0].PublisherKeys[1].Algorithm(); got != "HS512" {
		t.Errorf("the JWK is for %s, want HS512", got)
	}
}

func TestFaultsOfIssuers(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no list":          {"issuers: https://a.example", "give a list of issuers"},
		"no issuer":        {"issuers:\n  - jwks: /x", "entry 1 names no issuer"},
		"no key":           {"issuers:\n  - issuer: https://a.example", "https://a.example has no key"},
		"unknown member":   {"issuers:\n  - issuer: https://a.example\n    jwk: /x", "give a list of issuers"},
		"http":             {"issuers:\n  - issuer: https://a.example\n    jwks: http://a.example/jwks", "over https"},
		"no such file":     {"issuers:\n  - issuer: https://a.example\n    jwks: /nowhere.json", "no such file"},
		"bad key":          {"issuers:\n  - issuer: https://a.example\n    publisher_keys: [{key: topsecret, alg: RS256}]", "publisher_keys[0]"},
		"missing key":      {"issuers:\n  - issuer: https://a.example\n    publisher_keys: [{kid: x}]", "key is missing"},
		"no material":      {"issuers:\n  - issuer: https://a.example\n    subscriber_keys: [{kid: x, key: ''}]", "subscriber_keys[0]: key is missing: give a secret"},
		"no key file":      {"issuers:\n  - issuer: https://a.example\n    publisher_keys: [{key: '@/nowhere.pem'}]", "publisher_keys[0]: reading the key: open /nowhere.pem"},
		"a word for keys":  {"issuers:\n  - issuer: https://a.example\n    publisher_keys: topsecret", "give a list of issuers"},
		"keys as words":    {"issuers:\n  - issuer: https://a.example\n    publisher_keys: [topsecret]", "give a list of issuers"},
		"a short PEM":      {"issuers:\n  - issuer: https://a.example\n    publisher_keys: [{key: '-----BEGIN PUBLIC KEY-----'}]", "publisher_keys[0]"},
		"password in URL":  {"issuers:\n  - issuer: https://a.example\n    jwks: https://me:topsecret@a.example/", "without a user"},
		"tolerance alone":  {"issuers:\n  - issuer: https://a.example\n    jwks_tolerance: 1h\n    publisher_keys: [{key: x}]", "set jwks, or leave it out"},
		"no set":           {"issuers:\n  - issuer: https://a.example\n    jwks: /dev/null", "not a JWK Set, an object with an array of keys"},
		"empty list":       {"issuers: []", "give a list of issuers"},
		"one, not a list":  {"issuers: {issuer: https://a.example, jwks: /x}", "begin each entry with a dash"},
		"no such duration": {"issuers:\n  - issuer: https://a.example\n    jwks: https://a.example/\n    jwks_tolerance: long", "not a duration"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hub.yaml")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := settingsOf(t, path)
			if err == nil {
				_, err = s.trusted(slog.New(slog.DiscardHandler))
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "topsecret") {
				t.Errorf("the error quotes a secret: %v", err)
			}
		})
	}
}

func settingsOf(t *testing.T, path string) (*settings, error) {
	t.Helper()
	p := &program{environ: environment{}}
	return p.load([]string{"--config", path})
}
