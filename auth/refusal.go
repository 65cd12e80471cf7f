package auth

// A Reason says which rule a token failed, for logs and metric labels.
type Reason string

// A Code is the RFC 6750 error code of the challenge.
type Code string

const (
	NoCode         Code = "" // no token was presented
	InvalidRequest Code = "invalid_request"
	InvalidToken   Code = "invalid_token"
)

// A Refusal is why a credential was not accepted. Strangers get Code alone.
type Refusal struct {
	Code   Code
	Reason Reason
	// Detail explains the reason to the operator: what was found, what was
	// expected, what to change. It never holds the token or a key.
	Detail string
}

// Error returns reason and detail.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }
