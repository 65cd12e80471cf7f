package auth

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"slices"
	"time"
)

// A Report is what became of every rule for one token. It quotes the token's
// claims and is for its owner alone.
type Report struct {
	Checks []Check
	Grants *Grants // nil if refused
}

// A Check is one rule applied.
type Check struct {
	Name        string // what the token has to satisfy; reads after "the token"
	Requirement string // id in requirements.yaml
	Found       string // the claim or header judged, as written; may be ""
	Outcome     Outcome
	Refusal     *Refusal // if Failed
	Hint        string   // the likely mistake, if one was found
}

// An Outcome is how a rule ended.
type Outcome uint8

const (
	Passed Outcome = iota + 1
	Failed
	NotReached // an earlier rule failed that this one builds on
)

// Explain applies every rule that can still be applied, where Verify stops at
// the first that fails: an expired token for another hub has both said of it,
// even if its signature is wrong.
func (a *Authenticator) Explain(compact string, role Role, now time.Time) Report {
	t := &token{compact: compact, role: role, now: now}
	var report Report
	if !report.chain(a, t, form) {
		return report
	}
	own := a.rulesOf(t.generation)
	good := report.chain(a, t, own.trust)
	if !report.chain(a, t, sound) {
		report.skip(own.claims)
		return report
	}
	for _, rule := range own.claims {
		good = report.one(a, t, rule) && good
	}
	if good {
		report.Grants = t.grants
	}
	return report
}

// chain applies rules up to the first that fails.
func (r *Report) chain(a *Authenticator, t *token, list []rule) (passed bool) {
	for i, rule := range list {
		if !r.one(a, t, rule) {
			r.skip(list[i+1:])
			return false
		}
	}
	return true
}

func (r *Report) skip(list []rule) {
	for _, rule := range list {
		r.Checks = append(r.Checks, Check{Name: rule.name, Requirement: rule.requirement, Outcome: NotReached})
	}
}

func (r *Report) one(a *Authenticator, t *token, rule rule) (passed bool) {
	c := Check{Name: rule.name, Requirement: rule.requirement, Outcome: Passed}
	if c.Refusal = rule.judge(a, t); c.Refusal != nil {
		c.Outcome = Failed
		if c.Refusal.Reason == BadSignature {
			for _, key := range t.candidates {
				c.Hint = cmp.Or(c.Hint, key.hint(t))
			}
		}
	}
	if rule.found != nil {
		c.Found = rule.found(t)
	}
	r.Checks = append(r.Checks, c)
	return c.Outcome == Passed
}

// hint tries what people do to secrets without noticing, on the hub's side or
// the issuer's.
func (k Key) hint(t *token) string {
	secret, ok := k.public.([]byte)
	if !ok {
		return ""
	}
	signs := func(candidate []byte) bool {
		return !slices.Equal(candidate, secret) && Key{method: k.method, public: candidate}.verifies(t.signed, t.signature)
	}
	trimmed := bytes.TrimSpace(secret)
	switch {
	case signs(trimmed):
		return "the configured secret begins or ends with white space that the signer's has not"
	case signs(append(trimmed[:len(trimmed):len(trimmed)], '\n')):
		return "the signer's secret ends with a line break that the configured one has not"
	case signs(bytes.Trim(trimmed, `"'`)):
		return "the configured secret is wrapped in quotes that the signer's has not"
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if decoded, err := encoding.DecodeString(string(trimmed)); err == nil && signs(decoded) {
			return "the signer decodes the secret from base64 and the hub uses it as it stands"
		}
		if signs([]byte(encoding.EncodeToString(secret))) {
			return "the signer uses the secret encoded in base64"
		}
	}
	return ""
}
