package main

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Generations of the protocol, as the catalogue spells them.
const (
	legacy  = "0.x"
	current = "1.0"
)

// A Target is the hub to be judged and what the suite was given about it. The
// YAML keys are the configuration file's; flags of the main program override
// the common ones.
type Target struct {
	Hub       string   `yaml:"hub"`       // URL
	Protocols []string `yaml:"protocols"` // served; default both
	HTTP      string   `yaml:"http"`      // "1.1" (default) or "2", over TLS or in the clear
	Insecure  bool     `yaml:"insecure"`  // do not verify the hub's certificate

	// Signing keys: an HMAC secret, or a private key in PEM. The algorithm
	// defaults to HS256, or what the PEM's key type suggests.
	PublisherKey  string `yaml:"publisher_key"`
	PublisherAlg  string `yaml:"publisher_alg"`
	SubscriberKey string `yaml:"subscriber_key"`
	SubscriberAlg string `yaml:"subscriber_alg"`

	Issuer   string `yaml:"issuer"`   // trusted issuer of 1.0 tokens, with the keys above
	Audience string `yaml:"audience"` // the hub's resource identifier; default Hub

	// Given in a variant: what the hub trusts beside the above.
	SecondKey   string `yaml:"second_key"`   // a further secret of the issuer for both roles, called "second" where the first is "first"
	OtherIssuer string `yaml:"other_issuer"` // another issuer
	OtherKey    string `yaml:"other_key"`    // its one secret for both roles, called "other"

	KeysAt string `yaml:"keys_at"` // where the hub reads the other issuer's keys: an http URL on this machine, served by the suite

	Anonymous     bool          `yaml:"anonymous"`      // subscribers without a token get public updates
	CORSOrigin    string        `yaml:"cors_origin"`    // an origin on the allow-list
	PublishOrigin string        `yaml:"publish_origin"` // an origin whose cookies may publish
	MaxLifetime   time.Duration `yaml:"max_lifetime"`   // of a stream
	Heartbeat     time.Duration `yaml:"heartbeat"`      // interval of keep-alive comments
	Restart       string        `yaml:"restart"`        // shell command that stops and starts the hub on the same history

	// Limits, where they are known: a case then wants them there to the last
	// one, and otherwise finds out.
	MaxBody     int `yaml:"max_body"`     // bytes of a publish request
	MaxField    int `yaml:"max_field"`    // bytes of a topic, id or type
	MaxTopics   int `yaml:"max_topics"`   // of a publish
	MaxMatchers int `yaml:"max_matchers"` // of a subscribe
	MaxMatcher  int `yaml:"max_matcher"`  // bytes of one, also in a token
	MaxDetails  int `yaml:"max_details"`  // of a token, and topics of each

	// MaxConnections is how many streams may be open at once.
	MaxConnections int `yaml:"max_connections"`

	// Patience is how long a step may take before it counts as failed; default
	// 10 seconds. It bounds how slow a right hub may be, and is never waited
	// for by a passing case.
	Patience time.Duration `yaml:"patience"`

	// Variants are hubs of the same make with another configuration, by name:
	// what a variant leaves out it has in common with the main hub.
	//
	//	closed       no anonymous subscribers
	//	custom_path  1.0 only, at another path
	//	rs256        keys of RSA, allow-list RS256 (give the PEM private keys)
	//	es256        keys of P-256, allow-list ES256
	//	eddsa        keys of Ed25519, allow-list EdDSA
	//	open_publish no token needed to publish
	//	cookie_name  cookies named "conformance" (1.0) and "legacyConformance" (0.x)
	//	query_token  0.x tokens accepted in the query
	//	short        a maximum lifetime of at most 10 seconds
	//	small        a history of at most 2 updates
	//	crowded      few streams at once (give max_connections), one more is refused with a status
	//	client       the same (give max_connections) for the streams of one client only
	//	token        the same (give max_connections) for the streams of one token only
	//	limited      low limits of everything else, which is then found soon
	//	fresh        nothing was ever published to it, nor is by the suite
	//	issuers      two issuers (give other_issuer, other_key and second_key)
	//	jwks         one more issuer, whose keys the hub fetches (give other_issuer and keys_at)
	//	shared_keys  one key for publishers and subscribers (give it as both)
	//	no_subscriptions  without active subscriptions
	//	untouched         nothing was ever published or subscribed to, nor is by the suite
	//	quiet             only cursors of the subscription API are looked at
	//
	// custom_path, short and issuers have active subscriptions if the main hub has.
	Variants map[string]yaml.RawMessage `yaml:"variants"`

	publisher, subscriber signer
	client                *http.Client
	restart               func() error                              // what the conformance test restarts its own hub with
	watch                 func(http.RoundTripper) http.RoundTripper // what it looks at answers with
}

// readTarget reads the configuration file, if any.
func readTarget(path string) (Target, error) {
	t := Target{}
	if path == "" {
		return t, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if err := yaml.UnmarshalWithOptions(raw, &t, yaml.Strict()); err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// complete fills in defaults and makes what cases use.
func (t *Target) complete() error {
	u, err := url.Parse(t.Hub)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("-hub %q is not the http or https URL of a hub", t.Hub)
	}
	if len(t.Protocols) == 0 {
		t.Protocols = []string{legacy, current}
	}
	for _, p := range t.Protocols {
		if p != legacy && p != current {
			return fmt.Errorf("protocol %q is neither %s nor %s", p, legacy, current)
		}
	}
	if t.Audience == "" {
		t.Audience = t.Hub
	}
	if t.Patience == 0 {
		t.Patience = 10 * time.Second
	}
	if t.publisher, err = newSigner(t.PublisherKey, t.PublisherAlg); err != nil {
		return fmt.Errorf("publisher key: %w", err)
	}
	if t.subscriber, err = newSigner(t.SubscriberKey, t.SubscriberAlg); err != nil {
		return fmt.Errorf("subscriber key: %w", err)
	}
	transport := &http.Transport{
		Protocols:             new(http.Protocols),
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: t.Insecure},
		ResponseHeaderTimeout: t.Patience,
		DisableCompression:    true,
		MaxIdleConnsPerHost:   16,
	}
	switch t.HTTP {
	case "", "1.1":
		transport.Protocols.SetHTTP1(true)
	case "2":
		transport.Protocols.SetHTTP2(u.Scheme == "https")
		transport.Protocols.SetUnencryptedHTTP2(u.Scheme == "http")
	default:
		return fmt.Errorf("http %q is neither 1.1 nor 2", t.HTTP)
	}
	var carrier http.RoundTripper = transport
	if t.watch != nil {
		carrier = t.watch(transport)
	}
	t.client = &http.Client{
		Transport:     carrier,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

// has reports whether a need is met.
func (t *Target) has(n Need) bool {
	switch n {
	case PublisherKey:
		return t.PublisherKey != ""
	case SubscriberKey:
		return t.SubscriberKey != ""
	case Issuer:
		return t.Issuer != ""
	case Anonymous:
		return t.Anonymous
	case CORSOrigin:
		return t.CORSOrigin != ""
	case Restart:
		return t.Restart != "" || t.restart != nil
	case MaxLifetime:
		return t.MaxLifetime > 0 && t.MaxLifetime <= 10*time.Second
	case Heartbeat:
		return t.Heartbeat > 0 && t.Heartbeat <= 10*time.Second
	}
	name, ok := strings.CutPrefix(string(n), string(Variant("")))
	_, given := t.Variants[name]
	return ok && given
}

// variant returns the target as one of its variants is configured.
func (t *Target) variant(name string) (*Target, error) {
	v := *t
	v.Audience = "" // each hub has its own
	if err := yaml.UnmarshalWithOptions(t.Variants[name], &v, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("variant %s: %w", name, err)
	}
	if v.Audience == "" && v.Hub == t.Hub {
		v.Audience = t.Audience
	}
	if err := v.complete(); err != nil {
		return nil, fmt.Errorf("variant %s: %w", name, err)
	}
	return &v, nil
}

// given describes the target for the head of a report. It names no key.
func (t *Target) given() string {
	var with, without []string
	note := func(ok bool, what string) {
		if ok {
			with = append(with, what)
		} else {
			without = append(without, what)
		}
	}
	for _, n := range []Need{PublisherKey, SubscriberKey, Issuer, Anonymous, CORSOrigin, Restart, MaxLifetime, Heartbeat} {
		note(t.has(n), string(n))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Variants)) {
		note(true, "variant "+name)
	}
	s := fmt.Sprintf("hub %s, protocols %s\ngiven: %s", t.Hub, strings.Join(t.Protocols, " and "), strings.Join(with, ", "))
	if len(without) > 0 {
		s += "\nnot given: " + strings.Join(without, ", ")
	}
	return s
}
