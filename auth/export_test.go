package auth

import "time"

// VerifyAnew is Verify for a token the cache does not know.
func (a *Authenticator) VerifyAnew(compact string, role Role, now time.Time) (*Grants, *Refusal) {
	return a.judge(compact, role, now)
}
