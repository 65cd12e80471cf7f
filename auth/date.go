package auth

import (
	"math"
	"strconv"
	"time"

	"cinnabar/spec"
)

// nbfLeeway forgives an issuer whose clock is ahead: a token is often used in
// the second it was made. exp gets none (AUTH-leeway is a MAY): streams end at
// exp exactly (AUTH-exp-close), so a request let in after it would only buy an
// endless loop of reconnections.
const nbfLeeway = 10 * time.Second

// checkExpiry reads exp and enforces it. 1.0 requires it (AUTH-exp-required);
// 0.x back ends sign static tokens without one (AUTH-0x-no-exp).
func (a *Authenticator) checkExpiry(t *token) *Refusal {
	if !t.claims.has("exp") {
		if t.generation == spec.Current {
			return refuse(MissingExpiry, "exp is missing")
		}
		return nil
	}
	var r *Refusal
	if t.grants.expiry, r = readDate(t.claims, "exp"); r != nil {
		return r
	}
	return t.grants.expired(t.now)
}

// checkNotBefore reads nbf, if there is one, and enforces it (AUTH-nbf).
func (a *Authenticator) checkNotBefore(t *token) *Refusal {
	if !t.claims.has("nbf") {
		return nil
	}
	var r *Refusal
	if t.grants.notBefore, r = readDate(t.claims, "nbf"); r != nil {
		return r
	}
	return t.grants.early(t.now)
}

// expired applies exp, on or after which a token is dead (RFC 7519 §4.1.4).
func (g *Grants) expired(now time.Time) *Refusal {
	if g.expiry.IsZero() || now.Before(g.expiry) {
		return nil
	}
	return refuse(Expired, "it expired at %s, %s ago", written(g.expiry), now.Sub(g.expiry).Round(time.Second))
}

// early applies nbf.
func (g *Grants) early(now time.Time) *Refusal {
	if !now.Add(nbfLeeway).Before(g.notBefore) {
		return nil
	}
	return refuse(NotYetValid, "it is valid from %s, in %s", written(g.notBefore), g.notBefore.Sub(now).Round(time.Second))
}

// readDate reads a NumericDate: a JSON number of seconds, often with a
// fraction (Symfony's has microseconds). A string or null is refused in both
// generations: an expiry that cannot be read must not count as none
// (AUTH-exp-type).
func readDate(claims value, name string) (time.Time, *Refusal) {
	date := claims.get(name)
	if date.kind() != aNumber {
		return time.Time{}, refuse(InvalidDate, "%s is %s, not a number", name, date.kind())
	}
	seconds, err := strconv.ParseFloat(string(date.raw), 64)
	if err != nil {
		return time.Time{}, refuse(InvalidDate, "%s is out of range", name)
	}
	// Beyond 2⁵³ a float64 has no single seconds and time.Time soon none at
	// all; these dates are ages away on either side.
	const farthest = 1 << 53
	whole, fraction := math.Modf(min(max(seconds, -farthest), farthest))
	return time.Unix(int64(whole), int64(fraction*1e9)), nil
}

func written(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
