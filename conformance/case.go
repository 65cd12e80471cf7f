package main

import "slices"

// A Case asserts the observable of one entry of the catalogue.
type Case struct {
	// ID is the entry's.
	ID string
	// Needs are items of the target without which the observable cannot be
	// produced.
	Needs []Need
	// Restarts says that the case restarts the hub, where that can be done, and
	// so must not run beside others.
	Restarts bool
	// Alone says that the case must not run beside others.
	Alone bool
	// Applies reports, from what the hub advertises and never from a failed
	// step, whether the obligation concerns it; nil means that it does.
	Applies func(*T) bool
	// Run makes the assertion, once for each generation.
	Run func(*T)
	// By, instead of Run, lists cases that assert the entry together.
	By []string
}

// A Need is an item of a [Target] that a case cannot do without.
type Need string

const (
	PublisherKey  Need = "a publisher key"
	SubscriberKey Need = "a subscriber key"
	Issuer        Need = "a trusted issuer" // 1.0 tokens
	Anonymous     Need = "anonymous subscribers"
	CORSOrigin    Need = "an allowed CORS origin"
	Restart       Need = "a command that restarts the hub" // a case that Restarts does without
	MaxLifetime   Need = "a maximum lifetime of at most 10 seconds"
	Heartbeat     Need = "a heartbeat interval of at most 10 seconds"
)

// Variant is the need for a second hub of the same make, configured as the
// name says: the target's variants give its URL and what differs.
func Variant(name string) Need { return Need("a variant: " + name) }

// cases lists every case of the suite, by area.
func cases() []Case {
	return slices.Concat(
		topicCases,
		subscribeCases,
		matchCases,
		publishCases,
		streamCases,
		presentCases,
		tokenCases,
		grantCases,
		legacyTokenCases,
		replayCases,
		corsCases,
		securityCases,
		limitCases,
		discoveryCases,
		metadataCases,
		issuerCases,
		keySetCases,
		subscriptionCases,
	)
}
