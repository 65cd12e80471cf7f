package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"

	"github.com/golang-jwt/jwt/v5"
)

// Keys are made once: RSA ones take their time.
var (
	rsaKey      = generate(rsa.GenerateKey(rand.Reader, 2048))
	p256Key     = generate(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384Key     = generate(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	p521Key     = generate(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	_, edKey, _ = ed25519.GenerateKey(rand.Reader)
)

func generate[K any](k K, err error) K {
	if err != nil {
		panic(err)
	}
	return k
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func publicPEM(k crypto.Signer) string {
	return pemOf("PUBLIC KEY", generate(x509.MarshalPKIXPublicKey(k.Public())))
}

func privatePEM(k crypto.Signer) string {
	return pemOf("PRIVATE KEY", generate(x509.MarshalPKCS8PrivateKey(k)))
}

func certificatePEM(k crypto.Signer) string {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: now.Add(-time.Hour)}
	return pemOf("CERTIFICATE", generate(x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)))
}

// Every algorithm verifies what golang-jwt signs, and nothing else does
// (AUTH-alg-defaults, AUTH-alg-allowlist, AUTH-alg-key-match).
func TestAlgorithms(t *testing.T) {
	type algorithm struct {
		name     string
		material string
		private  any
	}
	secret := strings.Repeat("s", 64)
	algorithms := []algorithm{
		{"HS256", secret, []byte(secret)}, {"HS384", secret, []byte(secret)}, {"HS512", secret, []byte(secret)},
		{"RS256", publicPEM(rsaKey), rsaKey}, {"RS384", publicPEM(rsaKey), rsaKey}, {"RS512", publicPEM(rsaKey), rsaKey},
		{"PS256", publicPEM(rsaKey), rsaKey}, {"PS384", publicPEM(rsaKey), rsaKey}, {"PS512", publicPEM(rsaKey), rsaKey},
		{"ES256", publicPEM(p256Key), p256Key}, {"ES384", publicPEM(p384Key), p384Key}, {"ES512", publicPEM(p521Key), p521Key},
		{"EdDSA", publicPEM(edKey), edKey},
	}
	for _, verifier := range algorithms {
		key, err := auth.ParseKey(verifier.material, verifier.name)
		if err != nil {
			t.Fatalf("%s: %v", verifier.name, err)
		}
		if got := key.Algorithm(); got != verifier.name {
			t.Errorf("algorithm %s, want %s", got, verifier.name)
		}
		c := config(t)
		c.Issuers[0].Subscriber = key
		a := newAuthenticator(t, c)
		for _, signer := range algorithms {
			t.Run(verifier.name+"/signed "+signer.name, func(t *testing.T) {
				header := members{"typ": "at+jwt", "alg": signer.name}
				token := compact(t, jwt.GetSigningMethod(signer.name), signer.private, header, currentClaims)
				_, err := a.Verify(token, auth.Subscriber, now)
				if signer.name == verifier.name {
					expect(t, err, "")
				} else {
					expect(t, err, auth.WrongAlgorithm)
				}
				// The header may claim what it likes (AUTH-alg-not-from-token).
				header["alg"] = verifier.name
				token = compact(t, jwt.GetSigningMethod(signer.name), signer.private, header, currentClaims)
				_, err = a.Verify(token, auth.Subscriber, now)
				if signer.name == verifier.name {
					expect(t, err, "")
				} else {
					expect(t, err, auth.BadSignature)
				}
			})
		}
		if strings.HasPrefix(verifier.name, "HS") {
			continue
		}
		// The classic: the public key as HMAC secret.
		for _, claimed := range []string{"HS256", verifier.name} {
			t.Run(verifier.name+"/public key as secret for "+claimed, func(t *testing.T) {
				header := members{"typ": "at+jwt", "alg": claimed}
				token := compact(t, jwt.SigningMethodHS256, []byte(verifier.material), header, currentClaims)
				if _, err := a.Verify(token, auth.Subscriber, now); err == nil {
					t.Error("accepted (AUTH-alg-not-from-token)")
				}
			})
		}
	}
}

func TestParseKey(t *testing.T) {
	smallRSA := pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}))
	p224 := generate(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	for name, test := range map[string]struct {
		material, alg string
		want          string // the algorithm
		fault         string // or part of the error
	}{
		"secret":                      {"s", "", "HS256", ""},
		"secret, HS512":               {"s", "HS512", "HS512", ""},
		"PKIX RSA":                    {publicPEM(rsaKey), "", "RS256", ""},
		"PKIX RSA, PS512":             {publicPEM(rsaKey), "PS512", "PS512", ""},
		"PKCS #1":                     {pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)), "", "RS256", ""},
		"P-256":                       {publicPEM(p256Key), "", "ES256", ""},
		"P-384":                       {publicPEM(p384Key), "", "ES384", ""},
		"P-521":                       {publicPEM(p521Key), "", "ES512", ""},
		"Ed25519":                     {publicPEM(edKey), "", "EdDSA", ""},
		"certificate":                 {certificatePEM(p256Key), "", "ES256", ""},
		"certificate chain":           {certificatePEM(p256Key) + certificatePEM(rsaKey), "", "ES256", ""},
		"text around the PEM":         {"a key:\n" + publicPEM(edKey) + "\nthe end\n", "", "EdDSA", ""},
		"empty":                       {"", "", "", "empty"},
		"unknown algorithm":           {"s", "HS1", "", "not for a secret"},
		"none":                        {"s", "none", "", "not for a secret"},
		"secret for RS256":            {"s", "RS256", "", "needs a key in PEM"},
		"PEM as HMAC secret":          {publicPEM(rsaKey), "HS256", "", "no secret"},
		"certificate as HMAC secret":  {certificatePEM(rsaKey), "HS512", "", "no secret"},
		"RSA for ES256":               {publicPEM(rsaKey), "ES256", "", "does not suit"},
		"P-384 for ES256":             {publicPEM(p384Key), "ES256", "", "does not suit"},
		"Ed25519 for none":            {publicPEM(edKey), "none", "", "does not suit"},
		"1024 bits of RSA":            {smallRSA, "", "", "1024 bits"},
		"P-224":                       {publicPEM(p224), "", "", "curve P-224"},
		"private key":                 {privatePEM(p256Key), "", "", "private key"},
		"private key as HMAC secret":  {privatePEM(p256Key), "HS256", "", "private key"},
		"two keys":                    {publicPEM(p256Key) + publicPEM(edKey), "", "", "more than one"},
		"another block":               {pemOf("CERTIFICATE REQUEST", nil), "", "", "no public key"},
		"damaged block":               {pemOf("PUBLIC KEY", []byte("x")), "", "", "reading the public key"},
		"damaged PEM":                 {"-----BEGIN PUBLIC KEY-----", "", "", "damaged"},
		"line breaks lost in transit": {strings.ReplaceAll(publicPEM(edKey), "\n", `\n`), "", "", `\n`},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := auth.ParseKey(test.material, test.alg)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Errorf("error %v, want one about %q", err, test.fault)
				}
				if !k.IsZero() {
					t.Error("a key beside the error")
				}
				return
			}
			if err != nil || k.Algorithm() != test.want || k.IsZero() {
				t.Errorf("%v, %v, want %s", k, err, test.want)
			}
		})
	}
}

func TestWeaknesses(t *testing.T) {
	long := strings.Repeat("s", 32)
	for name, test := range map[string]struct {
		material, alg string
		want          []string // part of each
	}{
		"none":              {long, "", nil},
		"base64":            {"b3BlbnNzbCByYW5kIC1iYXNlNjQgMzI9PT09PT09PT0=", "", nil},
		"passphrase":        {"correct horse battery staple and more", "", nil},
		"short":             {"secret", "", []string{"6 bytes, fewer than the 32"}},
		"short for HS512":   {long, "HS512", []string{"32 bytes, fewer than the 64"}},
		"one byte":          {"\"", "", []string{"1 bytes"}},
		"published":         {"!ChangeThisMercureHubJWTSecretKey!", "", []string{"well-known"}},
		"published, short":  {"!ChangeMe!", "", []string{"10 bytes", "well-known"}},
		"trailing newline":  {long + "\n", "", []string{"white space"}},
		"newline inside":    {long + "\n" + long, "", []string{"line break"}},
		"quoted":            {`"` + long + `"`, "", []string{"quotes"}},
		"single quotes":     {`'` + long + `'`, "", []string{"quotes"}},
		"a public key":      {publicPEM(edKey), "", nil},
		"everything at one": {"'a\n", "", []string{"3 bytes", "white space"}},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := auth.ParseKey(test.material, test.alg)
			if err != nil {
				t.Fatal(err)
			}
			got := k.Weaknesses()
			if !slices.EqualFunc(got, test.want, strings.Contains) {
				t.Errorf("weaknesses %q, want %q", got, test.want)
			}
		})
	}
}

// Whatever prints a key or a configuration shows no secret (SEC-token-not-logged).
func TestKeysDoNotPrint(t *testing.T) {
	signing, err := auth.ParseSigningKey(legacyPublisherSecret, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{signing, signing.Key(), config(t), &auth.Issuer{Publisher: signing.Key()}} {
			// A []byte would print as text, in decimal or in hexadecimal.
			text := fmt.Sprintf(verb, value)
			for _, leak := range []string{"secret,", "108 101 103", "0x6c, 0x65"} {
				if strings.Contains(text, leak) {
					t.Errorf("%s of %T shows the secret: %s", verb, value, text)
				}
			}
		}
	}
}
