package auth

import (
	"crypto/sha256"
	"encoding/json"
	"sync/atomic"
	"time"

	"cinnabar/spec"
)

// Grants is what a verified token allows, shared between requests that bring
// the same token. Nothing of it changes but the note where its key was found.
type Grants struct {
	generation         spec.Generation
	token              TokenID
	identity           Identity
	voucher            voucher
	found              atomic.Pointer[finding]
	expiry, notBefore  time.Time // zero for none
	publish, subscribe spec.Set
	within             *spec.Set // 0.x: what policy leaves of them; nil: everything

	payload  json.RawMessage // 0.x: of every subscription
	payloads []payloadFor    // 1.0: of the first that matches
}

// A payloadFor is a 1.0 detail with the subscribe action; nil for none.
type payloadFor struct {
	selectors spec.Set
	payload   json.RawMessage
}

// A TokenID tells tokens apart, without being good for anything else: it is a
// hash.
type TokenID [sha256.Size]byte

// Token identifies the token: Grants of the same one may exist several times.
func (g *Grants) Token() TokenID { return g.token }

// Generation returns the generation of the token.
func (g *Grants) Generation() spec.Generation { return g.generation }

// CanPublish reports whether every topic may be published; refused is the
// first that may not (AUTH-publish-all-topics, AUTH-0x-publish-every-topic).
func (g *Grants) CanPublish(topics []string) (refused string, ok bool) {
	for _, topic := range topics {
		if !g.publish.Match(topic) || g.Withheld(topic) {
			return topic, false
		}
	}
	return "", true
}

// CanReceive reports whether a private update about topics may be read: one
// granted topic is enough (AUTH-subscribe-any-topic,
// AUTH-0x-subscribe-any-topic).
func (g *Grants) CanReceive(topics []string) bool {
	if g.within == nil {
		return g.subscribe.MatchAny(topics)
	}
	for _, topic := range topics {
		if g.subscribe.Match(topic) && g.within.Match(topic) {
			return true
		}
	}
	return false
}

// ReceiveCost returns what CanReceive costs for a topic at most, about.
func (g *Grants) ReceiveCost() spec.Cost {
	if g.within == nil {
		return g.subscribe.Cost()
	}
	return g.subscribe.Cost() + g.within.Cost()
}

// Payload returns what the token attaches to the subscription made with a
// selector, given as the subscriber wrote it. In 1.0 the first detail that
// matches it as if it were a topic decides, also by having none
// (AUTH-payload-*); a 0.x payload is that of every subscription and may be any
// JSON value (AUTH-0x-payload). Do not change it.
func (g *Grants) Payload(selector string) (payload json.RawMessage, ok bool) {
	if g.generation == spec.Legacy {
		return g.payload, g.payload != nil
	}
	for _, detail := range g.payloads {
		if detail.selectors.Match(selector) {
			return detail.payload, detail.payload != nil
		}
	}
	return nil, false
}

// size returns the bytes the grants keep in memory, about.
func (g *Grants) size() int {
	size := g.publish.Size() + g.subscribe.Size() + len(g.payload)
	for _, detail := range g.payloads {
		size += len(detail.payload) // its selectors are among those above
	}
	return size
}

// Expiry returns the token's exp, zero for none. Streams end then, without leeway.
func (g *Grants) Expiry() time.Time { return g.expiry }

// at reports whether the token may be used at a time.
func (g *Grants) at(now time.Time) *Refusal {
	if r := g.expired(now); r != nil {
		return r
	}
	return g.early(now)
}
