package auth

import (
	"net/http"
	"time"

	"cinnabar/spec"
)

// A Role is what a token is presented for; each has its own key.
type Role uint8

const (
	Publisher Role = iota + 1
	Subscriber
)

// String returns the word used in settings and metric labels.
func (r Role) String() string {
	if r == Publisher {
		return "publisher"
	}
	return "subscriber"
}

// A Means is how a request presented its token.
type Means uint8

const (
	Header Means = iota + 1
	Cookie
	Query // 0.x alone, when switched on
)

// An Issuer is a 1.0 token issuer and the keys that belong to it alone.
type Issuer struct {
	ID         string
	Publisher  Key
	Subscriber Key
}

// Config is what an [Authenticator] is made of. Keys may be zero: a role
// without a key refuses every token.
type Config struct {
	Generations spec.Generations
	// Base is the hub's URL: relative patterns in grants are resolved on it.
	Base *spec.Base
	// ResourceIdentifier is compared with aud. Without one every at+jwt token
	// is refused with reason no_resource_identifier.
	ResourceIdentifier string
	// LegacyPublisher and LegacySubscriber verify 0.x tokens.
	LegacyPublisher, LegacySubscriber Key
	// Issuers verify 1.0 tokens.
	Issuers []Issuer

	CookieName       string // 1.0; "" means spec.CookieName
	LegacyCookieName string // 0.x; "" means spec.LegacyCookieName; "-" disables it
	LegacyQueryToken bool

	// MaxDetails bounds authorization details, the topics of each, and 0.x
	// selector lists alike. Zero means the default.
	MaxDetails int
}

// An Authenticator finds and judges tokens. It is immutable apart from a
// bounded cache of verified tokens, and safe for concurrent use.
type Authenticator struct{}

// New checks the configuration as a whole; all its faults are joined.
func New(c Config) (*Authenticator, error) { panic("auth: being written") }

// ForPublish judges the credential of a publish request by rule G8. Its error
// is a *[Refusal], also when no credential was presented.
// Means tells how the credential came: a cookie needs the Origin check.
func (a *Authenticator) ForPublish(r *http.Request) (g *Grants, by Means, err error) {
	panic("auth: being written")
}

// ForSubscribe judges the credential of a subscribe request of generation g by
// rules G6, G7 and G9. With no credential presented it returns nil, nil: the
// hub decides about anonymous subscribers.
func (a *Authenticator) ForSubscribe(r *http.Request, g spec.Generation) (*Grants, error) {
	panic("auth: being written")
}

// Verify judges one token in compact serialization, for whatever generation
// its typ says, at time now.
func (a *Authenticator) Verify(token string, role Role, now time.Time) (*Grants, error) {
	panic("auth: being written")
}

// Grants is what a verified token allows. Immutable, shared between requests
// that bring the same token.
type Grants struct{}

// Generation returns the generation of the token.
func (g *Grants) Generation() spec.Generation { panic("auth: being written") }

// CanPublish reports whether every topic may be published; refused is the
// first that may not.
func (g *Grants) CanPublish(topics []string) (refused string, ok bool) { panic("auth: being written") }

// CanReceive reports whether a private update about topics may be read: one
// granted topic is enough.
func (g *Grants) CanReceive(topics []string) bool { panic("auth: being written") }

// Expiry returns the token's exp, zero for none. Streams end then, without leeway.
func (g *Grants) Expiry() time.Time { panic("auth: being written") }
