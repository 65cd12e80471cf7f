package auth

import (
	"fmt"
	"strings"
	"unicode"
)

// A Reason says which rule a token failed, for logs and metric labels.
type Reason string

// How the credential was presented.
const (
	NoToken            Reason = "no_token"            // none was presented
	SeveralHeaders     Reason = "several_headers"     // more than one Authorization field
	MalformedHeader    Reason = "malformed_header"    // Bearer not followed by one token
	AmbiguousCookie    Reason = "ambiguous_cookie"    // one cookie name, different values
	AmbiguousParameter Reason = "ambiguous_parameter" // more than one authorization parameter
	TokenInQuery       Reason = "token_in_query"      // a 1.0 token in the URL
	WrongGeneration    Reason = "wrong_generation"    // a token of the other generation than the subscription
)

// What the token looks like.
const (
	TooLarge           Reason = "too_large"
	MalformedToken     Reason = "malformed_token"    // no JWS in compact serialization, or no JSON in it
	DuplicateMember    Reason = "duplicate_member"   // a JSON name twice in one object
	TooDeep            Reason = "too_deep"           // JSON nested beyond the limit
	CriticalExtension  Reason = "critical_extension" // crit
	AlgorithmNone      Reason = "algorithm_none"     // unsigned
	MissingType        Reason = "missing_type"       // 1.0 claims without typ at+jwt
	GenerationDisabled Reason = "generation_not_served"
)

// Whom it can be trusted from, and until when.
const (
	NoResourceIdentifier Reason = "no_resource_identifier"
	UnknownIssuer        Reason = "unknown_issuer"
	NoKey                Reason = "no_key"      // none configured for the role
	UnknownKey           Reason = "unknown_key" // kid names none of the issuer's
	WrongAlgorithm       Reason = "wrong_algorithm"
	BadSignature         Reason = "bad_signature"
	WrongRole            Reason = "wrong_role"   // signed with the key of the other role
	EmbeddedKey          Reason = "embedded_key" // signed with a key it brought itself, perhaps
	MissingExpiry        Reason = "missing_exp"
	LongLifetime         Reason = "long_lifetime" // of a 0.x token
	InvalidDate          Reason = "invalid_date"
	Expired              Reason = "expired"
	NotYetValid          Reason = "not_yet_valid"
	WrongAudience        Reason = "wrong_audience"
)

// What it grants.
const (
	InvalidGrant  Reason = "invalid_grant"
	TooManyGrants Reason = "too_many_grants"
)

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

// refuse makes the refusal of a token (AUTH-failure-report).
func refuse(why Reason, detail string, args ...any) *Refusal {
	return &Refusal{Code: InvalidToken, Reason: why, Detail: printable(fmt.Sprintf(detail, args...))}
}

// misuse makes the refusal of a presentation (AUTH-400-invalid-request).
func misuse(why Reason, detail string, args ...any) *Refusal {
	return &Refusal{Code: InvalidRequest, Reason: why, Detail: printable(fmt.Sprintf(detail, args...))}
}

// printable keeps line breaks, terminal escapes and the like out of logs,
// whoever wrote them into what a detail cites.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// quote cites what a stranger wrote: escaped and short.
func quote(s string) string { return fmt.Sprintf("%.100q", s) }
