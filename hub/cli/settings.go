package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/spec"
	"cinnabar/store"
)

// settings are what serve, config and token check can be told. Its options
// are the one list of names, defaults and descriptions.
type settings struct {
	config string

	addr, metricsAddr  string
	adminSocket        string
	tlsCert, tlsKey    string
	resourceIdentifier string
	drain              time.Duration

	store          string
	durability     store.Durability
	retention      store.Retention
	retentionRules []string // as written

	publisherKey, publisherAlg   string
	subscriberKey, subscriberAlg string
	trustedIssuer                string
	issuers                      []issuerSetting
	anonymous                    bool
	subscriptions                bool
	generations                  spec.Generations
	cookieName, legacyCookieName string
	legacyQueryToken             bool
	legacy                       auth.LegacyPolicy
	corsOrigins, publishOrigins  []string

	heartbeat, maxLifetime             time.Duration
	maxConnections                     int
	maxPerToken, maxPerAddress         int
	overload                           hub.Overload
	streams                            string
	maxBodySize                        int64
	maxFieldSize, maxMatcherSize       int64
	maxTopics, maxMatchers, maxDetails int

	logLevel  slog.Level
	logFormat string

	// from tells where each setting came from, by option name.
	from layer
	// warnings are for the operator, once, at start.
	warnings []string
}

func (s *settings) options() []option {
	options := []option{
		{name: "config", arg: "FILE", about: "YAML file with the settings below; dashes become underscores", put: text(&s.config)},

		{name: "addr", fixed: true, arg: "HOST:PORT", def: ":3000", about: "where the hub listens", put: address(&s.addr)},
		{name: "tls-cert", tls: true, arg: "FILE", about: "PEM certificate chain; without one the hub speaks plain HTTP, for a proxy in front", put: text(&s.tlsCert)},
		{name: "tls-key", tls: true, arg: "FILE", about: "PEM private key of the certificate", put: text(&s.tlsKey)},
		{name: "resource-identifier", fixed: true, arg: "URL", about: "the hub's public URL: audience of 1.0 tokens, base of relative topics", put: baseURL(&s.resourceIdentifier)},
		{name: "metrics-addr", fixed: true, arg: "HOST:PORT", about: "where /metrics, /livez and /readyz listen; off unless set", put: address(&s.metricsAddr)},
		{name: "admin-socket", fixed: true, arg: "PATH", about: "Unix socket, for this user alone, by which history commands reach the running hub; - for none [the file of the history with .sock behind; none without a file]", put: text(&s.adminSocket)},
		{name: "drain", fixed: true, arg: "DURATION", def: "10s", about: "how long streams may stay open after SIGTERM", put: duration(&s.drain)},

		{name: "store", fixed: true, arg: "URL", def: "bolt:///var/lib/cinnabar/hub.db", about: "the history: bolt:///PATH or memory:", put: text(&s.store)},
		{name: "durability", arg: "WORD", def: "disk", about: "what a publish survives once acknowledged: disk (power loss), os (a crash of the hub), memory (nothing)",
			put: choice(&s.durability, store.Disk, store.OS, store.Memory)},
		{name: "retention-bytes", arg: "SIZE", about: "history is trimmed beyond this many bytes of updates; 0: no limit [1GiB; memory: 64MiB]", put: keepBytes(&s.retention.MaxBytes)},
		{name: "retention-count", arg: "N", def: "0", about: "history is trimmed beyond this many updates; 0: no limit", put: count(&s.retention.MaxCount, 0)},
		{name: "retention-age", arg: "DURATION", def: "0", about: "history is trimmed beyond this age; 0: no limit", put: duration(&s.retention.MaxAge)},
		{name: "retention-rules", arg: "RULE", repeat: true, about: `limits of their own for some topics, such as "https://example.com/ticks/{id} age=1m count=1000": the first rule that a topic of an update matches (a topic, a URI template, * or urlpattern:…) says how long it is kept; repeat the flag, write a list in the file, one a line in the variable`,
			put: list(&s.retentionRules)},
		{name: "idempotency-window", arg: "DURATION", def: "24h", about: "how long a publish with an Idempotency-Key is recognized when it is repeated; 0: publishes with one are refused", put: keepKeys(&s.retention.Keys.MaxAge)},
		{name: "idempotency-keys", arg: "N", def: "100000", about: "most keys remembered; beyond it the oldest are forgotten before their time", put: count(&s.retention.Keys.MaxCount, 1)},

		{name: "publisher-jwt-key", arg: "KEY", secret: true, about: "verifies publishers' tokens: a secret, PEM text, or @FILE holding either", put: material(&s.publisherKey)},
		{name: "publisher-jwt-alg", arg: "ALG", about: "its algorithm [HS256 for a secret, by key type for a PEM]", put: text(&s.publisherAlg)},
		{name: "subscriber-jwt-key", arg: "KEY", secret: true, about: "verifies subscribers' tokens, likewise", put: material(&s.subscriberKey)},
		{name: "subscriber-jwt-alg", arg: "ALG", about: "its algorithm, likewise", put: text(&s.subscriberAlg)},
		{name: "trusted-issuers", arg: "URL", list: true, about: "the issuer of 1.0 tokens; the two keys are bound to it", put: oneIssuer(&s.trustedIssuer)},
		{name: "issuers", arg: "YAML", block: true, secret: true, about: "1.0 issuers with keys of their own, as a list in the file: issuer, publisher_keys, subscriber_keys (kid, key, alg), jwks (URL or file)",
			put: issuerList(&s.issuers)},
		{name: "anonymous", about: "lets subscribers without a token receive public updates", put: toggle(&s.anonymous)},
		{name: "subscriptions", fixed: true, about: "tells subscribers who may know it who is subscribed to what: events, and an API that lists them", put: toggle(&s.subscriptions)},
		{name: "protocols", fixed: true, arg: "LIST", def: "0.x,1.0", list: true, about: "protocol generations served", put: generations(&s.generations)},
		{name: "cookie-name", arg: "NAME", def: spec.CookieName, about: "cookie with a 1.0 token", put: cookie(&s.cookieName)},
		{name: "legacy-cookie-name", arg: "NAME", def: spec.LegacyCookieName, about: "cookie with a 0.x token; - for none", put: cookie(&s.legacyCookieName)},
		{name: "legacy-query-token", about: "accepts 0.x tokens in the URL, where logs and history see them", put: toggle(&s.legacyQueryToken)},
		{name: "legacy-topics", arg: "LIST", list: true, about: "0.x selectors: 0.x tokens publish, and receive in private, nothing else [*]", put: list(&s.legacy.Topics)},
		{name: "legacy-audience", arg: "TEXT", about: "0.x tokens have to name it in aud", put: text(&s.legacy.Audience)},
		{name: "legacy-require-exp", about: "refuses 0.x tokens that never expire", put: toggle(&s.legacy.RequireExpiry)},
		{name: "legacy-max-token-lifetime", arg: "DURATION", def: "0", about: "refuses 0.x tokens that live longer, from iat to exp; 0: any", put: duration(&s.legacy.MaxLifetime)},
		{name: "legacy-sunset", arg: "DATE", about: "when 0.x ends, such as 2027-06-30 (its first moment, UTC) or 2027-06-30T12:00:00Z: told to 0.x clients, who are refused from then on", put: date(&s.legacy.Sunset)},
		{name: "cors-origins", arg: "LIST", list: true, about: "origins of web pages that may read; * for any, without credentials", put: list(&s.corsOrigins)},
		{name: "publish-origins", arg: "LIST", list: true, about: "origins that may publish with a cookie, beside the hub's own", put: list(&s.publishOrigins)},

		{name: "heartbeat", fixed: true, arg: "DURATION", def: "20s", about: "a comment is sent after this much silence; 0: never", put: duration(&s.heartbeat)},
		{name: "streams", fixed: true, arg: "WORD", def: "auto", about: "who carries streams: auto (the hub itself where it can: HTTP/1.x on Linux), portable (always Go's HTTP server)", put: oneOf(&s.streams, "auto", "portable")},
		{name: "max-lifetime", arg: "DURATION", def: "0", about: "streams end at this age, and clients resume; 0: no limit", put: duration(&s.maxLifetime)},
		{name: "max-connections", arg: "N", def: "0", about: "most streams open at once; 0: what the limit of open files leaves room for", put: count(&s.maxConnections, 0)},
		{name: "max-connections-per-token", arg: "N", def: "0", about: "most streams open at once with one token; 0: any number", put: count(&s.maxPerToken, 0)},
		{name: "max-connections-per-address", arg: "N", def: "0", about: "most streams open at once from one address, and with 32 more its connections; 0: any number, as a proxy needs, which is one address itself", put: count(&s.maxPerAddress, 0)},
		{name: "overload", arg: "WORD", def: "retry", about: "answer to a subscriber for whom there is no room: retry (200 and a reconnection time; browsers come back) or status (429 or 503; they do not)",
			put: choice(&s.overload, hub.OverloadRetry, hub.OverloadStatus)},
		{name: "max-body-size", arg: "SIZE", def: "4MiB", about: "largest publish request", put: size(&s.maxBodySize, 1)},
		{name: "max-field-size", arg: "SIZE", def: "8KiB", about: "longest topic, id or type of an update; at most 8KiB", put: size(&s.maxFieldSize, 1)},
		{name: "max-topics", arg: "N", def: "100", about: "most topics of one update", put: count(&s.maxTopics, 1)},
		{name: "max-matchers", arg: "N", def: "100", about: "most matchers of one subscriber", put: count(&s.maxMatchers, 1)},
		{name: "max-matcher-size", arg: "SIZE", def: "8KiB", about: "longest matcher of a subscriber, or in a token; at most 8KiB, and 2KiB for patterns and templates", put: size(&s.maxMatcherSize, 1)},
		{name: "max-details", arg: "N", def: "100", about: "most authorization details in a token, and topics in each", put: count(&s.maxDetails, 1)},

		{name: "log-level", fixed: true, arg: "WORD", def: "info", about: "debug, info, warn or error", put: logLevel(&s.logLevel)},
		{name: "log-format", fixed: true, arg: "WORD", def: "text", about: "text or json", put: oneOf(&s.logFormat, "text", "json")},
	}
	for i := range options {
		options[i].env = variable(options[i].name)
	}
	return options
}

// missing says what serve cannot do without, in the words of flag and
// variable, all of it at once.
func (s *settings) missing() error {
	var faults []error
	need := func(what string, names ...string) {
		faults = append(faults, fmt.Errorf("%s: set %s", what, alternatives(names)))
	}
	if s.publisherKey == "" && s.issuers == nil {
		need("nobody could publish", "publisher-jwt-key", "issuers")
	}
	if s.subscriberKey == "" && !s.anonymous && s.issuers == nil {
		need("nobody could subscribe", "subscriber-jwt-key", "issuers", "anonymous")
	}
	if !s.generations.Has(spec.Legacy) {
		if s.resourceIdentifier == "" {
			need("no token could be accepted, since 1.0 tokens name the hub as their audience", "resource-identifier")
		}
		if s.trustedIssuer == "" && s.issuers == nil {
			need("no token could be accepted, since 1.0 tokens come from an issuer", "trusted-issuers", "issuers")
		}
	}
	if (s.tlsCert == "") != (s.tlsKey == "") {
		faults = append(faults, errors.New("a certificate and its key belong together: set both --tls-cert and --tls-key, or neither"))
	}
	return errors.Join(faults...)
}

// alternatives writes "--a (MERCURE_A) or --b (MERCURE_B)".
func alternatives(names []string) string {
	var s string
	for i, name := range names {
		if i > 0 {
			s += " or "
		}
		s += fmt.Sprintf("--%s (%s)", name, variable(name))
	}
	return s
}

// keys parses the two keys; each fault names the setting at fault.
func (s *settings) keys() (publisher, subscriber auth.Key, err error) {
	parse := func(name, material, alg string) (auth.Key, error) {
		if material == "" {
			return auth.Key{}, nil
		}
		k, err := auth.ParseKey(material, alg)
		if err != nil {
			return auth.Key{}, fmt.Errorf("%s: %w", s.from[name].from, err)
		}
		return k, nil
	}
	publisher, errP := parse("publisher-jwt-key", s.publisherKey, s.publisherAlg)
	subscriber, errS := parse("subscriber-jwt-key", s.subscriberKey, s.subscriberAlg)
	return publisher, subscriber, errors.Join(errP, errS)
}

// hubConfig is the part of the settings that the hub itself judges; its log
// is still to be opened.
func (s *settings) hubConfig(logger *slog.Logger) (hub.Config, error) {
	publisher, subscriber, err := s.keys()
	issuers, issuersErr := s.trusted(logger)
	return hub.Config{
		ResourceIdentifier: s.resourceIdentifier,
		Generations:        s.generations,
		Durability:         s.durability,
		PublisherKey:       publisher,
		SubscriberKey:      subscriber,
		Issuer:             s.trustedIssuer,
		Issuers:            issuers,
		Anonymous:          s.anonymous,
		Legacy:             s.legacy,
		Subscriptions:      s.subscriptions,
		CookieName:         s.cookieName,
		LegacyCookieName:   s.legacyCookieName,
		LegacyQueryToken:   s.legacyQueryToken,
		CORSOrigins:        s.corsOrigins,
		PublishOrigins:     s.publishOrigins,
		Heartbeat:          zeroIsNever(s.heartbeat),
		MaxLifetime:        s.maxLifetime,
		MaxConnections:     s.maxConnections,
		Overload:           s.overload,

		MaxConnectionsPerToken:   s.maxPerToken,
		MaxConnectionsPerAddress: s.maxPerAddress,
		PortableStreams:          s.streams == "portable",
		MaxBodySize:              s.maxBodySize,
		MaxFieldSize:             int(s.maxFieldSize),
		MaxTopics:                s.maxTopics,
		MaxMatchers:              s.maxMatchers,
		MaxMatcherSize:           int(s.maxMatcherSize),
		MaxDetails:               s.maxDetails,
		Logger:                   logger,
	}, errors.Join(err, issuersErr)
}

// keepBytes turns the setting's 0, "no limit", into the history's.
func keepBytes(to *int64) func([]string) error {
	return func(v []string) error {
		err := size(to, 0)(v)
		if *to == 0 {
			*to = -1
		}
		return err
	}
}

// keepKeys turns the setting's 0, "none", into the history's.
func keepKeys(to *time.Duration) func([]string) error {
	return func(v []string) error {
		err := duration(to)(v)
		if *to == 0 {
			*to = -1
		}
		return err
	}
}

// zeroIsNever turns the setting's 0, "never", into the hub's.
func zeroIsNever(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

func address(to *string) func([]string) error {
	return func(v []string) error {
		if _, _, err := net.SplitHostPort(v[0]); err != nil {
			return fmt.Errorf("%q is not HOST:PORT, such as :3000 or 127.0.0.1:3000", v[0])
		}
		*to = v[0]
		return nil
	}
}

func baseURL(to *string) func([]string) error {
	return func(v []string) error {
		if _, err := spec.ParseBase(v[0]); err != nil {
			return err
		}
		*to = v[0]
		return nil
	}
}

// cookie refuses an empty name: one might mean the default by it, or no cookie.
func cookie(to *string) func([]string) error {
	return func(v []string) error {
		if v[0] == "" {
			return errors.New("a cookie has a name: leave the setting out for the default")
		}
		*to = v[0]
		return nil
	}
}

func oneIssuer(to *string) func([]string) error {
	return func(v []string) error {
		if len(v) > 1 {
			return fmt.Errorf("%d issuers, but the publisher and subscriber keys are bound to one: name one here, and list the others with keys of their own as issuers in the file", len(v))
		}
		*to = v[0]
		return nil
	}
}

func generations(to *spec.Generations) func([]string) error {
	return func(v []string) error {
		for _, word := range v {
			var g spec.Generation
			if err := choice(&g, spec.Legacy, spec.Current)([]string{word}); err != nil {
				return err
			}
			*to |= spec.Only(g)
		}
		return nil
	}
}

func logLevel(to *slog.Level) func([]string) error {
	return func(v []string) error {
		if err := to.UnmarshalText([]byte(v[0])); err != nil {
			return fmt.Errorf("%q is none of debug, info, warn, error", v[0])
		}
		return nil
	}
}

func settingOptions() []option { return new(settings).options() }
