package hub

import (
	"net/http"
	"testing"

	"cinnabar/auth"
)

func TestOwners(t *testing.T) {
	token, other := new(auth.Grants), &auth.Grants{}
	type stream struct {
		from   string
		grants *auth.Grants
	}
	tests := map[string]struct {
		a, b stream
		same bool
	}{
		"two ports of one address":         {stream{"192.0.2.1:1000", nil}, stream{"192.0.2.1:2000", nil}, true},
		"two addresses":                    {stream{"192.0.2.1:1000", nil}, stream{"192.0.2.2:1000", nil}, false},
		"one address, mapped into IPv6":    {stream{"192.0.2.1:1000", nil}, stream{"[::ffff:192.0.2.1]:1000", nil}, true},
		"one customer's network":           {stream{"[2001:db8:1:2::3]:1", nil}, stream{"[2001:db8:1:2:ffff::]:1", nil}, true},
		"two customers' networks":          {stream{"[2001:db8:1:2::3]:1", nil}, stream{"[2001:db8:1:3::3]:1", nil}, false},
		"one token from two addresses":     {stream{"192.0.2.1:1000", token}, stream{"192.0.2.2:1000", token}, true},
		"two tokens from one address":      {stream{"192.0.2.1:1000", token}, stream{"192.0.2.1:1000", other}, false},
		"a token and a stranger beside it": {stream{"192.0.2.1:1000", token}, stream{"192.0.2.1:1000", nil}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			owner := func(s stream) any { return ownerOf(&http.Request{RemoteAddr: s.from}, s.grants) }
			if got := owner(test.a) == owner(test.b); got != test.same {
				t.Errorf("same owner: %v, want %v (%v, %v)", got, test.same, owner(test.a), owner(test.b))
			}
		})
	}
}
