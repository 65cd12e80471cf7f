package auth

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"cinnabar/spec"
)

// DefaultMaxDetails is the limit that a zero Config.MaxDetails means.
const DefaultMaxDetails = 100

// An Issuer is a 1.0 token issuer and the keys that belong to it alone
// (AUTH-key-issuer-binding).
type Issuer struct {
	ID         string
	Publisher  Key
	Subscriber Key
	// Further keys of a role: while keys are rotated there are two.
	PublisherKeys, SubscriberKeys []Key
	// KeySet has keys of both roles; nil for none.
	KeySet *KeySet
}

func (i Issuer) ring() ring {
	return ringOf(append([]Key{i.Publisher}, i.PublisherKeys...), append([]Key{i.Subscriber}, i.SubscriberKeys...), i.KeySet)
}

// Config is what an [Authenticator] is made of. Keys may be zero: a role
// without a key refuses every token.
type Config struct {
	// Generations served; zero means both.
	Generations spec.Generations
	// Base is the hub's URL: relative patterns in grants are resolved on it.
	// nil means [spec.UnnamedBase].
	Base *spec.Base
	// ResourceIdentifier is compared with aud. Without one every at+jwt token
	// is refused with reason no_resource_identifier.
	ResourceIdentifier string
	// LegacyPublisher and LegacySubscriber verify 0.x tokens.
	LegacyPublisher, LegacySubscriber Key
	// Issuers verify 1.0 tokens.
	Issuers []Issuer

	// Legacy is what 0.x tokens have to satisfy beyond their draft.
	Legacy LegacyPolicy

	CookieName       string // 1.0; "" means spec.CookieName
	LegacyCookieName string // 0.x; "" means spec.LegacyCookieName; "-" disables it
	LegacyQueryToken bool

	// MaxDetails bounds authorization details, the topics of each, and 0.x
	// selector lists alike. Zero means [DefaultMaxDetails].
	MaxDetails int
	// MaxMatcher bounds the bytes of a matcher in a detail, and of a 0.x
	// selector. Zero means [spec.MaxMatcher], which is also the most there can
	// be.
	MaxMatcher int
}

// New checks the configuration as a whole; all its faults are joined. What
// belongs to a generation that is not served is left aside.
func New(c Config) (*Authenticator, error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	a := &Authenticator{
		generations:        c.Generations,
		base:               c.Base,
		resourceIdentifier: c.ResourceIdentifier,
		maxDetails:         c.MaxDetails,
		maxMatcher:         c.MaxMatcher,
		policy:             c.Legacy,
		issuers:            make(map[string]ring),
	}
	if a.generations == 0 {
		a.generations = spec.Both
	}
	if a.base == nil {
		a.base = spec.UnnamedBase()
	}
	if a.maxDetails == 0 {
		a.maxDetails = DefaultMaxDetails
	}
	if a.maxMatcher == 0 {
		a.maxMatcher = spec.MaxMatcher
	}
	if a.maxMatcher < 0 {
		fault("the limit of a matcher's bytes is negative: %d", c.MaxMatcher)
	}
	if a.maxDetails < 0 {
		fault("the limit of authorization details is negative: %d", c.MaxDetails)
	}

	if a.generations.Has(spec.Legacy) {
		var err error
		if a.within, err = c.Legacy.within(); err != nil {
			faults = append(faults, err)
		}
		if c.Legacy.MaxLifetime < 0 {
			fault("the longest lifetime of 0.x tokens is negative: %v", c.Legacy.MaxLifetime)
		}
		a.legacy = ringOf([]Key{c.LegacyPublisher}, []Key{c.LegacySubscriber}, nil)
		a.legacyPlaces.query = c.LegacyQueryToken
		if c.LegacyCookieName != "-" {
			a.legacyPlaces.cookies = []string{orDefault(c.LegacyCookieName, spec.LegacyCookieName)}
		}
	}
	if a.generations.Has(spec.Current) {
		a.currentPlaces.cookies = []string{orDefault(c.CookieName, spec.CookieName)}
		for _, issuer := range c.Issuers {
			if issuer.ID == "" {
				fault("an issuer has no identifier")
			}
			if _, twice := a.issuers[issuer.ID]; twice {
				fault("issuer %q is listed twice: name it once, with all its keys", issuer.ID)
			}
			keys := issuer.ring()
			if keys.isEmpty() {
				fault("issuer %q has no key: give it at least one, or a JWK Set", issuer.ID)
			}
			a.issuers[issuer.ID] = keys
		}
	}
	cookies := slices.Concat(a.currentPlaces.cookies, a.legacyPlaces.cookies)
	a.publishPlaces = places{a.legacyPlaces.query, cookies}
	a.legacyFirstPlaces = places{a.legacyPlaces.query, slices.Concat(a.legacyPlaces.cookies, a.currentPlaces.cookies)}
	for _, name := range cookies {
		if (&http.Cookie{Name: name}).Valid() != nil {
			fault("%q cannot be the name of a cookie", name)
		}
	}
	// With equal names a token's place would no longer tell its generation (C9).
	if len(cookies) == 2 && cookies[0] == cookies[1] {
		fault("the cookies of 0.x and 1.0 have the same name %q", cookies[0])
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("configuring authorization: %w", errors.Join(faults...))
	}
	a.warnings = a.warn(c.Issuers)
	return a, nil
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// warn finds what is legal and still worth a warning.
func (a *Authenticator) warn(issuers []Issuer) []string {
	type owned struct {
		owner string
		ring
	}
	rings := []owned{{"0.x", a.legacy}}
	for _, issuer := range issuers {
		if keys, served := a.issuers[issuer.ID]; served {
			rings = append(rings, owned{fmt.Sprintf("issuer %q", issuer.ID), keys})
		}
	}

	var found []string
	told := make(map[[32]byte]bool) // one secret in several places is one weakness
	sharedByRoles, sharedByGenerations := false, false
	for i, r := range rings {
		for _, role := range []Role{Publisher, Subscriber} {
			for _, key := range r.of(role) {
				if !told[key.digest] {
					for _, weakness := range key.Weaknesses() {
						found = append(found, fmt.Sprintf("the %s key of %s is weak: %s", role, r.owner, weakness))
					}
				}
				told[key.digest] = true
				sharedByGenerations = sharedByGenerations || i > 0 &&
					(slices.ContainsFunc(a.legacy.publisher, key.sameMaterial) || slices.ContainsFunc(a.legacy.subscriber, key.sameMaterial))
				sharedByRoles = sharedByRoles || slices.ContainsFunc(r.ofOther(role), key.sameMaterial)
			}
		}
	}
	if sharedByRoles {
		found = append(found, "publisher and subscriber tokens have the same key: whoever may sign the one kind can sign the other (AUTH-keys-per-role)")
	}
	if sharedByGenerations {
		found = append(found, "0.x and 1.0 tokens have the same key: whoever signs tokens can leave out what 1.0 demands of them")
	}
	if a.resourceIdentifier == "" && len(a.issuers) > 0 {
		found = append(found, "1.0 issuers are trusted, but every 1.0 token is refused until a resource identifier is configured")
	}
	return found
}
