package auth

import (
	"encoding/json"
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

// checkLegacyKey selects the 0.x keys: those of 1.0 issuers have no say here.
func (a *Authenticator) checkLegacyKey(t *token) *Refusal {
	t.keys = a.legacy
	return a.checkKey(t)
}

// readMercureClaim turns the 0.x claim into grants. The draft leaves open what
// a list that is not one, or an entry that is no string, means. Here it makes
// the token invalid: granting the legible rest would be as unexplained as
// granting nothing, and the reason leads straight to the bug.
func (a *Authenticator) readMercureClaim(t *token) *Refusal {
	raw, present := t.claims[mercureClaim]
	if !present {
		raw, present = t.claims[namespacedMercureClaim]
	}
	if !present {
		// Judged as 0.x it would be valid and grant nothing; it is a 1.0
		// token whose issuer forgot typ, and 1.0 calls that invalid (AUTH-typ).
		if _, current := t.claims["authorization_details"]; current {
			return refuse(MissingType, "it has authorization_details like a 1.0 token, but its typ is not at+jwt")
		}
		return nil
	}
	if isEmpty(raw) {
		return nil
	}
	mercure, err := readObject(raw)
	if err != nil {
		return refuse(InvalidGrant, "mercure claim: %v", err)
	}
	if t.grants.publish, err = a.readSelectors(mercure["publish"]); err != nil {
		return refuse(grantReason(err), "mercure.publish %v", err)
	}
	if t.grants.subscribe, err = a.readSelectors(mercure["subscribe"]); err != nil {
		return refuse(grantReason(err), "mercure.subscribe %v", err)
	}
	t.grants.payload = mercure["payload"]
	return nil
}

// isEmpty recognizes null and [], which is how PHP writes an empty object.
func isEmpty(raw json.RawMessage) bool {
	items, ok := list(raw)
	return ok && len(items) == 0 || kindOf(raw) == "null"
}

// readSelectors reads a list of topic selectors; absent and null are empty.
func (a *Authenticator) readSelectors(raw json.RawMessage) ([]*spec.Selector, error) {
	if raw == nil || kindOf(raw) == "null" {
		return nil, nil
	}
	values, ok := texts(raw)
	if !ok {
		return nil, errors.New("is not an array of strings")
	}
	if len(values) > a.maxDetails {
		return nil, fmt.Errorf("%w: %d, more than %d", errTooMany, len(values), a.maxDetails)
	}
	selectors := make([]*spec.Selector, len(values))
	for i, value := range values {
		var err error
		if selectors[i], err = spec.ParseTopicSelector(value); err != nil {
			return nil, fmt.Errorf("has an invalid entry %d: %w", i, err)
		}
	}
	return selectors, nil
}
