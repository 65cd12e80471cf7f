package hub

import (
	"net/http"
	"net/url"

	"cinnabar/auth"
)

// A crossSite error is a publish that a foreign web site may have made a
// browser send.
type crossSite struct {
	origin string // what the browser said, "" for nothing
}

func (e *crossSite) Error() string {
	if e.origin == "" {
		return "a publish authorized by a cookie carries neither Origin nor Referer"
	}
	return "a publish authorized by a cookie comes from " + e.origin
}

// checkSite lets a cookie publish only from the hub's own origin and the
// configured ones. Browsers send cookies whoever asks them to; a token in a
// header cannot be sent by accident, so nothing is asked of it (SEC-csrf*).
func (h *Hub) checkSite(r *http.Request, by auth.Means) error {
	if by != auth.Cookie {
		return nil
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		if u, err := url.Parse(r.Referer()); err == nil && u.Host != "" {
			origin = originOf(u)
		}
	}
	if origin != "" && (origin == h.ownOrigin(r) || h.now().publishOrigins[origin]) {
		return nil
	}
	return &crossSite{origin: origin}
}

// ownOrigin returns the origin that the hub's own pages have: the configured
// one, else the one this request was sent to. The latter is safe here though
// clients choose Host, because the attacker of these checks is a web page: it
// cannot set Host, and if it makes its own name resolve to the hub (DNS
// rebinding), the browser sends the cookies of that name, not the hub's.
// Forwarded headers are not looked at: behind a proxy that changes Host or
// scheme nothing is let through until the resource identifier is configured.
func (h *Hub) ownOrigin(r *http.Request) string {
	if h.origin != "" {
		return h.origin
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return originOf(&url.URL{Scheme: scheme, Host: r.Host})
}
