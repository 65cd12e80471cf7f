package auth

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"cinnabar/spec"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// A SigningKey signs tokens for people and tests; a hub needs none.
type SigningKey struct {
	private any
	key     Key
}

// ParseSigningKey reads a secret or a PEM private key (PKCS #8, PKCS #1 or
// SEC 1); alg is as for [ParseKey].
func ParseSigningKey(material, alg string) (SigningKey, error) {
	if !isPEM(material) {
		key, err := ParseKey(material, alg)
		if err != nil {
			return SigningKey{}, err
		}
		return SigningKey{key.public, key}, nil
	}
	block, err := onlyBlock(material)
	if err != nil {
		return SigningKey{}, err
	}
	private, err := parsePrivate(block)
	if err != nil {
		return SigningKey{}, err
	}
	key, err := newPublicKey(private.Public(), alg)
	if err != nil {
		return SigningKey{}, err
	}
	return SigningKey{private, key}, nil
}

func parsePrivate(block *pem.Block) (crypto.Signer, error) {
	var private any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		private, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("signing needs a private key, not a PEM block of type %q", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the private key: %w", err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T cannot sign", private)
	}
	return signer, nil
}

// Key returns what verifies the tokens this key signs.
func (k SigningKey) Key() Key { return k.key }

// String and GoString keep the key out of whatever prints it.
func (k SigningKey) String() string   { return "signing " + k.key.String() }
func (k SigningKey) GoString() string { return k.String() }

// Claims are what a token to be signed says: [LegacyClaims] or
// [CurrentClaims].
type Claims interface {
	claims() (typ string, claims jwt.MapClaims, err error)
}

// Sign makes a token.
func (k SigningKey) Sign(c Claims) (string, error) {
	typ, claims, err := c.claims()
	if err != nil {
		return "", fmt.Errorf("making the claims of a token: %w", err)
	}
	t := jwt.NewWithClaims(k.key.method, claims)
	t.Header["typ"] = typ
	signed, err := t.SignedString(k.private)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed, nil
}

// LegacyClaims are those of a 0.x token. Publish and Subscribe are topic
// selectors; Payload is any JSON value, nil for none.
type LegacyClaims struct {
	Publish, Subscribe []string
	Payload            json.RawMessage
	Expires            time.Time // zero: never
}

func (c LegacyClaims) claims() (string, jwt.MapClaims, error) {
	mercure := map[string]any{}
	if c.Publish != nil {
		mercure["publish"] = c.Publish
	}
	if c.Subscribe != nil {
		mercure["subscribe"] = c.Subscribe
	}
	if c.Payload != nil {
		mercure["payload"] = c.Payload
	}
	claims := jwt.MapClaims{mercureClaim: mercure}
	if !c.Expires.IsZero() {
		claims["exp"] = c.Expires.Unix()
	}
	return "JWT", claims, nil
}

// CurrentClaims are those of a self-issued 1.0 token, which has to carry all
// of them (AUTH-claims-issued). Issuer, Audience and Expires are required.
type CurrentClaims struct {
	Issuer, Audience string
	ClientID         string    // "" means Issuer
	Subject          string    // "" means ClientID, as RFC 9068 has it where no person is involved
	IssuedAt         time.Time // zero means now
	Expires          time.Time
	ID               string // jti; "" means a random one
	Details          []Detail
}

// A Detail is one Mercure authorization detail.
type Detail struct {
	Actions []string        `json:"actions"`
	Topics  []Matcher       `json:"topics"`
	Payload json.RawMessage `json:"payload,omitempty"` // an object
}

// MarshalJSON adds the type, which is always the same.
func (d Detail) MarshalJSON() ([]byte, error) {
	type members Detail
	return json.Marshal(struct {
		Type string `json:"type"`
		members
	}{spec.DetailType, members(d)})
}

// A Matcher is an entry of a detail's topics; an empty MatchType means exact.
type Matcher struct {
	Match     string `json:"match"`
	MatchType string `json:"match_type,omitempty"`
}

func (c CurrentClaims) claims() (string, jwt.MapClaims, error) {
	if c.Issuer == "" || c.Audience == "" || c.Expires.IsZero() {
		return "", nil, errors.New("a 1.0 token needs an issuer, an audience and an expiry")
	}
	issuedAt := c.IssuedAt
	if issuedAt.IsZero() {
		issuedAt = time.Now()
	}
	clientID := orDefault(c.ClientID, c.Issuer)
	claims := jwt.MapClaims{
		"iss":       c.Issuer,
		"aud":       c.Audience,
		"client_id": clientID,
		"sub":       orDefault(c.Subject, clientID),
		"iat":       issuedAt.Unix(),
		"exp":       c.Expires.Unix(),
		"jti":       orDefault(c.ID, uuid.NewString()),
	}
	if len(c.Details) > 0 {
		claims["authorization_details"] = c.Details
	}
	return "at+jwt", claims, nil
}
