package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cinnabar/conformance/wronghub"

	"github.com/goccy/go-yaml"
)

// A wrongHub is a hub in this process, with variants, for the suite to be
// judged by.
type wrongHub struct {
	defects []wronghub.Defect
	servers []*httptest.Server
}

func (w *wrongHub) close() {
	for _, s := range w.servers {
		s.CloseClientConnections()
		s.Close()
	}
}

// config is what every variant is told.
func (w *wrongHub) config() wronghub.Config {
	return wronghub.Config{
		Resource: testAudience, Issuer: testIssuer,
		PublisherKey: testPublisherKey, SubscriberKey: testSubscriberKey,
		Subscriptions: true, Anonymous: true, Origin: testOrigin, Heartbeat: 500 * time.Millisecond,
		Defects: w.defects,
	}
}

// serve returns a hub and its URL.
func (w *wrongHub) serve(c wronghub.Config) (*wronghub.Hub, string, error) {
	h, err := wronghub.New(c)
	if err != nil {
		return nil, "", err
	}
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it breaks streams off on purpose
	server.Start()
	w.servers = append(w.servers, server)
	identifier, err := url.Parse(c.Resource)
	return h, server.URL + identifier.Path, err
}

// target serves the hub and its variants, and describes them.
func (w *wrongHub) target(variants map[string]wrongVariant) (*Target, error) {
	c := w.config()
	h, hubURL, err := w.serve(c)
	if err != nil {
		return nil, err
	}
	target := &Target{
		Hub: hubURL, PublisherKey: testPublisherKey, SubscriberKey: testSubscriberKey,
		Issuer: testIssuer, Audience: testAudience,
		Anonymous: true, CORSOrigin: testOrigin, PublishOrigin: testOrigin, Heartbeat: c.Heartbeat,
		Variants: make(map[string]yaml.RawMessage),
		restart:  func() error { h.Restart(); return nil },
	}
	for name, v := range variants {
		c := w.config()
		v.change(&c)
		if name == "jwks" { // each hub has an issuer of its own: cases of several run at once
			keysAt, err := unusedAddress()
			if err != nil {
				return nil, err
			}
			c.OtherIssuer, c.KeysAt = "http://"+keysAt, "http://"+keysAt+"/keys"
			v.more = fmt.Sprintf("other_issuer: %s\nkeys_at: %s", c.OtherIssuer, c.KeysAt)
		}
		_, hubURL, err := w.serve(c)
		if err != nil {
			return nil, fmt.Errorf("variant %s: %w", name, err)
		}
		target.Variants[name] = yaml.RawMessage(fmt.Sprintf("hub: %s\naudience: %s\n%s", hubURL, c.Resource, v.more))
	}
	return target, nil
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
		"small":       {func(c *wronghub.Config) { c.Retained, c.Subscriptions = 2, false }, ""},
		"crowded":     {func(c *wronghub.Config) { c.MaxStreams = 3 }, "max_connections: 3"},
		"client":      {func(c *wronghub.Config) { c.MaxOfClient = 3 }, "max_connections: 3"},
		"token":       {func(c *wronghub.Config) { c.MaxOfToken = 1 }, "max_connections: 1"},
		"limited": {func(c *wronghub.Config) {
			c.Limits = wronghub.Limits{Body: 20000, Field: 300, Topics: 5, Matchers: 6, Matcher: 200, Details: 7}
		}, saidLimits},
		"fresh":            {func(c *wronghub.Config) { c.Subscriptions = false }, ""},
		"untouched":        {func(*wronghub.Config) {}, ""},
		"quiet":            {func(*wronghub.Config) {}, ""},
		"no_subscriptions": {func(c *wronghub.Config) { c.Subscriptions = false }, ""},
		"issuers": {func(c *wronghub.Config) {
			c.SecondKey, c.OtherIssuer, c.OtherKey = testSecondKey, testOtherIssuer, testOtherKey
		}, twoIssuers},
		"jwks":        {func(*wronghub.Config) {}, ""}, // its address is the target's own
		"shared_keys": {func(c *wronghub.Config) { c.SubscriberKey = testPublisherKey }, "subscriber_key: " + testPublisherKey},
	}
}

// TestRightWrongHub: without a defect, every case passes.
func TestRightWrongHub(t *testing.T) {
	t.Parallel()
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	var hub wrongHub
	defer hub.close()
	target, err := hub.target(wrongVariants(t))
	if err != nil {
		t.Fatal(err)
	}
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

// TestWrongHub: every defect is caught by the cases it names, in words that
// fit.
func TestWrongHub(t *testing.T) {
	t.Parallel()
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	variants := wrongVariants(t)
	var atOnce sync.WaitGroup
	slots := make(chan struct{}, 16) // most of the time is spent waiting for what does not come
	for defect, catches := range wronghub.Defects() {
		for _, catch := range catches {
			slots <- struct{}{}
			atOnce.Go(func() {
				defer func() { <-slots }()
				if err := caught(t.Context(), catalogue, variants, defect, catch); err != nil {
					t.Error(err)
				}
			})
		}
	}
	atOnce.Wait()
}

// caught judges a hub with a defect by one case, which has to fail.
func caught(ctx context.Context, catalogue Catalogue, variants map[string]wrongVariant, d wronghub.Defect, catch wronghub.Catch) error {
	i := slices.IndexFunc(cases(), func(c Case) bool { return c.ID == catch.Case && c.Run != nil })
	if i < 0 {
		return fmt.Errorf("a hub that %s is to be caught by %s, which is no case that runs", d, catch.Case)
	}
	c := cases()[i]
	hub := wrongHub{defects: []wronghub.Defect{d}}
	defer hub.close()
	target, err := hub.target(variants)
	if err != nil {
		return err
	}
	target.Patience = 3 * time.Second // waited for wherever a defect keeps something from coming
	if err := target.complete(); err != nil {
		return err
	}
	var said []string
	plan := Plan{Target: target, Catalogue: catalogue, Cases: []Case{c}, Strict: true}
	for _, r := range plan.Run(ctx) {
		if r.Status == Failed {
			said = append(said, r.Why...)
		}
	}
	switch {
	case said == nil:
		return fmt.Errorf("a hub that %s was not caught by %s", d, c.ID)
	case !slices.ContainsFunc(strings.Split(catch.Says, " | "), func(words string) bool {
		return strings.Contains(strings.Join(said, "\n"), words)
	}):
		return fmt.Errorf("a hub that %s was caught by %s, but not with %q: it says %q", d, c.ID, catch.Says, said)
	}
	return nil
}

// TestEveryCaseCanFail: a case that no defect makes fail may judge nothing.
func TestEveryCaseCanFail(t *testing.T) {
	t.Parallel()
	named := make(map[string]bool)
	for _, catches := range wronghub.Defects() {
		for _, catch := range catches {
			named[catch.Case] = true
		}
	}
	for _, c := range cases() {
		if c.Run != nil && !named[c.ID] {
			t.Errorf("%s is named by no defect of wronghub", c.ID)
		}
	}
}

// TestEveryDefectIsListed: a constant that no case is to catch, or one that
// says the same as another, is tried by nobody.
func TestEveryDefectIsListed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("wronghub/defects_*.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := regexp.MustCompile(`(?m)^\t\w+ +Defect = "`)
	n := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n += len(constants.FindAll(source, -1))
	}
	if listed := len(wronghub.Defects()); n != listed {
		t.Errorf("wronghub declares %d defects, and lists %d", n, listed)
	}
}
