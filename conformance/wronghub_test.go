package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cinnabar/conformance/wronghub"

	"github.com/goccy/go-yaml"
)

// The suite is judged by a hub that is wrong on purpose, in this process.
type wrongHub struct {
	t        *testing.T
	variants map[string]wrongVariant
	defects  []wronghub.Defect
}

// config is what every such hub is told.
func (w wrongHub) config() wronghub.Config {
	return wronghub.Config{
		Resource: testAudience, Issuer: testIssuer,
		PublisherKey: testPublisherKey, SubscriberKey: testSubscriberKey,
		Anonymous: true, Origin: testOrigin, Heartbeat: 500 * time.Millisecond,
		Defects: w.defects,
	}
}

// serve returns the hub, and its URL.
func (w wrongHub) serve(c wronghub.Config) (*wronghub.Hub, string) {
	w.t.Helper()
	h, err := wronghub.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewServer(h)
	w.t.Cleanup(server.Close)
	w.t.Cleanup(server.CloseClientConnections)
	_, path, _ := strings.Cut(strings.TrimPrefix(c.Resource, "https://"), "/")
	return h, server.URL + "/" + path
}

// target describes the hub, with the variants that are needed.
func (w wrongHub) target(needed func(Need) bool) *Target {
	w.t.Helper()
	c := w.config()
	h, url := w.serve(c)
	target := &Target{
		Hub: url, PublisherKey: testPublisherKey, SubscriberKey: testSubscriberKey,
		Issuer: testIssuer, Audience: testAudience,
		Anonymous: true, CORSOrigin: testOrigin, PublishOrigin: testOrigin, Heartbeat: c.Heartbeat,
		Variants: make(map[string]yaml.RawMessage),
		restart:  func() error { h.Restart(); return nil },
	}
	for name, v := range w.variants {
		if !needed(Variant(name)) {
			continue
		}
		c := w.config()
		v.change(&c)
		_, url := w.serve(c)
		target.Variants[name] = yaml.RawMessage(fmt.Sprintf("hub: %s\naudience: %s\n%s", url, c.Resource, v.more))
	}
	return target
}

// A wrongVariant is a variant as a configuration and as lines of a target.
type wrongVariant struct {
	change func(*wronghub.Config)
	more   string
}

func wrongVariants(t *testing.T) map[string]wrongVariant {
	t.Helper()
	keys := func(private, public any, err error) wrongVariant {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		privatePEM, publicPEM := pemPair(t, private, public)
		return wrongVariant{
			func(c *wronghub.Config) { c.PublisherKey, c.SubscriberKey = publicPEM, publicPEM },
			fmt.Sprintf("publisher_key: |\n%s\nsubscriber_key: |\n%s", indent(privatePEM), indent(privatePEM)),
		}
	}
	rsaKey, rsaErr := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, ecErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	edPublic, edKey, edErr := ed25519.GenerateKey(rand.Reader)
	return map[string]wrongVariant{
		"closed": {func(c *wronghub.Config) { c.Anonymous = false }, "anonymous: false"},
		"custom_path": {func(c *wronghub.Config) { c.CurrentOnly, c.Resource = true, "https://hub.test/app/hub" },
			"protocols: [\"1.0\"]"},
		"rs256":       keys(rsaKey, &rsaKey.PublicKey, rsaErr),
		"es256":       keys(ecKey, &ecKey.PublicKey, ecErr),
		"eddsa":       keys(edKey, edPublic, edErr),
		"cookie_name": {func(c *wronghub.Config) { c.Cookie, c.LegacyCookie = "conformance", "legacyConformance" }, ""},
		"query_token": {func(c *wronghub.Config) { c.QueryToken = true }, ""},
		"short":       {func(c *wronghub.Config) { c.MaxLifetime = time.Second }, "max_lifetime: 1s"},
		"small":       {func(c *wronghub.Config) { c.Retained = 2 }, ""},
		"fresh":       {func(*wronghub.Config) {}, ""},
		"shared_keys": {func(c *wronghub.Config) { c.SubscriberKey = testPublisherKey }, "subscriber_key: " + testPublisherKey},
	}
}

// TestWrongHub: without a defect, every case passes.
func TestWrongHub(t *testing.T) {
	t.Parallel()
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	target := wrongHub{t: t, variants: wrongVariants(t)}.target(func(Need) bool { return true })
	if err := target.complete(); err != nil {
		t.Fatal(err)
	}
	plan := Plan{Target: target, Catalogue: catalogue, Cases: cases(), Strict: true, Parallel: 8}
	counts := make(map[Status]int)
	for _, r := range plan.Run(t.Context()) {
		counts[r.Status]++
		if r.Status != Passed {
			t.Errorf("%s in %s: %s: %s\n\trequired: %s\n\tsteps: %s", r.Case, r.Generation, r.Status,
				strings.Join(r.Why, "; "), r.Requires, strings.Join(r.Steps, "; "))
		}
	}
	t.Logf("%d passed", counts[Passed])
}
