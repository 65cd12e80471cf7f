package auth

import (
	"cmp"
	"net/http"
	"time"

	"cinnabar/spec"
)

// A Role is what a token is presented for; each has its own key.
type Role uint8

const (
	Publisher Role = iota + 1
	Subscriber
)

// String returns the word used in settings and metric labels.
func (r Role) String() string {
	if r == Publisher {
		return "publisher"
	}
	return "subscriber"
}

// A Means is how a request presented its token.
type Means uint8

const (
	Header Means = iota + 1
	Cookie
	Query // 0.x alone, when switched on
)

// An Authenticator finds and judges tokens. It is immutable apart from a
// bounded cache of verified tokens, and safe for concurrent use.
type Authenticator struct {
	generations        spec.Generations
	base               *spec.Base
	resourceIdentifier string
	legacy             ring
	issuers            map[string]ring // by identifier
	maxDetails         int
	maxMatcher         int // bytes
	policy             LegacyPolicy
	within             *spec.Set // what 0.x tokens may be about; nil: everything

	publishPlaces               places // G8
	legacyFirstPlaces           places // G8 with the cookies the other way round
	currentPlaces, legacyPlaces places // G6, G7

	warnings []string
	verified cache
}

// ForPublish judges the credential of a publish request by rule G8. Its error
// is a *[Refusal], also when no credential was presented.
// Means tells how the credential came: a cookie needs the Origin check.
func (a *Authenticator) ForPublish(r *http.Request) (g *Grants, by Means, err error) {
	c, refusal := find(r, a.publishPlaces)
	if refusal != nil {
		return nil, 0, refusal
	}
	if c == nil {
		return nil, 0, &Refusal{NoCode, NoToken, "the request presents no token"}
	}
	if g, refusal = a.verify(c, Publisher); refusal != nil {
		return nil, c.by, refusal
	}
	return g, c.by, nil
}

// ForSubscribe judges the credential of a subscribe request of generation g by
// rules G6, G7 and G9. With no credential presented it returns nil, nil: the
// hub decides about anonymous subscribers.
func (a *Authenticator) ForSubscribe(r *http.Request, g spec.Generation) (*Grants, error) {
	c, refusal := find(r, a.placesFor(g))
	if refusal != nil {
		return nil, refusal
	}
	if c == nil {
		return nil, nil
	}
	grants, refusal := a.verify(c, Subscriber)
	if refusal != nil {
		return nil, refusal
	}
	if grants.generation != g {
		return nil, refuse(WrongGeneration, "a %s token came with a %s subscription", grants.generation, g)
	}
	return grants, nil
}

// ForSubscriptions judges the credential of a request to the subscription API
// by rule G8. Whose cookie counts where both generations' are there is first's
// to say (C5). Its error is a *[Refusal], also when no credential was presented:
// strangers have no business here (SUBS-api-token-required).
func (a *Authenticator) ForSubscriptions(r *http.Request, first spec.Generation) (*Grants, error) {
	where := a.publishPlaces
	if first == spec.Legacy {
		where = a.legacyFirstPlaces
	}
	c, refusal := find(r, where)
	if refusal != nil {
		return nil, refusal
	}
	if c == nil {
		return nil, &Refusal{NoCode, NoToken, "the request presents no token"}
	}
	g, refusal := a.verify(c, Subscriber)
	if refusal != nil {
		return nil, refusal
	}
	return g, nil
}

// Verify judges one token in compact serialization, for whatever generation
// its typ says, at time now. Its error is a *[Refusal].
func (a *Authenticator) Verify(token string, role Role, now time.Time) (*Grants, error) {
	g, refusal := a.check(token, role, now)
	if refusal != nil {
		return nil, refusal
	}
	return g, nil
}

// check is Verify, by way of the cache.
func (a *Authenticator) check(compact string, role Role, now time.Time) (*Grants, *Refusal) {
	if len(compact) > maxToken {
		return nil, refuse(TooLarge, "it has %d bytes, more than %d", len(compact), maxToken)
	}
	key := cacheKeyOf(compact, role)
	if g, ok := a.verified.get(key); ok && a.Trusts(g) {
		if r := cmp.Or(a.checkSunset(g, now), g.at(now)); r != nil {
			return nil, r
		}
		return g, nil
	}
	g, r := a.judge(compact, role, now)
	if r != nil {
		return nil, r
	}
	g.token = key.digest
	a.verified.put(key, g, len(compact))
	return g, nil
}

// Warnings returns what an operator should be told once at start: legal
// settings that make tokens easier to forge or impossible to accept.
func (a *Authenticator) Warnings() []string { return a.warnings }
