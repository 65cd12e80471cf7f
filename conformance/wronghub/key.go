package wronghub

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
)

// A key verifies signatures by its own algorithm and no other.
type key struct {
	alg    string // HS256, RS256, ES256 or EdDSA
	secret []byte
	public crypto.PublicKey
	pem    string // what a public key was written as
}

// parseKey reads a secret or a public key in PEM.
func parseKey(material string) (key, error) {
	block, _ := pem.Decode([]byte(material))
	if block == nil {
		return key{alg: "HS256", secret: []byte(material)}, nil
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return key{}, err
	}
	k := key{public: public, pem: material}
	switch public.(type) {
	case *rsa.PublicKey:
		k.alg = "RS256"
	case *ecdsa.PublicKey:
		k.alg = "ES256"
	case ed25519.PublicKey:
		k.alg = "EdDSA"
	default:
		return key{}, fmt.Errorf("no use for a key of type %T", public)
	}
	return k, nil
}

// verifies reports whether a signature of the input is the key's.
func (k key) verifies(input, signature []byte) bool {
	digest := sha256.Sum256(input)
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		if len(signature) != 64 {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(public, digest[:], r, s)
	case ed25519.PublicKey:
		return ed25519.Verify(public, input, signature)
	}
	mac := hmac.New(sha256.New, k.secret)
	mac.Write(input)
	return hmac.Equal(mac.Sum(nil), signature)
}

// verifiesHS512 is verifies for another hash than the key is for.
func (k key) verifiesHS512(input, signature []byte) bool {
	mac := hmac.New(sha512.New, k.secret)
	mac.Write(input)
	return hmac.Equal(mac.Sum(nil), signature)
}

// embeddedKey returns the secret that a token's header brings, if it does.
func embeddedKey(header object, k key) key {
	jwk, _ := header["jwk"].(object)
	text, _ := jwk["k"].(string)
	secret, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(secret) == 0 {
		return k
	}
	return key{alg: "HS256", secret: secret}
}
