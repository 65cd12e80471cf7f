package auth

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cinnabar/spec"
)

// A ring holds what vouched, and no other issuer's key (AUTH-key-no-pooling).
func TestTrusts(t *testing.T) {
	key := func(secret string) Key {
		k, err := ParseKey(secret, "")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	trusting := func(issuers ...Issuer) *Authenticator {
		a, err := New(Config{ResourceIdentifier: "https://hub.example/x", Issuers: issuers})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := Issuer{ID: "a", PublisherKeys: []Key{key("one"), key("two")}}
	b := Issuer{ID: "b", Publisher: key("three")}
	for _, test := range []struct {
		name   string
		issuer string
		key    string
		role   Role
		now    *Authenticator
		want   bool
	}{
		{"as before", "a", "one", Publisher, trusting(a, b), true},
		{"its second key", "a", "two", Publisher, trusting(a, b), true},
		{"another issuer's key", "a", "three", Publisher, trusting(a, b), false},
		{"another role", "a", "one", Subscriber, trusting(a, b), false},
		{"key removed", "a", "two", Publisher, trusting(Issuer{ID: "a", Publisher: key("one")}), false},
		{"issuer removed", "a", "one", Publisher, trusting(b), false},
	} {
		g := &Grants{generation: 2, voucher: voucher{test.issuer, test.role, key(test.key)}}
		for range 2 { // the second time it may remember
			if got := test.now.Trusts(g); got != test.want {
				t.Errorf("%s: trusted %t, want %t", test.name, got, test.want)
			}
		}
		before := trusting(a, b)
		before.Trusts(g) // what another Authenticator found is nothing to this one
		if got := test.now.Trusts(g); got != test.want {
			t.Errorf("%s, asked of another before: trusted %t, want %t", test.name, got, test.want)
		}
	}

	// A set that loses its key is noticed by those who found it there.
	keep, lose := edJWK("keep"), edJWK("lose")
	set := fakeSet(&fakeSource{}, new(strings.Builder))
	read := func(keys ...string) []Key {
		got, err := parseJWKS([]byte(setOf(keys...)), false)
		if err != nil {
			t.Fatal(err)
		}
		set.accept(got, time.Minute)
		return got
	}
	keys := read(keep, lose)
	c := trusting(Issuer{ID: "c", KeySet: set})
	kept := &Grants{generation: 2, voucher: voucher{"c", Publisher, keys[0]}}
	lost := &Grants{generation: 2, voucher: voucher{"c", Publisher, keys[1]}}
	if !c.Trusts(kept) || !c.Trusts(lost) {
		t.Error("a key of the set is not trusted")
	}
	read(keep)
	if !c.Trusts(kept) || c.Trusts(lost) {
		t.Errorf("after the set lost a key: the other is trusted %t, itself %t, want true and false", c.Trusts(kept), c.Trusts(lost))
	}

	raw, _ := json.Marshal(a)
	if strings.Contains(string(raw), "one") {
		t.Errorf("an issuer in JSON shows its secret: %s", raw)
	}
}

// BenchmarkTrusts is asked for each private delivery.
func BenchmarkTrusts(b *testing.B) {
	key := func(secret string) Key {
		k, err := ParseKey(secret, "")
		if err != nil {
			b.Fatal(err)
		}
		return k
	}
	set := fakeSet(&fakeSource{}, new(strings.Builder))
	published, err := parseJWKS([]byte(setOf(edJWK("a"), edJWK("b"), edJWK("c"))), false)
	if err != nil {
		b.Fatal(err)
	}
	set.accept(published, DefaultKeyAge)
	a, err := New(Config{ResourceIdentifier: "https://hub.example/x", LegacySubscriber: key("legacy"), Issuers: []Issuer{
		{ID: "https://keys.example", Subscriber: key("one")}, {ID: "https://set.example", KeySet: set},
	}})
	if err != nil {
		b.Fatal(err)
	}
	for name, v := range map[string]voucher{
		"0.x":            {"", Subscriber, key("legacy")},
		"configured key": {"https://keys.example", Subscriber, key("one")},
		"key of a set":   {"https://set.example", Subscriber, published[2]},
	} {
		b.Run(name, func(b *testing.B) {
			g := &Grants{generation: spec.Current, voucher: v}
			if v.issuer == "" {
				g.generation = spec.Legacy
			}
			b.ReportAllocs()
			for b.Loop() {
				if !a.Trusts(g) {
					b.Fatal("not trusted")
				}
			}
		})
	}
}
