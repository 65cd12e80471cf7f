package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cinnabar/conformance/faults"

	"github.com/goccy/go-yaml"
)

// The hub under test is the program of this repository, started with `serve`.
// Its resource identifier is not where it listens: nothing may depend on Host.
const (
	testAudience      = "https://hub.test/.well-known/mercure"
	testIssuer        = "https://issuer.test"
	testPublisherKey  = "the publisher key of the conformance test"
	testSubscriberKey = "the subscriber key of the conformance test"
	testSecondKey     = "the second key of the conformance test"
	testOtherIssuer   = "https://other-issuer.test"
	testOtherKey      = "the other issuer's key in the conformance test"
	testOrigin        = "https://app.test"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		panic(err)
	}
	workDir = dir
	code := m.Run()
	stopHubs()
	os.RemoveAll(dir)
	os.Exit(code)
}

// workDir is where the tests build and keep histories.
var workDir string

var hubBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workDir, "cinnabar")
	build := exec.Command("go", "build", "-o", path, "cinnabar")
	build.Stderr = os.Stderr
	return path, build.Run()
})

// hubs are the processes to stop at the end.
var hubs []*faults.Hub

func stopHubs() {
	for _, h := range hubs {
		_ = h.Kill() // the history is thrown away
	}
}

// settings are flags of `serve`; a value "" is a switch.
type settings map[string]string

// serve starts a hub on a port of its own that outlives a restart.
func serve(t *testing.T, s settings) *faults.Hub {
	t.Helper()
	return serveTo(t, io.Discard, s)
}

// serveTo starts a hub that prints to output.
func serveTo(t *testing.T, output io.Writer, s settings) *faults.Hub {
	t.Helper()
	binary, err := hubBinary()
	if err != nil {
		t.Fatalf("building the hub: %v", err)
	}
	command := []string{binary, "serve", "--addr", freeAddress(t), "--drain", "0s"}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		command = append(command, "--"+name)
		if s[name] != "" {
			command = append(command, s[name])
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h, err := faults.Start(ctx, faults.Program{Command: command, Output: output})
	if err != nil {
		t.Fatalf("starting a hub: %v", err)
	}
	hubs = append(hubs, h)
	return h
}

// common is what every hub of the test is configured with.
func common() settings {
	return settings{
		"publisher-jwt-key":   testPublisherKey,
		"subscriber-jwt-key":  testSubscriberKey,
		"trusted-issuers":     testIssuer,
		"resource-identifier": testAudience,
		"cors-origins":        testOrigin,
		"publish-origins":     testOrigin,
		"heartbeat":           "2s",
		"subscriptions":       "",
		"store":               "memory:",
	}
}

func (s settings) with(more settings) settings {
	all := maps.Clone(s)
	maps.Copy(all, more)
	return all
}

// without leaves a setting out.
func without(s settings, name string) settings {
	rest := maps.Clone(s)
	delete(rest, name)
	return rest
}

// A combination is a way to reach the hub, who carries its streams there, and a
// store behind it.
type combination struct{ transport, streams, store string }

func (c combination) String() string { return c.transport + " " + c.streams + " " + c.store }

func combinations() (all []combination) {
	for _, way := range []combination{
		{"http1", "auto", ""}, {"http1", "portable", ""},
		{"tls1", "auto", ""}, {"tls1", "portable", ""},
		{"h2c", "auto", ""}, {"h2", "auto", ""}, // there the two values mean the same
	} {
		for _, store := range []string{"memory", "bolt"} {
			all = append(all, combination{way.transport, way.streams, store})
		}
	}
	return all
}

// target starts the hub of a combination, which serves some generations; ""
// for both.
func (c combination) target(t *testing.T, protocols string, variants map[string]yaml.RawMessage) *Target {
	t.Helper()
	s := common().with(settings{"anonymous": "", "streams": c.streams}).serving(protocols)
	if c.store == "bolt" {
		s["store"] = "bolt://" + filepath.Join(t.TempDir(), "hub.db")
	}
	if c.transport == "tls1" || c.transport == "h2" {
		s["tls-cert"], s["tls-key"] = certificate(t)
	}
	h := serve(t, s)
	target := &Target{
		Hub: h.URL(), Insecure: true,
		PublisherKey: testPublisherKey, SubscriberKey: testSubscriberKey,
		Issuer: testIssuer, Audience: testAudience,
		Anonymous: true, CORSOrigin: testOrigin, PublishOrigin: testOrigin,
		Heartbeat: 2 * time.Second,
		MaxBody:   4 << 20, MaxTopics: 100, MaxMatchers: 100,
		Variants: variants,
	}
	if protocols != "" {
		target.Protocols = []string{protocols}
	}
	if c.transport == "h2c" || c.transport == "h2" {
		target.HTTP = "2"
	}
	if c.store == "bolt" {
		target.restart = func() error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := h.Stop(ctx); err != nil {
				return err
			}
			return h.Start(ctx)
		}
	}
	if err := target.complete(); err != nil {
		t.Fatal(err)
	}
	return target
}

// serving returns the settings of a hub for one generation; "" is both.
func (s settings) serving(protocols string) settings {
	if protocols == "" {
		return s
	}
	return s.with(settings{"protocols": protocols})
}

// variants starts the differently configured hubs that some cases need, once
// for all combinations. They are reached where at says, given their URL.
func variants(t *testing.T, protocols string, at func(hub string) string) map[string]yaml.RawMessage {
	t.Helper()
	common := func() settings { return common().serving(protocols) }
	open := common().with(settings{"anonymous": ""})
	quietly := without(open, "subscriptions")
	all := make(map[string]yaml.RawMessage)
	add := func(name string, s settings, more string) {
		all[name] = yaml.RawMessage(fmt.Sprintf("hub: %s\nhttp: \"1.1\"\naudience: %s\n%s", at(serve(t, s).URL()), s["resource-identifier"], more))
	}
	add("closed", common(), "anonymous: false")
	if protocols != legacy { // which is at one path only
		add("custom_path", open.with(settings{"protocols": "1.0", "resource-identifier": "https://hub.test/app/hub"}), "protocols: [\"1.0\"]")
	}
	for name, key := range keyPairs(t) {
		private, public := pemPair(t, key, key.Public())
		add(name, open.with(settings{"publisher-jwt-key": public, "subscriber-jwt-key": public}),
			fmt.Sprintf("publisher_key: |\n%s\nsubscriber_key: |\n%s", indent(private), indent(private)))
	}
	add("cookie_name", open.with(settings{"cookie-name": "conformance", "legacy-cookie-name": "legacyConformance"}), "")
	add("query_token", open.with(settings{"legacy-query-token": ""}), "")
	add("short", open.with(settings{"max-lifetime": "3s"}), "max_lifetime: 3s")
	add("small", quietly.with(settings{"retention-count": "2"}), "")
	add("crowded", open.with(settings{"max-connections": "3", "overload": "status"}), "max_connections: 3")
	add("client", open.with(settings{"max-connections-per-address": "3", "overload": "status"}), "max_connections: 3")
	add("token", open.with(settings{"max-connections-per-token": "1", "overload": "status"}), "max_connections: 1")
	add("limited", open.with(lowLimits), saidLimits)
	add("fresh", quietly, "")
	add("no_subscriptions", quietly, "")
	add("untouched", open, "")
	add("quiet", open, "")
	add("shared_keys", open.with(settings{"subscriber-jwt-key": testPublisherKey}), "subscriber_key: "+testPublisherKey)
	add("issuers", without(open, "trusted-issuers").with(settings{"issuers": fmt.Sprintf(`
- issuer: %s
  publisher_keys: [{kid: first, key: %q}, {kid: second, key: %q}]
  subscriber_keys: [{kid: first, key: %q}, {kid: second, key: %q}]
- issuer: %s
  publisher_keys: [{kid: other, key: %q}]
  subscriber_keys: [{kid: other, key: %q}]
`, testIssuer, testPublisherKey, testSecondKey, testSubscriberKey, testSecondKey, testOtherIssuer, testOtherKey, testOtherKey)}), twoIssuers)
	issuer := "http://" + freeAddress(t)
	add("jwks", open.with(settings{"issuers": fmt.Sprintf("- issuer: %s\n  jwks: %s/keys\n", issuer, issuer)}),
		fmt.Sprintf("other_issuer: %s\nkeys_at: %s/keys", issuer, issuer))
	return all
}

// directly is where a hub is without anything in front of it.
func directly(hub string) string { return hub }

// twoIssuers describes what a hub of two issuers trusts beside the first one's
// first keys.
const twoIssuers = "second_key: " + testSecondKey + "\nother_issuer: " + testOtherIssuer + "\nother_key: " + testOtherKey

// lowLimits are those of the variant that is limited, and saidLimits describe
// them.
var lowLimits = settings{
	"max-body-size": "20000", "max-field-size": "300", "max-topics": "5",
	"max-matchers": "6", "max-matcher-size": "200", "max-details": "7",
}

const saidLimits = "max_body: 20000\nmax_field: 300\nmax_topics: 5\nmax_matchers: 6\nmax_matcher: 200\nmax_details: 7"

// keyPairs makes one for each variant that is named for its algorithm.
func keyPairs(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	rs256, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	es256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, eddsa, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"rs256": rs256, "es256": es256, "eddsa": eddsa}
}

func indent(s string) string { return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") }

func pemPair(t *testing.T, private, public any) (string, string) {
	t.Helper()
	priv, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: priv})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}))
}

// certificate makes one for loopback.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := pemPair(t, key, &key.PublicKey)
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, []byte(private), 0o600); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile
}

// TestOurHub judges the hub of this repository: each case once, spread over
// the combinations; every case over every combination where CONFORMANCE=full.
func TestOurHub(t *testing.T) {
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	others := variants(t, "", directly)
	combos := combinations()
	full := os.Getenv("CONFORMANCE") == "full"
	for i, c := range combos {
		t.Run(c.String(), func(t *testing.T) {
			var chosen []Case
			for j, one := range cases() {
				home := j % len(combos)
				if one.Restarts {
					home |= 1 // a memory history does not survive
				}
				if full || home == i {
					chosen = append(chosen, one)
				}
			}
			passes(t, Plan{Target: c.target(t, "", others), Catalogue: catalogue, Cases: chosen})
		})
	}
}

// TestHubOfOneGeneration judges the hub where it serves one generation alone by
// every case of that generation. For the compliance page it judges the hub of
// both in the same way, and keeps what it found in the folder REPORTS.
func TestHubOfOneGeneration(t *testing.T) {
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	configurations := map[string]string{"0.x": legacy, "1.0": current}
	folder := os.Getenv("REPORTS")
	if folder != "" {
		configurations["both"] = ""
	}
	for name, protocols := range configurations {
		t.Run(name, func(t *testing.T) {
			hub := combination{"http1", "auto", "bolt"}.target(t, protocols, variants(t, protocols, directly))
			results := passes(t, Plan{Target: hub, Catalogue: catalogue, Cases: cases()})
			if folder == "" {
				return
			}
			var kept bytes.Buffer
			if err := writeJSON(&kept, hub, results); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, name+".json"), kept.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// passes runs a plan in which everything has to pass.
func passes(t *testing.T, plan Plan) []Result {
	t.Helper()
	plan.Strict, plan.Parallel = true, 8
	results := plan.Run(t.Context())
	report(t, results)
	return results
}

// report makes everything but a pass a failure of the test.
func report(t *testing.T, results []Result) {
	t.Helper()
	passed := 0
	for _, r := range results {
		if r.Status == Passed {
			passed++
			continue
		}
		t.Errorf("%s in %s: %s: %s\n\trequired: %s\n\tsteps: %s", r.Case, r.Generation, r.Status,
			strings.Join(r.Why, "; "), r.Requires, strings.Join(r.Steps, "; "))
	}
	t.Logf("%d passed", passed)
}

// TestCatalogueAgreesWithCases: a case without an entry, or with a second one,
// judges nothing that was asked.
func TestCatalogueAgreesWithCases(t *testing.T) {
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, c := range cases() {
		e := catalogue.entry(c.ID)
		switch {
		case e == nil:
			t.Errorf("%s is in no catalogue", c.ID)
		case seen[c.ID]:
			t.Errorf("%s has two cases", c.ID)
		case !e.observable():
			t.Errorf("%s has a case, but the catalogue says it cannot be observed", c.ID)
		case later[c.ID] != "":
			t.Errorf("%s has a case and is still listed as later", c.ID)
		case (c.Run == nil) == (c.By == nil):
			t.Errorf("%s needs either Run or By", c.ID)
		}
		for _, by := range c.By {
			if !slices.ContainsFunc(cases(), func(c Case) bool { return c.ID == by && c.Run != nil }) {
				t.Errorf("%s refers to %s, which is no case that runs", c.ID, by)
			}
		}
		seen[c.ID] = true
	}
	for id := range later {
		if catalogue.entry(id) == nil {
			t.Errorf("later names %s, which is in no catalogue", id)
		}
	}
}
