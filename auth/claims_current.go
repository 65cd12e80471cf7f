package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"cinnabar/spec"
)

// checkResourceIdentifier refuses what cannot be compared: without a name of
// its own a hub would accept every other hub's tokens.
func (a *Authenticator) checkResourceIdentifier(t *token) *Refusal {
	if a.resourceIdentifier == "" {
		return refuse(NoResourceIdentifier, "1.0 tokens name the hub they are for, and this one has no resource identifier configured")
	}
	return nil
}

// checkIssuer selects the keys that may have signed the token: those of the
// issuer it names and no others (AUTH-iss-checked, AUTH-key-no-pooling). The
// claim is still unverified; naming an issuer gains nothing without its key.
func (a *Authenticator) checkIssuer(t *token) *Refusal {
	raw, present := t.claims["iss"]
	if !present {
		return refuse(UnknownIssuer, "iss is missing")
	}
	id, ok := text(raw)
	if !ok {
		return refuse(UnknownIssuer, "iss is %s, not a string", kindOf(raw))
	}
	if t.keys, ok = a.issuers[id]; !ok {
		return refuse(UnknownIssuer, "iss is %s, which is none of the %d trusted issuers", quote(id), len(a.issuers))
	}
	return nil
}

// checkAudience requires the hub's own identifier, byte for byte, in aud
// (AUTH-aud-checked, AUTH-aud-forms).
func (a *Authenticator) checkAudience(t *token) *Refusal {
	raw, present := t.claims["aud"]
	if !present {
		return refuse(WrongAudience, "aud is missing, expected %q", a.resourceIdentifier)
	}
	audience, ok := texts(raw)
	if one, single := text(raw); single {
		audience, ok = []string{one}, true
	}
	if !ok {
		return refuse(WrongAudience, "aud is %s, expected a string or an array of strings", kindOf(raw))
	}
	if !slices.Contains(audience, a.resourceIdentifier) {
		return refuse(WrongAudience, "aud is %.100q, expected %q", audience, a.resourceIdentifier)
	}
	return nil
}

// readDetails turns authorization_details into grants, all of them or none:
// leaving one out would alter what the issuer meant (AUTH-detail-*).
func (a *Authenticator) readDetails(t *token) *Refusal {
	raw, present := t.claims["authorization_details"]
	if !present {
		return nil // AUTH-detail-none
	}
	details, ok := list(raw)
	if !ok {
		return refuse(InvalidGrant, "authorization_details is %s, not an array", kindOf(raw))
	}
	ours := 0
	for i, raw := range details {
		detail, err := readObject(raw)
		if err != nil {
			return refuse(InvalidGrant, "authorization_details[%d]: %v", i, err)
		}
		// Details of other types are another resource's business, whatever
		// their shape (AUTH-detail-foreign-ignored).
		if kind, ok := text(detail["type"]); !ok || kind != spec.DetailType {
			continue
		}
		if ours++; ours > a.maxDetails {
			return refuse(TooManyGrants, "it has more than %d authorization details", a.maxDetails)
		}
		if err := a.readDetail(t.grants, detail); err != nil {
			return refuse(grantReason(err), "authorization_details[%d].%v", i, err)
		}
	}
	return nil
}

var errTooMany = errors.New("has too many entries")

func grantReason(err error) Reason {
	if errors.Is(err, errTooMany) {
		return TooManyGrants
	}
	return InvalidGrant
}

func (a *Authenticator) readDetail(g *Grants, detail object) error {
	actions, ok := texts(detail["actions"])
	if !ok || len(actions) == 0 {
		return errors.New("actions is not a non-empty array of strings")
	}
	entries, ok := list(detail["topics"])
	if !ok || len(entries) == 0 {
		return errors.New("topics is not a non-empty array")
	}
	if len(entries) > a.maxDetails {
		return fmt.Errorf("topics %w: %d, more than %d", errTooMany, len(entries), a.maxDetails)
	}
	selectors := make([]*spec.Selector, len(entries))
	for i, raw := range entries {
		var err error
		if selectors[i], err = a.readMatcher(raw); err != nil {
			return fmt.Errorf("topics[%d]: %w", i, err)
		}
	}
	payload, present := detail["payload"]
	if present && kindOf(payload) != "an object" {
		return fmt.Errorf("payload is %s, not an object", kindOf(payload))
	}
	// Unknown actions grant nothing and do no harm (AUTH-detail-actions-unknown).
	if slices.Contains(actions, "publish") {
		g.publish = append(g.publish, selectors...)
	}
	if slices.Contains(actions, "subscribe") {
		g.subscribe = append(g.subscribe, selectors...)
		// Also without a payload: it masks those of later details
		// (AUTH-payload-order).
		g.payloads = append(g.payloads, payloadFor{selectors, payload})
	}
	return nil
}

// readMatcher reads a topic matcher object (AUTH-topics-*).
func (a *Authenticator) readMatcher(raw json.RawMessage) (*spec.Selector, error) {
	matcher, err := readObject(raw)
	if err != nil {
		return nil, err
	}
	match, ok := text(matcher["match"])
	if !ok {
		return nil, fmt.Errorf("match is %s, not a string", kindOf(matcher["match"]))
	}
	matchType := "" // absent: exact
	if raw, present := matcher["match_type"]; present {
		// An empty one names no type, though ParseMatcher takes it for the
		// default.
		if matchType, ok = text(raw); !ok || matchType == "" {
			return nil, errors.New("match_type is not the name of a matcher type")
		}
	}
	return spec.ParseMatcher(matchType, match, a.base)
}
