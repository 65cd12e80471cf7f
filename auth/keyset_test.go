package auth

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
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
		"https://me:secret@id.example/": "without a user",
		"":                              "name one",
		"/nowhere/at/all.json":          "no such file",
	} {
		_, err := OpenKeySet(location, 0, nil)
		if fault == "" && err != nil || fault != "" && (err == nil || !strings.Contains(err.Error(), fault)) {
			t.Errorf("%q: error %v, want one about %q", location, err, fault)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
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
	takes time.Duration // to answer; 0: a second
	asked int
}

func (f *fakeSource) String() string { return "the test" }

func (f *fakeSource) read(context.Context) ([]Key, time.Duration, error) {
	f.mu.Lock()
	f.asked++
	takes := cmp.Or(f.takes, time.Second)
	f.mu.Unlock()
	time.Sleep(takes)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, 0, f.err
	}
	keys, err := parseJWKS([]byte(f.set), false)
	return keys, 15 * time.Minute, err
}

func (f *fakeSource) questions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
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
		if from.questions() != 1 {
			t.Fatalf("the issuer was asked %d times, want once", from.questions())
		}
		from.answer(setOf(edJWK("a"), edJWK("b")), nil)
		time.Sleep(leastKeyAge)
		if n := len(s.keysFor("b")); n != 2 || from.questions() != 2 {
			t.Errorf("after rotation %d keys and %d questions, want 2 and 2", n, from.questions())
		}
	})
}

// Nobody waits for an issuer's server that is slow or in trouble, but for a
// moment those who bring a name it may have by now, and those who come before
// any key (AUTH-key-kid).
func TestWhoWaitsForAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &fakeSource{set: setOf(edJWK("a")), takes: fetchTimeout}
		s := fakeSet(from, new(strings.Builder))
		waited := func(kid string) time.Duration {
			begun := time.Now()
			s.keysFor(kid)
			return time.Since(begun)
		}
		check := func(when, kid string, want time.Duration) {
			t.Helper()
			if got := waited(kid); got != want {
				t.Errorf("%s: a token with kid %q waited %v, want %v", when, kid, got, want)
			}
		}
		check("before the first answer", "a", patience)
		time.Sleep(fetchTimeout)
		check("with keys", "a", 0)
		check("with keys", "", 0)
		check("with keys, too early to ask again", "b", 0)

		time.Sleep(leastKeyAge)
		check("with keys, from a slow server", "b", patience)
		check("while it is asked", "a", 0)
		check("while it is asked", "", 0)

		from.answer("", http.ErrServerClosed)
		time.Sleep(leastKeyAge)
		check("after the server failed", "b", 0)
		time.Sleep(leastKeyAge)
		asked := from.questions()
		check("in an outage", "b", 0)
		check("in an outage", "a", 0)
		synctest.Wait()
		if from.questions() != asked+1 {
			t.Errorf("in an outage the issuer was asked %d times, want once, behind everybody's back", from.questions()-asked)
		}

		time.Sleep(time.Hour)
		if keys := s.keysFor("a"); keys != nil {
			t.Errorf("%d keys after what is tolerated, want none", len(keys))
		}
		check("without any key, in an outage", "a", 0)
		time.Sleep(fetchTimeout) // a bubble ends with all that goes on in it
	})
}

// Keys that were read too long ago stop counting when their time is over, not
// when the server is asked the next time.
func TestKeysExpireInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &fakeSource{set: setOf(edJWK("a"))}
		s := fakeSet(from, new(strings.Builder))
		s.tolerate = 5 * time.Minute // before the set is due again
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		var changed time.Time
		begun := time.Now()
		watching.Go(func() { s.Watch(ctx, func() { changed = time.Now() }) })
		time.Sleep(2 * time.Second)
		from.answer("", http.ErrServerClosed)
		time.Sleep(6 * time.Minute)
		stop()
		watching.Wait()
		if took := changed.Sub(begun).Round(time.Second); took != s.tolerate+time.Second {
			t.Errorf("the keys went after %v, want %v", took, s.tolerate+time.Second)
		}
	})
}

// A reading that brings the same keys changes nothing for those who hold one.
func TestSameKeysStay(t *testing.T) {
	a, b := edJWK("a"), edJWK("b")
	s := fakeSet(&fakeSource{}, new(strings.Builder))
	accept := func(set string) *keyList {
		keys, err := parseJWKS([]byte(set), false)
		if err != nil {
			t.Fatal(err)
		}
		s.accept(keys, time.Minute)
		return s.current.Load()
	}
	first := accept(setOf(a))
	if accept(setOf(a)) != first {
		t.Error("the same keys count as others")
	}
	if accept(setOf(a, b)) == first {
		t.Error("a key more counts as the same")
	}
	second := s.current.Load()
	if accept(setOf(strings.Replace(a, `"a"`, `"renamed"`, 1), b)) == second {
		t.Error("a key of another name counts as the same")
	}
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
		if len(s.current.Load().all()) != 1 || s.Failures() == 0 {
			t.Errorf("in an outage: %d keys, %d failures, want the last good key and failures counted", len(s.current.Load().all()), s.Failures())
		}
		time.Sleep(time.Hour)
		if len(s.current.Load().all()) != 0 || changes.Load() != 2 {
			t.Errorf("after what is tolerated: %d keys, %d changes, want none and 2", len(s.current.Load().all()), changes.Load())
		}
		from.answer(setOf(edJWK("b")), nil)
		time.Sleep(time.Minute)
		if len(s.current.Load().all()) != 1 || changes.Load() != 3 {
			t.Errorf("after the outage: %d keys, %d changes, want 1 and 3", len(s.current.Load().all()), changes.Load())
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
