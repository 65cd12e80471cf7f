package auth_test

import (
	"testing"

	"cinnabar/auth"

	"github.com/golang-jwt/jwt/v5"
)

// BenchmarkVerify tells what a token costs the first time and every other.
func BenchmarkVerify(b *testing.B) {
	claims := currentClaims.with(members{"authorization_details": []any{
		detail([]string{"publish", "subscribe"}, exactly("https://example.com/books/1", "https://example.com/books/2")),
	}})
	for _, k := range []struct {
		alg      string
		material string
		private  any
	}{
		{"HS256", publisherSecret, []byte(publisherSecret)},
		{"RS256", publicPEM(rsaKey), rsaKey},
		{"ES256", publicPEM(p256Key), p256Key},
		{"EdDSA", publicPEM(edKey), edKey},
	} {
		key, err := auth.ParseKey(k.material, k.alg)
		if err != nil {
			b.Fatal(err)
		}
		c := config(b)
		c.Issuers[0].Publisher = key
		a := newAuthenticator(b, c)
		token := compact(b, jwt.GetSigningMethod(k.alg), k.private, members{"typ": "at+jwt", "alg": k.alg}, claims)
		b.Run(k.alg+"/first", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.VerifyAnew(token, auth.Publisher, now); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(k.alg+"/again", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Verify(token, auth.Publisher, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
