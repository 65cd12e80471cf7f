package auth

import (
	"bytes"
	"errors"
	"fmt"

	"cinnabar/spec"
)

// The 0.x claim, and the name it has at identity providers that demand
// namespaced claims. The plain one wins: it is what the draft defines.
const (
	mercureClaim           = "mercure"
	namespacedMercureClaim = "https://mercure.rocks/"
)

// mercureOf returns the 0.x claim under either name.
func mercureOf(t *token) value {
	if t.claims.has(mercureClaim) {
		return t.claims.get(mercureClaim)
	}
	return t.claims.get(namespacedMercureClaim)
}

// checkNotCurrent recognizes a 1.0 token whose issuer forgot typ. As a 0.x
// token it would be valid and grant nothing; 1.0 calls it invalid (AUTH-typ).
func (a *Authenticator) checkNotCurrent(t *token) *Refusal {
	if mercureOf(t).kind() == missing && t.claims.has("authorization_details") {
		return refuse(MissingType, "it has authorization_details like a 1.0 token, but its typ is not at+jwt")
	}
	return nil
}

// checkLegacyKey selects the 0.x keys: those of 1.0 issuers have no say here.
func (a *Authenticator) checkLegacyKey(t *token) *Refusal {
	t.keys = a.legacy
	if t.candidates = t.keys.candidates(t.role, ""); t.candidates == nil {
		return refuse(NoKey, "typ is not at+jwt, which makes it a 0.x token, and those have no %s key configured", t.role)
	}
	return nil
}

// readMercureClaim turns the 0.x claim into grants. The draft leaves open what
// a list that is not one, or an entry that is no string, means. Here it makes
// the token invalid: granting the legible rest would be as unexplained as
// granting nothing, and the reason leads straight to the bug.
func (a *Authenticator) readMercureClaim(t *token) *Refusal {
	mercure := mercureOf(t)
	switch kind := mercure.kind(); {
	case kind == missing, kind == aNull:
		return nil
	case kind == anArray && len(mercure.items) == 0:
		return nil // how PHP writes an empty object
	case kind != anObject:
		return refuse(InvalidGrant, "the mercure claim is %s, not an object", kind)
	}
	var err error
	if t.grants.publish, err = a.readSelectors(mercure.get("publish")); err != nil {
		return refuse(grantReason(err), "mercure.publish %v", err)
	}
	if t.grants.subscribe, err = a.readSelectors(mercure.get("subscribe")); err != nil {
		return refuse(grantReason(err), "mercure.subscribe %v", err)
	}
	t.grants.payload = bytes.Clone(mercure.get("payload").raw)
	return nil
}

// readSelectors reads a list of topic selectors; absent and null are empty.
func (a *Authenticator) readSelectors(list value) (spec.Set, error) {
	if kind := list.kind(); kind == missing || kind == aNull {
		return spec.Set{}, nil
	}
	values, ok := list.texts()
	if !ok {
		return spec.Set{}, errors.New("is not an array of strings")
	}
	if len(values) > a.maxDetails {
		return spec.Set{}, fmt.Errorf("%w: %d, more than %d", errTooMany, len(values), a.maxDetails)
	}
	selectors := make([]*spec.Selector, len(values))
	for i, value := range values {
		if len(value) > a.maxMatcher {
			return spec.Set{}, fmt.Errorf("has an invalid entry %d: %w", i, a.tooLong(value))
		}
		var err error
		if selectors[i], err = spec.ParseTopicSelector(value); err != nil {
			return spec.Set{}, fmt.Errorf("has an invalid entry %d: %w", i, err)
		}
	}
	return spec.SetOf(selectors), nil
}
