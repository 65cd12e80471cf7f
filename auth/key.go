package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// minRSA is the size in bits below which RFC 7518 §3.3 forbids RSA keys.
const minRSA = 2048

// A Key verifies signatures with one algorithm, fixed when it is made. The
// zero Key verifies nothing.
type Key struct {
	method jwt.SigningMethod
	public any // []byte for HMAC, else the public key type method wants
	// digest identifies the material, whatever the algorithm, without
	// holding it.
	digest [sha256.Size]byte
	id     string // kid, "" for a key without a name
}

// ParseKey reads key material: a secret for HS256, HS384 and HS512; a PEM
// public key or certificate for RS, PS, ES and EdDSA; a JWK for any. An empty alg means HS256
// for a secret and the natural one for a PEM (RS256, the ES of its curve,
// EdDSA). A PEM given for an HMAC algorithm is refused: anybody has it. So is
// a private key, which a verifier has no use for. Of a certificate only the
// key is used; its dates and issuer mean nothing here. Errors never quote the
// material.
func ParseKey(material, alg string) (Key, error) {
	if material == "" {
		return Key{}, errors.New("the key is empty")
	}
	if isJWK(material) {
		return parseJWK(material, alg)
	}
	if !isPEM(material) {
		method, err := hmacMethod(alg)
		if err != nil {
			return Key{}, err
		}
		return Key{method: method, public: []byte(material), digest: sha256.Sum256([]byte(material))}, nil
	}
	block, err := onlyBlock(material)
	if err != nil {
		return Key{}, err
	}
	public, err := parsePublic(block)
	if err != nil {
		return Key{}, err
	}
	return newPublicKey(public, alg)
}

func newPublicKey(public any, alg string) (Key, error) {
	method, err := methodFor(public, alg)
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, fmt.Errorf("encoding the public key: %w", err)
	}
	return Key{method: method, public: public, digest: sha256.Sum256(der)}, nil
}

// WithID returns the key under a name, which tokens give as kid.
func (k Key) WithID(kid string) Key {
	k.id = kid
	return k
}

// same reports whether both verify the same signatures.
func (k Key) same(other Key) bool {
	return k.digest == other.digest && k.Algorithm() == other.Algorithm()
}

// IsZero reports whether no key was given.
func (k Key) IsZero() bool { return k.method == nil }

// Algorithm returns the JWS name of the one algorithm the key verifies, "" for
// the zero Key.
func (k Key) Algorithm() string {
	if k.IsZero() {
		return ""
	}
	return k.method.Alg()
}

// String and GoString keep secrets out of whatever prints a configuration.
func (k Key) String() string   { return "key(" + k.Algorithm() + ")" }
func (k Key) GoString() string { return k.String() }

// verifies reports whether the signature over signed is this key's.
func (k Key) verifies(signed string, signature []byte) bool {
	return !k.IsZero() && k.method.Verify(signed, signature, k.public) == nil
}

// sameMaterial reports whether both keys were made of the same bytes.
func (k Key) sameMaterial(other Key) bool {
	return !k.IsZero() && !other.IsZero() && k.digest == other.digest
}

// Weaknesses tells what an operator should know about a secret: that it is
// too short, publicly known, or most likely not what its owner meant. It does
// not quote the secret. Public keys have none: weak ones are not accepted.
func (k Key) Weaknesses() []string {
	secret, ok := k.public.([]byte)
	if !ok {
		return nil
	}
	var found []string
	if want := k.method.(*jwt.SigningMethodHMAC).Hash.Size(); len(secret) < want {
		found = append(found, fmt.Sprintf("it has %d bytes, fewer than the %d that %s needs (RFC 7518 §3.2)", len(secret), want, k.Algorithm()))
	}
	if strings.HasPrefix(string(secret), "!ChangeThisMercure") || string(secret) == "!ChangeMe!" {
		found = append(found, "it is the well-known example of the documentation")
	}
	if trimmed := bytes.TrimSpace(secret); len(trimmed) < len(secret) {
		found = append(found, "it begins or ends with white space, which is part of the secret")
	} else if bytes.ContainsAny(trimmed, "\r\n") {
		found = append(found, "it holds a line break, which is part of the secret")
	}
	if first, last := secret[0], secret[len(secret)-1]; len(secret) > 1 && first == last && (first == '"' || first == '\'') {
		found = append(found, "it is wrapped in quotes, which are part of the secret")
	}
	return found
}

func hmacMethod(alg string) (jwt.SigningMethod, error) {
	switch alg {
	case "", "HS256":
		return jwt.SigningMethodHS256, nil
	case "HS384":
		return jwt.SigningMethodHS384, nil
	case "HS512":
		return jwt.SigningMethodHS512, nil
	}
	return nil, fmt.Errorf("algorithm %q is not for a secret: HS256, HS384 and HS512 are, any other needs a key in PEM", alg)
}

// methodFor returns the method a public key is to be used with: alg, where it
// suits the key (AUTH-alg-key-match), else the key's natural one.
func methodFor(public any, alg string) (jwt.SigningMethod, error) {
	if strings.HasPrefix(alg, "HS") {
		return nil, fmt.Errorf("a PEM is no secret: with %s anybody who has the public key could sign tokens", alg)
	}
	suitable, err := algorithmsFor(public)
	if err != nil {
		return nil, err
	}
	if alg == "" {
		alg = suitable[0]
	}
	if !slices.Contains(suitable, alg) {
		return nil, fmt.Errorf("algorithm %q does not suit the key: %s", alg, strings.Join(suitable, ", "))
	}
	return jwt.GetSigningMethod(alg), nil
}

// algorithmsFor is the allowlist of asymmetric algorithms by key, the natural
// one first (AUTH-alg-allowlist, AUTH-alg-defaults).
func algorithmsFor(public any) ([]string, error) {
	switch public := public.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSA {
			return nil, fmt.Errorf("the RSA key has %d bits, fewer than %d (RFC 7518 §3.3)", bits, minRSA)
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, nil
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			return []string{"ES256"}, nil
		case elliptic.P384():
			return []string{"ES384"}, nil
		case elliptic.P521():
			return []string{"ES512"}, nil
		}
		return nil, fmt.Errorf("no algorithm for the curve %s", public.Curve.Params().Name)
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	}
	return nil, fmt.Errorf("no algorithm for a key of type %T", public)
}

func isPEM(material string) bool { return strings.Contains(material, "-----BEGIN ") }

// onlyBlock decodes the one PEM block; of a certificate chain, the leaf.
func onlyBlock(material string) (*pem.Block, error) {
	block, rest := pem.Decode([]byte(material))
	if block == nil {
		if strings.Contains(material, `\n`) {
			return nil, errors.New(`the PEM holds \n where line breaks belong`)
		}
		return nil, errors.New("the PEM is damaged")
	}
	if next, _ := pem.Decode(rest); next != nil && block.Type != "CERTIFICATE" {
		return nil, errors.New("the PEM holds more than one key")
	}
	return block, nil
}

func parsePublic(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the public key: %w", err)
		}
		return public, nil
	case "RSA PUBLIC KEY":
		public, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the RSA public key: %w", err)
		}
		return public, nil
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate: %w", err)
		}
		return certificate.PublicKey, nil
	}
	if strings.Contains(block.Type, "PRIVATE KEY") {
		return nil, errors.New("this is a private key: a hub only needs the public one")
	}
	return nil, fmt.Errorf("a PEM block of type %q is no public key or certificate", block.Type)
}
