package hub

import (
	"net/http"
	"net/netip"

	"cinnabar/auth"
)

// ownerOf returns on whose behalf a stream is opened, for sharing what streams
// compete for: the bearer of a token, since many may come from one proxy; for
// strangers their address, of IPv6 the network that one customer is given.
func ownerOf(r *http.Request, grants *auth.Grants) any {
	if grants != nil {
		return grants // one for all requests with the same token
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr // an embedding server's own idea of an address
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		network, _ := addr.Prefix(64) // 64 bits are always there
		return network
	}
	return addr
}
