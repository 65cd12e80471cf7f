package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and SHA512
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Claims are a token's payload or header; cases change them at will.
type Claims map[string]any

// A signer makes signatures with one key and one algorithm.
type signer struct {
	alg    string
	secret []byte        // of an HMAC
	key    crypto.Signer // of any other
}

// newSigner reads a secret or a private key in PEM.
func newSigner(material, alg string) (signer, error) {
	block, _ := pem.Decode([]byte(material))
	if block == nil {
		if alg == "" {
			alg = "HS256"
		}
		return signer{alg: alg, secret: []byte(material)}, nil
	}
	key, err := parsePrivateKey(block.Bytes)
	if err != nil {
		return signer{}, err
	}
	if alg == "" {
		switch k := key.(type) {
		case *rsa.PrivateKey:
			alg = "RS256"
		case *ecdsa.PrivateKey:
			alg = map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[k.Curve.Params().BitSize]
		case ed25519.PrivateKey:
			alg = "EdDSA"
		}
	}
	return signer{alg: alg, key: key}, nil
}

func parsePrivateKey(der []byte) (crypto.Signer, error) {
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if s, ok := k.(crypto.Signer); ok {
			return s, nil
		}
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k, nil
	}
	return nil, errors.New("the PEM holds no RSA, EC or Ed25519 private key")
}

// sign returns the compact serialization of header and claims. An alg in the
// header replaces the signer's, so that a case can lie about it; the signature
// is made by what the signer is, with the hash that alg names.
func (s signer) sign(header, claims Claims) string {
	head := Claims{"alg": s.alg}
	for k, v := range header {
		head[k] = v
	}
	input := encodeJSON(head) + "." + encodeJSON(claims)
	alg, _ := head["alg"].(string)
	return input + "." + base64.RawURLEncoding.EncodeToString(s.signature(alg, input))
}

func encodeJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("conformance: a case made claims that are no JSON: %v", err))
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (s signer) signature(alg, input string) []byte {
	hash := crypto.SHA256
	switch {
	case strings.HasSuffix(alg, "384"):
		hash = crypto.SHA384
	case strings.HasSuffix(alg, "512"):
		hash = crypto.SHA512
	}
	if s.key == nil {
		mac := hmac.New(hash.New, s.secret)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
	if k, ok := s.key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(k, []byte(input))
	}
	h := hash.New()
	h.Write([]byte(input))
	digest := h.Sum(nil)
	var sig []byte
	var err error
	switch k := s.key.(type) {
	case *rsa.PrivateKey:
		if strings.HasPrefix(alg, "PS") {
			sig, err = rsa.SignPSS(rand.Reader, k, hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			sig, err = rsa.SignPKCS1v15(rand.Reader, k, hash, digest)
		}
	case *ecdsa.PrivateKey:
		r, t, serr := ecdsa.Sign(rand.Reader, k, digest)
		err = serr
		if err == nil {
			n := (k.Curve.Params().BitSize + 7) / 8
			sig = append(r.FillBytes(make([]byte, n)), t.FillBytes(make([]byte, n))...)
		}
	}
	if err != nil {
		panic(fmt.Sprintf("conformance: signing a token: %v", err))
	}
	return sig
}
