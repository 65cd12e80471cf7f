package auth

import (
	"slices"
	"time"

	"cinnabar/spec"
)

// A rule is one thing a token has to satisfy. All of them, in order, are what
// Verify applies and what Explain reports.
type rule struct {
	name        string // for people
	requirement string
	judge       func(*Authenticator, *token) *Refusal
	found       func(*token) string // what was looked at, as written; may be nil
}

// form is applied to every token, before it is known whose it is.
var form = []rule{
	{"is a signed token in compact serialization", "AUTH-jws-compact", (*Authenticator).readForm, nil},
	{"has a header this hub understands", "AUTH-crit", (*Authenticator).readHeader, header("alg")},
	{"is of a generation this hub serves", "AUTH-typ", (*Authenticator).readGeneration, header("typ")},
}

// sound lets no two readers of the claims disagree.
var sound = []rule{
	{"has unambiguous claims", "AUTH-rfc9068-rfc8725", (*Authenticator).readClaims, nil},
}

// rules are those of one generation: trust first, then sound, then claims.
type rules struct {
	// trust establishes who signed the token; each rule needs the one before.
	trust []rule
	// claims says what the token is good for; each rule stands alone.
	claims []rule
}

var currentRules = rules{
	trust: []rule{
		{"is for a hub that knows its own name", "AUTH-aud-configured", (*Authenticator).checkResourceIdentifier, nil},
		{"comes from a trusted issuer", "AUTH-iss-checked", (*Authenticator).checkIssuer, claim("iss")},
		{"is for a role that has a key", "AUTH-key-trusted-set", (*Authenticator).checkKey, nil},
		{"is signed with the configured algorithm", "AUTH-alg-allowlist", (*Authenticator).checkAlgorithm, header("alg")},
		{"is signed by the key of the role", "AUTH-key-trusted-set", (*Authenticator).checkSignature, nil},
	},
	claims: []rule{
		{"has not expired", "AUTH-exp-enforced", (*Authenticator).checkExpiry, claim("exp")},
		{"is valid already", "AUTH-nbf", (*Authenticator).checkNotBefore, claim("nbf")},
		{"is meant for this hub", "AUTH-aud-checked", (*Authenticator).checkAudience, claim("aud")},
		{"has valid authorization details", "AUTH-detail-all-or-nothing", (*Authenticator).readDetails, claim("authorization_details")},
	},
}

var legacyRules = rules{
	trust: []rule{
		{"is not a 1.0 token without its type", "AUTH-typ", (*Authenticator).checkNotCurrent, nil},
		{"is for a role that has a key", "AUTH-0x-signature", (*Authenticator).checkLegacyKey, nil},
		{"is signed with the configured algorithm", "AUTH-0x-signature", (*Authenticator).checkAlgorithm, header("alg")},
		{"is signed by the key of the role", "AUTH-0x-signature", (*Authenticator).checkSignature, nil},
	},
	claims: []rule{
		{"has not expired", "AUTH-0x-expired", (*Authenticator).checkExpiry, claim("exp")},
		{"is valid already", "AUTH-0x-expired", (*Authenticator).checkNotBefore, claim("nbf")},
		{"has a valid mercure claim", "AUTH-0x-publish-claim", (*Authenticator).readMercureClaim, claim(mercureClaim, namespacedMercureClaim)},
	},
}

// rulesOf never mixes generations: a token is judged by its own alone (G5).
func (a *Authenticator) rulesOf(g spec.Generation) rules {
	if g == spec.Current {
		return currentRules
	}
	if added := a.policy.rules(); added != nil {
		return rules{legacyRules.trust, slices.Concat(legacyRules.claims, added)}
	}
	return legacyRules
}

// judge applies the rules up to the first that fails.
func (a *Authenticator) judge(compact string, role Role, now time.Time) (*Grants, *Refusal) {
	t := &token{compact: compact, role: role, now: now}
	if r := a.apply(form, t); r != nil {
		return nil, r
	}
	own := a.rulesOf(t.generation)
	for _, list := range [][]rule{own.trust, sound, own.claims} {
		if r := a.apply(list, t); r != nil {
			return nil, r
		}
	}
	t.grants.identity = identify(t)
	return t.grants, nil
}

func (a *Authenticator) apply(list []rule, t *token) *Refusal {
	for _, rule := range list {
		if r := rule.judge(a, t); r != nil {
			return r
		}
	}
	return nil
}
