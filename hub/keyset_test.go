package hub_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// A signer is a key pair whose public half an issuer publishes.
type signer struct {
	kid     string
	private ed25519.PrivateKey
}

func newSigner(t *testing.T, kid string) signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, private}
}

func (s signer) jwk() string {
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}`, s.kid,
		base64.RawURLEncoding.EncodeToString(s.private.Public().(ed25519.PublicKey)))
}

// token makes a 1.0 token that grants everything; params are added to its
// header.
func (s signer) token(t *testing.T, h *hubtest.Hub, issuer string, params map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"iss": issuer, "aud": h.Config.ResourceIdentifier, "exp": time.Now().Add(time.Hour).Unix(),
		"authorization_details": []any{map[string]any{
			"type": spec.DetailType, "actions": []string{"publish", "subscribe"}, "topics": []any{map[string]any{"match": "*"}},
		}},
	})
	token.Header["typ"], token.Header["kid"] = "at+jwt", s.kid
	for name, value := range params {
		token.Header[name] = value
	}
	signed, err := token.SignedString(s.private)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// An issuer publishes a key set, as a test wants it.
type issuer struct {
	*httptest.Server
	answer atomic.Pointer[http.HandlerFunc]
}

func newIssuer(t *testing.T, keys ...signer) *issuer {
	t.Helper()
	i := new(issuer)
	i.publish(keys...)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*i.answer.Load())(w, r) }))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answers(f http.HandlerFunc) { i.answer.Store(&f) }

func (i *issuer) publish(keys ...signer) {
	var published []string
	for _, k := range keys {
		published = append(published, k.jwk())
	}
	i.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=0") // the hub asks again as soon as it does at all
		fmt.Fprintf(w, `{"keys":[%s]}`, strings.Join(published, ","))
	})
}

// trusting starts a hub that reads the issuers' keys.
func trusting(t *testing.T, issuers ...*issuer) *hubtest.Hub {
	t.Helper()
	var trusted []auth.Issuer
	for _, i := range issuers {
		set, err := auth.OpenKeySet(i.URL, 0, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		trusted = append(trusted, auth.Issuer{ID: i.URL, KeySet: set})
	}
	return hubtest.Start(t, func(c *hub.Config) { c.Issuers = trusted })
}

// publishStatus is what a publish by a token is answered with.
func publishStatus(h *hubtest.Hub, token string) int {
	r := h.Request(http.MethodPost, "", strings.NewReader("topic=a&private=on"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	status, _ := h.Do(r)
	return status
}

// eventually waits for what another process's clock decides: key sets are read
// at most every ten seconds.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// counted returns a metric's lines.
func counted(t *testing.T, h *hubtest.Hub) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(h.Collectors()...)
	_, text := get(t, h.Operations(registry), "/metrics")
	return text
}

// Keys are rotated with an overlap: the new one counts as soon as a token names
// it, the streams of the old one end when it goes, and nobody else's do
// (AUTH-key-kid, AUTH-key-trusted-set).
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	old, kept, fresh := newSigner(t, "old"), newSigner(t, "kept"), newSigner(t, "fresh")
	i := newIssuer(t, old, kept)
	h := trusting(t, i)
	ends := h.Subscribe("match=a", old.token(t, h, i.URL, nil))
	stays := h.Subscribe("match=a", kept.token(t, h, i.URL, nil))
	legacy := h.Subscribe("topic=a", h.Sign(hubtest.Token{Subscribe: []string{"*"}}))
	all := []*hubtest.Stream{stays, legacy}

	if got := publishStatus(h, fresh.token(t, h, i.URL, nil)); got != http.StatusUnauthorized {
		t.Errorf("a token of a key that is not published yet: status %d, want 401", got)
	}
	id := h.Publish(url.Values{"topic": {"a"}, "private": {"on"}})
	for _, s := range append(all, ends) {
		if got := s.Next(); got.ID != id {
			t.Errorf("before the rotation: event %q, want %q", got.ID, id)
		}
	}

	i.publish(kept, fresh)
	eventually(t, "a token of the new key is accepted", func() bool {
		return publishStatus(h, fresh.token(t, h, i.URL, nil)) == http.StatusOK
	})
	for _, s := range all {
		s.Next()
	}
	ends.End()
	if got := publishStatus(h, old.token(t, h, i.URL, nil)); got != http.StatusUnauthorized {
		t.Errorf("a token of the key that went: status %d, want 401", got)
	}
	id = h.Publish(url.Values{"topic": {"a"}, "private": {"on"}})
	for _, s := range all {
		if got := s.Next(); got.ID != id {
			t.Errorf("after the rotation: event %q, want %q", got.ID, id)
		}
	}
	if text := counted(t, h); !strings.Contains(text, `mercure_streams_closed_total{reason="key_removed"} 1`) {
		t.Error("not exactly one stream was closed for its key")
	}
}

// While an issuer's server is in trouble its last good keys count, for those
// who know them and for those who come.
func TestKeyServersInTrouble(t *testing.T) {
	t.Parallel()
	troubles := map[string]http.HandlerFunc{
		"down":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"failing": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"slow":    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"junk":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!DOCTYPE html>") },
		"no keys": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) },
	}
	issuers, key := make(map[string]*issuer), newSigner(t, "1")
	for name := range troubles {
		issuers[name] = newIssuer(t, key)
	}
	h := trusting(t, slices.Collect(maps.Values(issuers))...)
	streams := make(map[string]*hubtest.Stream)
	for name, i := range issuers {
		streams[name] = h.Subscribe("match=a", key.token(t, h, i.URL, nil))
	}
	for name, trouble := range troubles {
		issuers[name].answers(trouble)
	}
	for name, i := range issuers {
		eventually(t, name+" is counted", func() bool {
			_, count, found := strings.Cut(counted(t, h), fmt.Sprintf("mercure_key_set_failures_total{source=%q} ", i.URL))
			return found && !strings.HasPrefix(count, "0")
		})
	}
	for name, i := range issuers {
		r := h.Request(http.MethodPost, "", strings.NewReader("topic=a&private=on"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+key.token(t, h, i.URL, nil))
		status, id := h.Do(r)
		if status != http.StatusOK {
			t.Errorf("%s: a new token: status %d, want 200", name, status)
			continue
		}
		for of, s := range streams { // which were there before
			if got := s.Next(); got.ID != id {
				t.Errorf("%s: the stream of a token of the one that is %s got %q, want %q", name, of, got.ID, id)
			}
		}
	}
}

// No token makes the hub ask anybody anything, whatever it names (SEC-ssrf,
// AUTH-key-not-from-token).
func TestTokensCauseNoRequest(t *testing.T) {
	var connections atomic.Int32
	bait := httptest.NewUnstartedServer(http.NotFoundHandler())
	bait.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	bait.Start()
	defer bait.Close()
	key, stranger := newSigner(t, "1"), newSigner(t, "2")
	i := newIssuer(t, key)
	h := trusting(t, i)
	if got := publishStatus(h, key.token(t, h, i.URL, map[string]any{"jku": bait.URL, "x5u": bait.URL})); got != http.StatusOK {
		t.Errorf("a good token that names other places: status %d, want 200", got)
	}
	for what, token := range map[string]string{
		"jku":                    stranger.token(t, h, i.URL, map[string]any{"jku": bait.URL}),
		"x5u":                    stranger.token(t, h, i.URL, map[string]any{"x5u": bait.URL}),
		"jwk":                    stranger.token(t, h, i.URL, map[string]any{"jwk": map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "2", "x": base64.RawURLEncoding.EncodeToString(stranger.private.Public().(ed25519.PublicKey)), "jku": bait.URL}}),
		"a kid that is a URL":    stranger.token(t, h, i.URL, map[string]any{"kid": bait.URL}),
		"an issuer that listens": stranger.token(t, h, bait.URL, map[string]any{"jku": bait.URL + "/jwks"}),
	} {
		if got := publishStatus(h, token); got != http.StatusUnauthorized {
			t.Errorf("a stranger's token with %s: status %d, want 401", what, got)
		}
		r := h.Request(http.MethodGet, "match=a", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		if got, _ := h.Do(r); got != http.StatusUnauthorized {
			t.Errorf("subscribing with a stranger's token with %s: status %d, want 401", what, got)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("the server that tokens name got %d connections, want none", n)
	}
}
