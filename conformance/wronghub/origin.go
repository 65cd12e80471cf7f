package wronghub

import (
	"net/http"
	"strings"
)

// allowOrigin adds the fields by which a browser lets a page of the allowed
// origin read the answer, whatever the answer will be.
func (h *Hub) allowOrigin(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && origin == h.config.Origin {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
		header.Set("Access-Control-Expose-Headers", "Link, Mercure-Last-Event-ID, Last-Event-ID")
	}
}

// preflight answers what a browser asks before a request.
func (h *Hub) preflight(w http.ResponseWriter, r *http.Request) error {
	header := w.Header()
	header.Set("Allow", "GET, HEAD, POST, QUERY, OPTIONS")
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, QUERY")
		header.Set("Access-Control-Allow-Headers", "Authorization, Cache-Control, Content-Type, Last-Event-ID")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// forged reports whether a page of a foreign origin may have made a request
// that only a cookie vouches for.
func (h *Hub) forged(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		referrer, ok := parseAddress(r.Header.Get("Referer"), nil)
		if !ok {
			return true
		}
		origin = referrer.origin()
	}
	return origin != h.config.Origin && origin != h.resource.origin()
}

func (a *address) origin() string {
	return strings.TrimSuffix(a.scheme+"://"+a.host+":"+a.port, ":")
}
