package cli

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// onlyLocal answers 421 to every Host but localhost, a loopback literal, the
// configured host or the literal address the connection came in on. A web
// page can make its own name resolve to 127.0.0.1 (DNS rebinding) and would
// then talk to a hub that trusts everybody on this machine; it cannot make
// the browser send another Host than its own.
func onlyLocal(configured string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostname(r.Host)
		if host == "" || !local(host, configured, r) {
			http.Error(w, "this development hub answers to localhost only, not to "+host, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func local(host, configured string, r *http.Request) bool {
	if strings.EqualFold(host, "localhost") || strings.EqualFold(host, configured) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	own, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && own.AddrPort().Addr().Unmap() == ip.Unmap()
}

// hostname returns a Host without port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
