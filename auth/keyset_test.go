package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func edJWK(kid string) string {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}`, kid, base64.RawURLEncoding.EncodeToString(public))
}

func setOf(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

func TestParseJWK(t *testing.T) {
	for name, test := range map[string]struct{ material, alg, want, fault string }{
		"Ed25519":                 {edJWK("a"), "", "EdDSA", ""},
		"secret":                  {`{"kty":"oct","k":"c2VjcmV0"}`, "", "HS256", ""},
		"secret, HS512":           {`{"kty":"oct","k":"c2VjcmV0","alg":"HS512"}`, "", "HS512", ""},
		"contradiction":           {`{"kty":"oct","k":"c2VjcmV0","alg":"HS512"}`, "HS256", "", "contradicts"},
		"no such type":            {`{"kty":"x"}`, "", "", "no use for"},
		"encryption":              {`{"kty":"oct","k":"c2VjcmV0","use":"enc"}`, "", "", "not for signatures"},
		"signing only":            {`{"kty":"oct","k":"c2VjcmV0","key_ops":["sign"]}`, "", "", "not to verify"},
		"private":                 {`{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}`, "", "", "private key"},
		"short Ed25519":           {`{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`, "", "", "no key of Ed25519"},
		"X25519":                  {`{"kty":"OKP","crv":"X25519","x":"AAAA"}`, "", "", "no key of Ed25519"},
		"off the curve":           {`{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}`, "", "", "no point of P-256"},
		"another curve":           {`{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}`, "", "", "secp256k1"},
		"small RSA":               {`{"kty":"RSA","n":"_____w","e":"AQAB"}`, "", "", "fewer than 2048"},
		"even exponent":           {`{"kty":"RSA","n":"_____w","e":"AQAA"}`, "", "", "no exponent"},
		"huge exponent":           {`{"kty":"RSA","n":"_____w","e":"AQAAAAAAAAAB"}`, "", "", "no exponent"},
		"public key for HS256":    {`{"kty":"OKP","crv":"Ed25519","alg":"HS256","x":"` + strings.Repeat("A", 43) + `"}`, "", "", "no secret"},
		"curve for another's alg": {edJWK("a"), "ES256", "", "does not suit"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := ParseKey(test.material, test.alg)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Errorf("error %v, want one about %q", err, test.fault)
				}
			} else if err != nil || k.Algorithm() != test.want {
				t.Errorf("%v, %v, want %s", k, err, test.want)
			}
		})
	}
}

func TestParseJWKS(t *testing.T) {
	many := make([]string, maxKeys+1)
	for i := range many {
		many[i] = edJWK("x")
	}
	for name, test := range map[string]struct {
		set     string
		secrets bool
		want    int
		fault   string
	}{
		"two":                {setOf(edJWK("a"), edJWK("b")), false, 2, ""},
		"one of use":         {setOf(edJWK("a"), `{"kty":"x"}`, `7`), false, 1, ""},
		"a published secret": {setOf(`{"kty":"oct","k":"c2VjcmV0"}`), false, 0, "no place"},
		"a secret in a file": {setOf(`{"kty":"oct","k":"c2VjcmV0"}`), true, 1, ""},
		"none":               {setOf(), false, 0, "no key"},
		"at the limit":       {setOf(many[1:]...), false, maxKeys, ""},
		"beyond the limit":   {setOf(many...), false, 0, "more than 32"},
		"no set":             {`[]`, false, 0, "not a JWK Set"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := parseJWKS([]byte(test.set), test.secrets)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Errorf("error %v, want one about %q", err, test.fault)
				}
			} else if err != nil || len(keys) != test.want {
				t.Errorf("%d keys, %v, want %d", len(keys), err, test.want)
			}
		})
	}
}

// Where keys come from is the operator's to say, and not every place will do
// (SEC-ssrf).
func TestKeySetLocations(t *testing.T) {
	for location, fault := range map[string]string{
		"https://id.example/jwks":       "",
		"http://127.0.0.1:1/jwks":       "",
		"http://[::1]:1/jwks":           "",
		"http://localhost/jwks":         "",
		"http://id.example/jwks":        "over https",
		"http://127.0.0.1.evil.example": "over https",
		"ftp://id.example/jwks":         "over https",
		"https://me:secret@id.example/": "not the URL",
		"":                              "name one",
		"/nowhere/at/all.json":          "no such file",
	} {
		_, err := OpenKeySet(location, 0, nil)
		if fault == "" && err != nil || fault != "" && (err == nil || !strings.Contains(err.Error(), fault)) {
			t.Errorf("%q: error %v, want one about %q", location, err, fault)
		}
		if err != nil && strings.Contains(err.Error(), "me:secret") && !strings.Contains(fault, "not the URL") {
			t.Errorf("%q: the error quotes a password", location)
		}
	}
}

func TestServersAreAskedWithCare(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	mux := http.NewServeMux()
	good := setOf(edJWK("a"))
	serve := func(path string, f http.HandlerFunc) { mux.HandleFunc(path, f) }
	serve("/good", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		fmt.Fprint(w, good)
	})
	serve("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) })
	serve("/elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	serve("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	serve("/large", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, good+strings.Repeat(" ", maxKeySet)) })
	serve("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	here := httptest.NewServer(mux)
	defer here.Close()
	for path, fault := range map[string]string{
		"/good": "", "/moved": "", "/elsewhere": "only the configured origin", "/loop": "only the configured origin",
		"/large": "more than", "/broken": "status 500", "/nothing": "status 404",
	} {
		from, err := newSource(here.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		keys, age, err := from.read(t.Context())
		if fault == "" && (err != nil || len(keys) != 1 || age != time.Minute) {
			t.Errorf("%s: %d keys for %v, %v, want 1 for a minute", path, len(keys), age, err)
		}
		if fault != "" && (err == nil || !strings.Contains(err.Error(), fault)) {
			t.Errorf("%s: error %v, want one about %q", path, err, fault)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another origin was asked %d times, want never (SEC-ssrf)", n)
	}
}

// A fakeSource is an issuer's server as a test wants it.
type fakeSource struct {
	mu    sync.Mutex
	set   string
	err   error
	asked int
}

func (f *fakeSource) String() string { return "the test" }

func (f *fakeSource) read(context.Context) ([]Key, time.Duration, error) {
	time.Sleep(time.Second)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.err != nil {
		return nil, 0, f.err
	}
	keys, err := parseJWKS([]byte(f.set), false)
	return keys, 15 * time.Minute, err
}

func (f *fakeSource) answer(set string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set, f.err = set, err
}

func fakeSet(from *fakeSource, journal *strings.Builder) *KeySet {
	return &KeySet{source: from, tolerate: time.Hour, logger: slog.New(slog.NewTextHandler(journal, nil)), wake: make(chan struct{}, 1)}
}

// However many ask for a key that nobody has, the issuer is asked once, and
// again only after a while (AUTH-key-kid).
func TestUnknownKidReadsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &fakeSource{set: setOf(edJWK("a"))}
		s := fakeSet(from, new(strings.Builder))
		var asking sync.WaitGroup
		for range 100 {
			asking.Go(func() {
				if n := len(s.keysFor("a")); n != 1 {
					t.Errorf("%d keys, want 1", n)
				}
			})
		}
		asking.Wait()
		for range 100 {
			s.keysFor("never")
		}
		if from.asked != 1 {
			t.Fatalf("the issuer was asked %d times, want once", from.asked)
		}
		from.answer(setOf(edJWK("a"), edJWK("b")), nil)
		time.Sleep(leastKeyAge)
		if n := len(s.keysFor("b")); n != 2 || from.asked != 2 {
			t.Errorf("after rotation %d keys and %d questions, want 2 and 2", n, from.asked)
		}
	})
}

func TestOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &fakeSource{set: setOf(edJWK("a"))}
		var journal strings.Builder
		s := fakeSet(from, &journal)
		ctx, stop := context.WithCancel(t.Context())
		var changes atomic.Int32
		var watching sync.WaitGroup
		watching.Go(func() { s.Watch(ctx, func() { changes.Add(1) }) })
		time.Sleep(time.Minute)
		from.answer("", http.ErrServerClosed)
		time.Sleep(45 * time.Minute)
		if len(s.keys()) != 1 || s.Failures() == 0 {
			t.Errorf("in an outage: %d keys, %d failures, want the last good key and failures counted", len(s.keys()), s.Failures())
		}
		time.Sleep(time.Hour)
		if len(s.keys()) != 0 || changes.Load() != 2 {
			t.Errorf("after what is tolerated: %d keys, %d changes, want none and 2", len(s.keys()), changes.Load())
		}
		from.answer(setOf(edJWK("b")), nil)
		time.Sleep(time.Minute)
		if len(s.keys()) != 1 || changes.Load() != 3 {
			t.Errorf("after the outage: %d keys, %d changes, want 1 and 3", len(s.keys()), changes.Load())
		}
		stop()
		watching.Wait()
		if got := strings.Count(journal.String(), "cannot be read"); got != 1 {
			t.Errorf("logged %d times, want once:\n%s", got, journal.String())
		}
	})
}

func TestFilesAreReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	write := func(set string) {
		if err := os.WriteFile(path, []byte(set), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(setOf(edJWK("a")))
	s, err := OpenKeySet(path, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(setOf(edJWK("a"), edJWK("b")))
	if n := len(s.keysFor("b")); n != 2 {
		t.Errorf("%d keys after the file was written again, want 2", n)
	}
}

// A ring holds what vouched, and no other issuer's key (AUTH-key-no-pooling).
func TestTrusts(t *testing.T) {
	key := func(secret string) Key {
		k, err := ParseKey(secret, "")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	trusting := func(issuers ...Issuer) *Authenticator {
		a, err := New(Config{ResourceIdentifier: "https://hub.example/x", Issuers: issuers})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := Issuer{ID: "a", PublisherKeys: []Key{key("one"), key("two")}}
	b := Issuer{ID: "b", Publisher: key("three")}
	for _, test := range []struct {
		name   string
		issuer string
		key    string
		role   Role
		now    *Authenticator
		want   bool
	}{
		{"as before", "a", "one", Publisher, trusting(a, b), true},
		{"its second key", "a", "two", Publisher, trusting(a, b), true},
		{"another issuer's key", "a", "three", Publisher, trusting(a, b), false},
		{"another role", "a", "one", Subscriber, trusting(a, b), false},
		{"key removed", "a", "two", Publisher, trusting(Issuer{ID: "a", Publisher: key("one")}), false},
		{"issuer removed", "a", "one", Publisher, trusting(b), false},
	} {
		g := &Grants{generation: 2, voucher: voucher{test.issuer, test.role, key(test.key)}}
		if got := test.now.Trusts(g); got != test.want {
			t.Errorf("%s: trusted %t, want %t", test.name, got, test.want)
		}
	}
	raw, _ := json.Marshal(a)
	if strings.Contains(string(raw), "one") {
		t.Errorf("an issuer in JSON shows its secret: %s", raw)
	}
}
