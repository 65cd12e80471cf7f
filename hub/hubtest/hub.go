// Package hubtest runs a hub on loopback for tests: with an in-memory history
// unless told otherwise, keys for both roles, tokens of both generations, and
// a reader of its streams that fails the test when nothing comes.
package hubtest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/spec"
	"cinnabar/store/memory"
)

// Patience is how long anything may take before the test fails.
const Patience = 10 * time.Second

// Secrets of the two roles (HS256), and the 1.0 issuer they belong to.
const (
	PublisherSecret  = "publisher-secret-for-tests-of-32-bytes!"
	SubscriberSecret = "subscriber-secret-for-tests-of-32-bytes"
	Issuer           = "https://issuer.example"
)

// A Hub is a running hub and where it is.
type Hub struct {
	*hub.Hub
	t testing.TB

	URL    string // of the hub: also its resource identifier
	Origin string // of URL
	Config hub.Config
	Server *httptest.Server
	Client *http.Client
}

// Start runs a hub that serves both generations and anonymous subscribers,
// after each of the changes to its configuration. It ends with the test.
func Start(t testing.TB, changes ...func(*hub.Config)) *Hub {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	origin := "http://" + server.Listener.Addr().String()
	c := hub.Config{
		ResourceIdentifier: origin + spec.WellKnownPath,
		PublisherKey:       key(t, PublisherSecret),
		SubscriberKey:      key(t, SubscriberSecret),
		Issuer:             Issuer,
		Anonymous:          true,
		Logger:             slog.New(slog.DiscardHandler),
	}
	for _, change := range changes {
		change(&c)
	}
	if c.Log == nil {
		log, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatalf("opening a history in memory: %v", err)
		}
		t.Cleanup(func() { _ = log.Close() })
		c.Log, c.Presence = log, log
	}
	inner, err := hub.New(c)
	if err != nil {
		t.Fatalf("hub.New: %v", err)
	}
	path := spec.WellKnownPath
	if u, err := url.Parse(c.ResourceIdentifier); err == nil && c.ResourceIdentifier != "" {
		path = u.Path
	}
	h := &Hub{Hub: inner, t: t, URL: origin + path, Origin: origin, Config: c, Server: server}
	server.Config.Handler, server.Config.ConnState = inner, inner.ConnState
	server.Listener = hub.Own(server.Config, server.Listener)
	server.Start()
	h.Client = server.Client()
	t.Cleanup(h.stop)
	return h
}

func (h *Hub) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		h.t.Errorf("closing the hub: %v", err)
	}
	h.Client.CloseIdleConnections()
	h.Server.Close()
}

func key(t testing.TB, secret string) auth.Key {
	t.Helper()
	k, err := auth.ParseKey(secret, "HS256")
	if err != nil {
		t.Fatalf("auth.ParseKey: %v", err)
	}
	return k
}

// Publish sends a form with a token that may publish everything and returns
// the id of the update. Any other answer than 200 fails the test.
func (h *Hub) Publish(form url.Values) string {
	h.t.Helper()
	r := h.Request(http.MethodPost, "", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+h.Sign(Token{Publish: []string{"*"}}))
	status, body := h.Do(r)
	if status != http.StatusOK {
		h.t.Fatalf("publishing %v: status %d: %s", form, status, body)
	}
	return body
}

// Request makes a request to the hub's URL with a query component.
func (h *Hub) Request(method, query string, body io.Reader) *http.Request {
	h.t.Helper()
	target := h.URL
	if query != "" {
		target += "?" + query
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, target, body)
	if err != nil {
		h.t.Fatalf("making a request: %v", err)
	}
	return r
}

// Do sends a request and reads its whole answer.
func (h *Hub) Do(r *http.Request) (status int, body string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), Patience)
	defer cancel()
	answer, err := h.Client.Do(r.WithContext(ctx))
	if err != nil {
		h.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatalf("%s %s: reading the answer: %v", r.Method, r.URL, err)
	}
	return answer.StatusCode, string(b)
}
