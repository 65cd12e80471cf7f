package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// keyCases: which signatures count.
var keyCases = []Case{
	{
		ID:    "AUTH-alg-allowlist",
		Needs: []Need{SubscriberKey, Variant("rs256"), Variant("es256")},
		Run: func(t *T) {
			rs, es := t.On("rs256"), t.On("es256")
			for _, alg := range []string{"PS256", "RS512"} {
				rs.refusedToken(alg+", signed with the very key that is for RS256", rs.withHeader(Claims{"alg": alg}))
			}
			es.refusedToken("PS256 where ES256 is configured", es.signedBy(rs.publisher, Claims{"alg": "PS256"}))
			es.refusedToken("HS512 where ES256 is configured", es.signedBy(t.publisher.stranger(), Claims{"alg": "HS512"}))
			if t.publisher.alg == "HS256" {
				t.refusedToken("HS512, signed with the very secret that is for HS256", t.withHeader(Claims{"alg": "HS512"}))
			}
		},
	},
	{
		ID:    "AUTH-alg-none",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, alg := range []string{"none", "None", "NONE"} {
				t.refusedToken("alg "+alg+" and no signature", func(Role) string {
					header, claims := t.everything()
					return encodeJSON(header.With("alg", alg)) + "." + encodeJSON(claims) + "."
				})
			}
		},
	},
	{
		ID:    "AUTH-alg-not-from-token",
		Needs: []Need{Variant("rs256")},
		Run: func(t *T) {
			t.On("rs256").refusedPublicKeyAsSecret()
		},
	},
	{
		ID:    "AUTH-alg-key-match",
		Needs: []Need{Variant("rs256"), Variant("es256")},
		Run: func(t *T) {
			rs, es := t.On("rs256"), t.On("es256")
			rs.refusedToken("an RSA key's signature that is called ES256", rs.withHeader(Claims{"alg": "ES256", "kid": "1"}))
			rs.refusedToken("ES256 where the key is RSA", rs.signedBy(es.publisher, Claims{"kid": "1"}))
			es.refusedToken("an EC key's signature that is called RS256", es.withHeader(Claims{"alg": "RS256", "kid": "1"}))
			es.refusedPublicKeyAsSecret()
		},
	},
	{
		ID:    "AUTH-alg-defaults",
		Needs: []Need{Variant("rs256"), Variant("es256"), Variant("eddsa")},
		Run: func(t *T) {
			for _, variant := range []string{"rs256", "es256", "eddsa"} {
				v := t.On(variant)
				v.acceptedToken("a token in "+v.publisher.alg, v.withHeader(nil))
			}
		},
	},
	{
		ID:    "AUTH-key-trusted-set",
		Needs: []Need{SubscriberKey, Variant("rs256")},
		Run: func(t *T) {
			for _, t := range []*T{t, t.On("rs256")} {
				stranger := t.publisher.stranger()
				t.refusedToken("a token of an unknown key", t.signedBy(stranger, nil))
				t.refusedToken("a token of an unknown key with a kid", t.signedBy(stranger, Claims{"kid": "1"}))
			}
		},
	},
	{
		ID:    "AUTH-key-not-from-token",
		Needs: []Need{SubscriberKey, Variant("rs256")},
		Run: func(t *T) {
			for _, t := range []*T{t, t.On("rs256")} {
				stranger := t.publisher.stranger()
				jwk := stranger.jwk()
				t.refusedToken("a token that brings its key in jwk", t.signedBy(stranger, Claims{"jwk": jwk}))
				server, asked := t.keyServer(encodedSet(jwk))
				for _, name := range []string{"jku", "x5u"} {
					t.refusedToken("a token that tells where its key is, in "+name, t.signedBy(stranger, Claims{name: server, "kid": "1"}))
				}
				if n := asked.Load(); n != 0 {
					t.Errorf("the hub asked the server that the tokens named %d times, want never", n)
				}
				if chain := stranger.certificate(); chain != nil {
					t.refusedToken("a token that brings its key in x5c", t.signedBy(stranger, Claims{"x5c": chain}))
				}
			}
		},
	},
}

// refusedPublicKeyAsSecret asserts that an HMAC whose secret is the public
// key, in any form that an attacker has it in, is no signature.
func (t *T) refusedPublicKeyAsSecret() {
	der, err := x509.MarshalPKIXPublicKey(t.publisher.key.Public())
	if err != nil {
		t.Fatalf("encoding the public key: %v", err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	for what, secret := range map[string]string{
		"PEM":                             text,
		"PEM without its last line break": strings.TrimSpace(text),
		"DER":                             string(der),
	} {
		forger := signer{alg: "HS256", secret: []byte(secret)}
		t.refusedToken("HS256 with the public key as secret, as "+what, t.signedBy(forger, nil))
	}
}

// stranger returns a signer of the same algorithm with a key of its own.
func (s signer) stranger() signer {
	var err error
	switch k := s.key.(type) {
	case nil:
		s.secret = []byte(rand.Text())
	case *rsa.PrivateKey:
		s.key, err = rsa.GenerateKey(rand.Reader, 2048)
	case *ecdsa.PrivateKey:
		s.key, err = ecdsa.GenerateKey(k.Curve, rand.Reader)
	case ed25519.PrivateKey:
		_, s.key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		panic("conformance: making a key: " + err.Error())
	}
	return s
}

// jwk returns what verifies the signer's signatures as a JSON Web Key.
func (s signer) jwk() Claims {
	b64 := base64.RawURLEncoding.EncodeToString
	jwk := Claims{"alg": s.alg, "use": "sig", "kid": "1"}
	add := func(more Claims) Claims {
		for name, value := range more {
			jwk[name] = value
		}
		return jwk
	}
	switch k := s.key.(type) {
	case *rsa.PrivateKey:
		return add(Claims{"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())})
	case *ecdsa.PrivateKey:
		point, err := k.PublicKey.Bytes() // 4, x, y
		if err != nil {
			panic("conformance: encoding a key: " + err.Error())
		}
		n := len(point) / 2
		return add(Claims{"kty": "EC", "crv": k.Curve.Params().Name, "x": b64(point[1 : 1+n]), "y": b64(point[1+n:])})
	case ed25519.PrivateKey:
		return add(Claims{"kty": "OKP", "crv": "Ed25519", "x": b64(k.Public().(ed25519.PublicKey))})
	}
	return add(Claims{"kty": "oct", "k": b64(s.secret)})
}

func encodedSet(jwk Claims) string {
	raw, _ := base64.RawURLEncoding.DecodeString(encodeJSON(Claims{"keys": []any{jwk}}))
	return string(raw)
}

// certificate returns a self-signed chain as x5c has it, nil for a secret.
func (s signer) certificate() []string {
	if s.key == nil {
		return nil
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, s.key.Public(), s.key)
	if err != nil {
		panic("conformance: making a certificate: " + err.Error())
	}
	return []string{base64.StdEncoding.EncodeToString(der)}
}

// keyServer serves a key set on loopback, and counts who asks for it.
func (t *T) keyServer(set string) (url string, asked *atomic.Int32) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	asked = new(atomic.Int32)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_, _ = w.Write([]byte(set))
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String() + "/keys", asked
}
