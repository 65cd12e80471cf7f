package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// A jwk is a JSON Web Key (RFC 7517): what of it verifies signatures, and what
// shows that it is for something else.
type jwk struct {
	Type       string   `json:"kty"`
	ID         string   `json:"kid"`
	Algorithm  string   `json:"alg"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`

	Curve   string `json:"crv"`
	X       string `json:"x"`
	Y       string `json:"y"`
	N       string `json:"n"`
	E       string `json:"e"`
	Secret  string `json:"k"`
	Private string `json:"d"`
}

func isJWK(material string) bool {
	var k jwk
	return strings.HasPrefix(strings.TrimSpace(material), "{") && json.Unmarshal([]byte(material), &k) == nil && k.Type != ""
}

// parseJWK reads one key; alg, where given, must not contradict the key's own.
func parseJWK(material, alg string) (Key, error) {
	var k jwk
	if err := json.Unmarshal([]byte(material), &k); err != nil {
		return Key{}, errors.New("the JWK is no JSON object of the right members")
	}
	if alg != "" && k.Algorithm != "" && alg != k.Algorithm {
		return Key{}, fmt.Errorf("algorithm %q contradicts the JWK's own, %q", alg, k.Algorithm)
	}
	if alg != "" {
		k.Algorithm = alg
	}
	return k.key()
}

func (k *jwk) key() (Key, error) {
	switch {
	case k.Use != "" && k.Use != "sig":
		return Key{}, fmt.Errorf("the JWK is for use %q, not for signatures", k.Use)
	case k.Operations != nil && !slices.Contains(k.Operations, "verify"):
		return Key{}, fmt.Errorf("the JWK is for %q, not to verify", k.Operations)
	case k.Private != "":
		return Key{}, errors.New("this is a private key: a hub only needs the public one")
	}
	if k.Type == "oct" {
		return k.secret()
	}
	public, err := k.public()
	if err != nil {
		return Key{}, err
	}
	key, err := newPublicKey(public, k.Algorithm)
	return key.WithID(k.ID), err
}

func (k *jwk) secret() (Key, error) {
	secret, err := base64.RawURLEncoding.DecodeString(k.Secret)
	if err != nil || len(secret) == 0 {
		return Key{}, errors.New("k of the JWK is not a secret in base64url")
	}
	method, err := hmacMethod(k.Algorithm)
	if err != nil {
		return Key{}, err
	}
	return Key{method: method, public: secret, digest: sha256.Sum256(secret), id: k.ID}, nil
}

func (k *jwk) public() (any, error) {
	var faults []error
	decode := func(name, text string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(b) == 0 {
			faults = append(faults, fmt.Errorf("%s of the JWK is not base64url", name))
		}
		return b
	}
	switch k.Type {
	case "RSA":
		n, e := new(big.Int).SetBytes(decode("n", k.N)), new(big.Int).SetBytes(decode("e", k.E))
		// crypto/rsa takes no larger exponent; an even one is no key.
		if faults == nil && (e.BitLen() > 31 || e.Bit(0) == 0 || e.Int64() < 3) {
			faults = append(faults, errors.New("e of the JWK is no exponent of an RSA key"))
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, errors.Join(faults...)
	case "EC":
		curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[k.Curve]
		if curve == nil {
			return nil, fmt.Errorf("no algorithm for the curve %q", k.Curve)
		}
		x, y := decode("x", k.X), decode("y", k.Y)
		if faults != nil {
			return nil, errors.Join(faults...)
		}
		public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
		if err != nil {
			return nil, fmt.Errorf("x and y of the JWK are no point of %s", k.Curve)
		}
		return public, nil
	case "OKP":
		x := decode("x", k.X)
		if k.Curve != "Ed25519" || len(x) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("x of the JWK is no key of Ed25519, the one curve for %s", k.Type)
		}
		return ed25519.PublicKey(x), errors.Join(faults...)
	}
	return nil, fmt.Errorf("no use for a JWK of type %q", k.Type)
}

// maxKeys bounds a set: a token without kid may be held against all of them.
const maxKeys = 32

// parseJWKS reads the usable keys of a JWK Set. Others are left aside, since
// issuers publish keys for more than a hub (RFC 7517 §5); secrets are refused
// where anybody might have read them.
func parseJWKS(raw []byte, secrets bool) ([]Key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, errors.New("it is not a JWK Set, an object with an array of keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("it has %d keys, more than %d", len(set.Keys), maxKeys)
	}
	var keys []Key
	var unused []error
	for i, raw := range set.Keys {
		var k jwk
		err := json.Unmarshal(raw, &k)
		var key Key
		switch {
		case err != nil:
			err = errors.New("it is not a JWK")
		case k.Type == "oct" && !secrets:
			err = errors.New("a secret has no place in a published set")
		default:
			key, err = k.key()
		}
		if err != nil {
			unused = append(unused, fmt.Errorf("keys[%d]: %w", i, err))
			continue
		}
		keys = append(keys, key)
	}
	if keys == nil {
		return nil, errors.Join(append([]error{errors.New("it has no key that could be used")}, unused...)...)
	}
	return keys, nil
}
