package hub

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
	"cinnabar/store"
)

// Config is what a [Hub] is made of. New judges it as a whole. The zero value
// of every field but Log has a meaning, given with it.
type Config struct {
	// Log is the history. The hub uses it and does not close it.
	Log store.Log

	// ResourceIdentifier is the hub's public URL: the audience of 1.0 tokens,
	// the base of relative topics and patterns, and, by its path, where the
	// hub is mounted. Without one every 1.0 token is refused and the hub is at
	// [spec.WellKnownPath].
	ResourceIdentifier string

	// Generations served; zero means both. 0.x needs [spec.WellKnownPath].
	Generations spec.Generations

	// Durability a publish asks of the log; zero means Disk.
	Durability store.Durability

	// Keys. A role without a key refuses every token.
	PublisherKey, SubscriberKey auth.Key
	// Issuer is the one 1.0 issuer the keys above belong to, too.
	Issuer string
	// Issuers are further 1.0 issuers, each with keys of its own: with these
	// alone the generations share no key. Without any issuer no 1.0 token is
	// trusted.
	Issuers []auth.Issuer

	// Legacy is what 0.x tokens have to satisfy beyond their draft, and when
	// 0.x ends: from its sunset on the hub answers as if it served 1.0 alone,
	// and streams of 0.x are closed then.
	Legacy auth.LegacyPolicy

	// Anonymous lets subscribers without a token receive public updates.
	Anonymous bool

	// Subscriptions lets those who may know see who listens: events when a
	// subscription begins and ends, and an API that lists what is open.
	Subscriptions bool
	// Presence is the part of the history that keeps them; required with
	// Subscriptions. Hub.Close tells it of the end of every stream, so that the
	// history is to be closed after it.
	Presence store.Presence

	CookieName       string // 1.0 cookie; empty means [spec.CookieName]
	LegacyCookieName string // 0.x cookie; empty means [spec.LegacyCookieName], "-" none
	LegacyQueryToken bool   // accept 0.x tokens in the query; off: URLs end up in logs

	// CORSOrigins may read responses, with credentials; "*" allows every
	// origin, without credentials.
	CORSOrigins []string
	// PublishOrigins may publish with a cookie, beside the hub's own.
	PublishOrigins []string

	Heartbeat   time.Duration // comment after this much silence; 0 means 20 s; negative: never
	MaxLifetime time.Duration // streams end at this age; 0 means never
	Retry       time.Duration // centre of the jittered reconnection time told to clients; 0 means 3 s, at least 1 s

	// PortableStreams leaves every stream with the handler that began it, also
	// on connections that [Own] would let the hub take.
	PortableStreams bool

	// MaxConnections is how many streams may be open at once; 0 means any
	// number.
	MaxConnections int
	// MaxConnectionsPerToken and MaxConnectionsPerAddress are how many streams
	// one token, and one peer's address, may have open at once; 0 means any
	// number. An IPv6 address counts as its network of 64 bits. Behind a proxy
	// everybody has the proxy's address, so leave the latter to the proxy
	// there. See [Hub.ConnState] for connections that are no streams.
	MaxConnectionsPerToken, MaxConnectionsPerAddress int
	// Shortage is asked before each stream what the process is short of; ""
	// and a nil func mean nothing. It must be quick and safe for concurrent use.
	Shortage func() Shortage
	// Overload is how a subscriber is answered for whom there is no room; zero
	// means OverloadRetry.
	Overload Overload

	MaxBodySize    int64 // bytes of a publish; 0 means 4 MiB
	MaxFieldSize   int   // bytes of a topic, id, type or retry of a publish; 0 means 8 KiB, at most that
	MaxTopics      int   // topics of a publish; 0 means 100
	MaxMatchers    int   // matchers of a subscription; 0 means 100
	MaxMatcherSize int   // bytes of a matcher, also in a token; 0 means 8 KiB, at most that; patterns have at most 2 KiB
	MaxDetails     int   // authorization details of a token, and topics of each; 0 means 100

	// ShowReasons puts a refused token's reason into the answer. For dev only:
	// strangers must get the same 401 whatever the reason.
	ShowReasons bool

	// Logger gets what operators need to know; nil means slog.Default().
	Logger *slog.Logger
}

// withDefaults returns c with every zero value replaced by what it means.
func (c Config) withDefaults() Config {
	orElse(&c.Generations, spec.Both)
	orElse(&c.Durability, store.Disk)
	orElse(&c.CookieName, spec.CookieName)
	orElse(&c.LegacyCookieName, spec.LegacyCookieName)
	orElse(&c.Heartbeat, 20*time.Second)
	orElse(&c.Retry, 3*time.Second)
	orElse(&c.Overload, OverloadRetry)
	orElse(&c.MaxBodySize, 4<<20)
	orElse(&c.MaxFieldSize, spec.MaxField)
	orElse(&c.MaxTopics, 100)
	orElse(&c.MaxMatchers, 100)
	orElse(&c.MaxMatcherSize, spec.MaxMatcher)
	orElse(&c.MaxDetails, 100)
	orElse(&c.Logger, slog.Default())
	c.Logger = Calm(c.Logger)
	return c
}

// orElse gives an unset field its default.
func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// faults judges what can be judged field by field; each fault says what to
// change.
func (c Config) faults() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(format, args...))
	}
	if c.Log == nil {
		fault("store: there is no history; open one")
	}
	if c.Subscriptions && c.Presence == nil {
		fault("subscriptions: the history cannot keep them; use another, or turn them off")
	}
	if c.Generations&^spec.Both != 0 {
		fault("protocols: the only generations are 0.x and 1.0")
	}
	if c.Generations == spec.Only(spec.Legacy) && c.Legacy.Over(time.Now()) {
		fault("legacy sunset: 0.x has ended, and it is all that would be served; serve 1.0 or change the date")
	}
	if c.Overload > OverloadStatus {
		fault("overload: a subscriber too many is answered with OverloadRetry or OverloadStatus")
	}
	if c.MaxLifetime < 0 {
		fault("max lifetime: %v is negative; use 0 for streams without a limit", c.MaxLifetime)
	}
	if c.Retry < time.Second {
		// Below that, browsers hammer a hub that is in trouble already.
		fault("retry: %v is too short; give at least 1s", c.Retry)
	}
	faults = append(faults, c.limitFaults()...)
	for _, origin := range c.CORSOrigins {
		if origin == "*" {
			continue
		}
		if err := checkOrigin(origin); err != nil {
			fault("cors origins: %w", err)
		}
	}
	for _, origin := range c.PublishOrigins {
		if origin == "*" {
			fault(`publish origins: "*" would let every web site publish with its visitors' cookies; list the origins that may`)
			continue
		}
		if err := checkOrigin(origin); err != nil {
			fault("publish origins: %w", err)
		}
	}
	return errors.Join(faults...)
}
