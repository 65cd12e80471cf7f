package auth

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"cinnabar/spec"
)

// A LegacyPolicy is what a hub demands of 0.x tokens beyond their draft, under
// which they never need to expire and are good for every hub that knows the
// key. The zero value demands nothing.
type LegacyPolicy struct {
	// Topics are 0.x selectors: what none of them matches, 0.x tokens neither
	// publish nor receive in private, whatever they grant. Empty means all.
	Topics []string
	// RequireExpiry refuses tokens without exp.
	RequireExpiry bool
	// MaxLifetime refuses tokens with a longer time to live, counted from iat
	// where that has passed and from now otherwise, and those without exp; 0
	// means any.
	MaxLifetime time.Duration
	// Audience has to be in aud; "" means it is not looked at.
	Audience string
	// Sunset is when 0.x tokens stop being accepted; zero means never.
	Sunset time.Time
}

// Over reports whether 0.x is a thing of the past.
func (p *LegacyPolicy) Over(now time.Time) bool {
	return !p.Sunset.IsZero() && !now.Before(p.Sunset)
}

// within returns the set of the topics that are allowed, nil for all.
func (p *LegacyPolicy) within() (*spec.Set, error) {
	if len(p.Topics) == 0 || slices.Contains(p.Topics, spec.Wildcard) {
		return nil, nil
	}
	var selectors []*spec.Selector
	var faults []error
	for _, topic := range p.Topics {
		s, err := spec.ParseTopicSelector(topic)
		if err != nil {
			faults = append(faults, fmt.Errorf("the legacy topics have %s: %w", quote(topic), err))
			continue
		}
		selectors = append(selectors, s)
	}
	set := spec.SetOf(selectors)
	return &set, errors.Join(faults...)
}

// rules are those that the policy adds to the draft's.
func (p *LegacyPolicy) rules() (added []rule) {
	if p.RequireExpiry || p.MaxLifetime > 0 {
		added = append(added, rule{"does not live longer than this hub lets 0.x tokens", "AUTH-0x-no-exp", (*Authenticator).checkLegacyLifetime, claim("exp")})
	}
	if p.Audience != "" {
		added = append(added, rule{"is meant for the audience of 0.x tokens", "AUTH-aud-forms", (*Authenticator).checkLegacyAudience, claim("aud")})
	}
	return added
}

func (a *Authenticator) checkLegacyLifetime(t *token) *Refusal {
	if t.grants.expiry.IsZero() {
		return refuse(MissingExpiry, "exp is missing, and this hub takes no 0.x token that lives for ever")
	}
	if a.policy.MaxLifetime == 0 {
		return nil
	}
	from := t.now
	if t.claims.has("iat") {
		issued, r := readDate(t.claims, "iat")
		if r != nil {
			return r
		}
		if issued.Before(from) {
			from = issued
		}
	}
	if lifetime := t.grants.expiry.Sub(from); lifetime > a.policy.MaxLifetime {
		return refuse(LongLifetime, "it lives for %s, longer than the %s this hub allows 0.x tokens", lifetime.Round(time.Second), a.policy.MaxLifetime)
	}
	return nil
}

func (a *Authenticator) checkLegacyAudience(t *token) *Refusal {
	return checkAudienceIs(t, a.policy.Audience)
}

// checkSunset refuses 0.x tokens once 0.x is over, those too that were verified
// before.
func (a *Authenticator) checkSunset(g *Grants, now time.Time) *Refusal {
	if g.generation == spec.Legacy && a.policy.Over(now) {
		return refuse(GenerationDisabled, "typ is not at+jwt, which makes it a 0.x token, and those are refused since %s", written(a.policy.Sunset))
	}
	return nil
}

// Withheld reports whether the policy keeps a topic from the token, which may
// grant it all the same.
func (g *Grants) Withheld(topic string) bool { return g.within != nil && !g.within.Match(topic) }
