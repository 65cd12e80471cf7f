package hub

import (
	"net/http"
	"net/netip"

	"cinnabar/auth"
)

// ownerOf returns on whose behalf a stream is opened, for sharing what streams
// compete for: the bearer of a token, since many may come from one proxy; for
// strangers their address.
func ownerOf(r *http.Request, grants *auth.Grants) any {
	if grants != nil {
		return grants // one for all requests with the same token
	}
	if address, ok := addressOf(r.RemoteAddr); ok {
		return address
	}
	return r.RemoteAddr // an embedding server's own idea of an address
}

// addressOf returns the address of a peer, of IPv6 the network that one
// customer is given; ok is false where it is no IP address. What a proxy says
// in a header about whom it speaks for is not asked: anybody may write it.
func addressOf(remote string) (address netip.Prefix, ok bool) {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}, false
	}
	addr := at.Addr().Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	address, err = addr.Prefix(bits)
	return address, err == nil
}
