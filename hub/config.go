package hub

import (
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
	// Issuer is the one 1.0 issuer the keys above belong to; empty: no 1.0
	// token is trusted.
	Issuer string

	// Anonymous lets subscribers without a token receive public updates.
	Anonymous bool

	CookieName       string // 1.0 cookie; empty means [spec.CookieName]
	LegacyCookieName string // 0.x cookie; empty means [spec.LegacyCookieName]
	LegacyQueryToken bool   // accept 0.x tokens in the query; off: URLs end up in logs

	// CORSOrigins may read responses, with credentials; "*" allows every
	// origin, without credentials.
	CORSOrigins []string
	// PublishOrigins may publish with a cookie, beside the hub's own.
	PublishOrigins []string

	Heartbeat   time.Duration // comment after this much silence; 0 means 20 s; negative: never
	MaxLifetime time.Duration // streams end at this age; 0 means never
	Retry       time.Duration // centre of the jittered reconnection time told to clients; 0 means 3 s, at least 1 s

	MaxBodySize int64 // bytes of a publish; 0 means 4 MiB
	MaxTopics   int   // topics of a publish; 0 means 100
	MaxMatchers int   // matchers of a subscription; 0 means 100
	MaxDetails  int   // authorization details of a token, and topics of each; 0 means 100

	// ShowReasons puts a refused token's reason into the answer. For dev only:
	// strangers must get the same 401 whatever the reason.
	ShowReasons bool

	// Logger gets what operators need to know; nil means slog.Default().
	Logger *slog.Logger
}
