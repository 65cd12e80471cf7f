package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// keySetCases: keys that the hub fetches.
var keySetCases = []Case{
	{
		ID:    "AUTH-key-source",
		Needs: []Need{SubscriberKey, Variant("jwks")},
		Run: func(t *T) {
			t = t.On("jwks")
			published := edSigner()
			t.servesKeys().publish(published)
			t.untilTrusted(published)
			t.acceptedToken("a token of a published key", t.issuedBy(t.OtherIssuer, published, Claims{"kid": "1"}))
			t.acceptedToken("a token of a published key, which it does not name", t.issuedBy(t.OtherIssuer, published, nil))
			t.refusedToken("a token of a key that is not published", t.issuedBy(t.OtherIssuer, published.stranger(), Claims{"kid": "1"}))
			t.refusedToken("a token of another issuer, signed by a published key", t.issuedBy(t.Issuer, published, Claims{"kid": "1"}))
		},
	},
	{
		ID:    "SEC-ssrf",
		Needs: []Need{SubscriberKey, Variant("jwks")},
		Run: func(t *T) {
			t = t.On("jwks")
			elsewhere, asked := t.keyServer(encodedSet(edSigner().jwk()))
			stranger := edSigner()
			for _, name := range []string{"jku", "x5u"} {
				t.refusedToken("a stranger's token that names a key server in "+name, t.issuedBy(t.OtherIssuer, stranger, Claims{name: elsewhere, "kid": "1"}))
			}
			t.refusedToken("a token of an issuer that nobody trusts", t.issuedBy(elsewhere, stranger, Claims{"kid": "1"}))
			if n := asked.Load(); n != 0 {
				t.Errorf("the hub asked the server that tokens named %d times, want never", n)
			}

			// The issuer's server leads to another one inside the network.
			published, source := edSigner(), t.servesKeys()
			source.redirect(elsewhere)
			t.untilAsked(source)
			source.publish(published)
			t.untilTrusted(published) // so the reading before has ended
			if n := asked.Load(); n != 0 {
				t.Errorf("the hub followed a redirect to another address %d times, want never", n)
			}
		},
	},
}

func edSigner() signer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic("conformance: making a key: " + err.Error())
	}
	return signer{alg: "EdDSA", key: private}
}

// A keySource is the server at the URL where the hub was told to read keys.
type keySource struct {
	asked  atomic.Int32
	answer atomic.Pointer[http.HandlerFunc]
}

// serving has a lock for each address that cases serve keys at, in turn.
var serving sync.Map

// servesKeys listens where the hub reads the other issuer's keys, until the
// case ends. A hub that finds keys by the issuer's metadata is led to them.
func (t *T) servesKeys() *keySource {
	where, err := url.Parse(t.KeysAt)
	if err != nil || where.Scheme != "http" {
		t.Fatalf("keys_at is %q, want an http URL on this machine, such as http://127.0.0.1:8099/keys", t.KeysAt)
	}
	turn, _ := serving.LoadOrStore(where.Host, new(sync.Mutex))
	turn.(*sync.Mutex).Lock()
	t.Cleanup(turn.(*sync.Mutex).Unlock)
	l, err := net.Listen("tcp", where.Host)
	if err != nil {
		t.Fatalf("listening where the hub reads keys: %v", err)
	}
	s := new(keySource)
	s.answers(http.NotFound)
	mux := http.NewServeMux()
	mux.HandleFunc(where.Path, func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		(*s.answer.Load())(w, r)
	})
	mux.HandleFunc("/.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"issuer":"` + t.OtherIssuer + `","jwks_uri":"` + t.KeysAt + `"}`)) // the hub may be gone
	})
	server := &http.Server{Handler: mux}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return s
}

func (s *keySource) answers(f http.HandlerFunc) { s.answer.Store(&f) }

func (s *keySource) publish(key signer) {
	s.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", "max-age=0")
		_, _ = w.Write([]byte(encodedSet(key.jwk())))
	})
}

func (s *keySource) redirect(to string) {
	s.answers(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
}

// A hub may take its time before it reads keys again, or no unknown key could
// be told from an attack; keyPatience is how long that may be.
const (
	keyPatience = 25 * time.Second
	keyPause    = 200 * time.Millisecond
)

// untilTrusted waits for the hub to read a published key. The cases say what
// is wrong if it never does.
func (t *T) untilTrusted(key signer) {
	t.waitForKeys(key, func(status int) bool { return status == http.StatusOK })
}

// untilAsked brings tokens of a key that nobody knows until the hub asks its
// source for it.
func (t *T) untilAsked(s *keySource) {
	t.waitForKeys(edSigner(), func(int) bool { return s.asked.Load() > 0 })
	if s.asked.Load() == 0 {
		t.Fatalf("the hub did not read keys at %s in %v", t.KeysAt, t.keyPatience())
	}
}

func (t *T) waitForKeys(key signer, done func(status int) bool) {
	for end := time.Now().Add(t.keyPatience()); time.Now().Before(end); time.Sleep(keyPause) {
		token := t.issuedBy(t.OtherIssuer, key, Claims{"kid": "1"})
		if done(t.publishBy(bearer(token(Publisher)), t.Topic("waiting")).Status) {
			return
		}
	}
}

// keyPatience is short where the target's patience is.
func (t *T) keyPatience() time.Duration { return min(keyPatience, 3*t.Patience) }
