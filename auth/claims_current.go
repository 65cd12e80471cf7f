package auth

import (
	"bytes"
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
	issuer := t.claims.get("iss")
	if issuer.kind() != aString {
		return refuse(UnknownIssuer, "iss is %s, expected a string", issuer.kind())
	}
	var trusted bool
	t.issuer = issuer.text
	if t.keys, trusted = a.issuers[issuer.text]; !trusted {
		return refuse(UnknownIssuer, "iss is %s, which is none of the %d trusted issuers", quote(issuer.text), len(a.issuers))
	}
	return nil
}

// checkAudience requires the hub's own identifier, byte for byte, in aud
// (AUTH-aud-checked, AUTH-aud-forms).
func (a *Authenticator) checkAudience(t *token) *Refusal {
	return checkAudienceIs(t, a.resourceIdentifier)
}

func checkAudienceIs(t *token, wanted string) *Refusal {
	claimed := t.claims.get("aud")
	audience, ok := claimed.texts()
	if claimed.kind() == aString {
		audience, ok = []string{claimed.text}, true
	}
	if !ok {
		return refuse(WrongAudience, "aud is %s, expected %q alone or in an array of strings", claimed.kind(), wanted)
	}
	if !slices.Contains(audience, wanted) {
		return refuse(WrongAudience, "aud is %.100q, expected %q", audience[:min(len(audience), 5)], wanted)
	}
	return nil
}

// readDetails turns authorization_details into grants, all of them or none:
// leaving one out would alter what the issuer meant (AUTH-detail-*).
func (a *Authenticator) readDetails(t *token) *Refusal {
	details := t.claims.get("authorization_details")
	switch details.kind() {
	case missing:
		return nil // AUTH-detail-none
	case anArray:
	default:
		return refuse(InvalidGrant, "authorization_details is %s, not an array", details.kind())
	}
	ours := 0
	var g granted
	for i, detail := range details.items {
		if detail.kind() != anObject {
			return refuse(InvalidGrant, "authorization_details[%d] is %s, not an object", i, detail.kind())
		}
		// Details of other types are another resource's business, whatever
		// their shape (AUTH-detail-foreign-ignored).
		if detail.get("type").text != spec.DetailType {
			continue
		}
		if ours++; ours > a.maxDetails {
			return refuse(TooManyGrants, "it has more than %d authorization details", a.maxDetails)
		}
		if err := a.readDetail(&g, detail); err != nil {
			return refuse(grantReason(err), "authorization_details[%d].%v", i, err)
		}
	}
	t.grants.publish, t.grants.subscribe, t.grants.payloads = spec.SetOf(g.publish), spec.SetOf(g.subscribe), g.payloads
	return nil
}

// granted is what the details read so far grant.
type granted struct {
	publish, subscribe []*spec.Selector
	payloads           []payloadFor
}

var errTooMany = errors.New("has too many entries")

func grantReason(err error) Reason {
	if errors.Is(err, errTooMany) {
		return TooManyGrants
	}
	return InvalidGrant
}

func (a *Authenticator) readDetail(g *granted, detail value) error {
	actions, ok := detail.get("actions").texts()
	if !ok || len(actions) == 0 {
		return errors.New("actions is not a non-empty array of strings")
	}
	entries := detail.get("topics").items
	if len(entries) == 0 {
		return errors.New("topics is not a non-empty array")
	}
	if len(entries) > a.maxDetails {
		return fmt.Errorf("topics %w: %d, more than %d", errTooMany, len(entries), a.maxDetails)
	}
	selectors := make([]*spec.Selector, len(entries))
	for i, entry := range entries {
		var err error
		if selectors[i], err = a.readMatcher(entry); err != nil {
			return fmt.Errorf("topics[%d]: %w", i, err)
		}
	}
	payload := detail.get("payload")
	if kind := payload.kind(); kind != missing && kind != anObject {
		return fmt.Errorf("payload is %s, not an object", kind)
	}
	// Unknown actions grant nothing and do no harm (AUTH-detail-actions-unknown).
	if slices.Contains(actions, "publish") {
		g.publish = append(g.publish, selectors...)
	}
	if slices.Contains(actions, "subscribe") {
		g.subscribe = append(g.subscribe, selectors...)
		// Also without a payload: it masks those of later details
		// (AUTH-payload-order).
		g.payloads = append(g.payloads, payloadFor{spec.SetOf(selectors), bytes.Clone(payload.raw)})
	}
	return nil
}

// tooLong is why a matcher was not even parsed (LIMIT-details-pattern).
func (a *Authenticator) tooLong(match string) error {
	return fmt.Errorf("match is %d bytes long, more than the %d allowed", len(match), a.maxMatcher)
}

// readMatcher reads a topic matcher object (AUTH-topics-*).
func (a *Authenticator) readMatcher(entry value) (*spec.Selector, error) {
	if entry.kind() != anObject {
		return nil, fmt.Errorf("it is %s, not an object", entry.kind())
	}
	match := entry.get("match")
	if match.kind() != aString {
		return nil, fmt.Errorf("match is %s, not a string", match.kind())
	}
	if len(match.text) > a.maxMatcher {
		return nil, a.tooLong(match.text)
	}
	matchType := entry.get("match_type")
	// An empty one names no type, though ParseMatcher takes it for the default.
	if matchType.kind() != missing && matchType.text == "" {
		return nil, errors.New("match_type is not the name of a matcher type")
	}
	return spec.ParseMatcher(matchType.text, match.text, a.base)
}
