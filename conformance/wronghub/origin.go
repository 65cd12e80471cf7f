package wronghub

import (
	"net/http"
	"strings"
)

// allowOrigin adds the fields by which a browser lets a page of the allowed
// origin read the answer, whatever the answer will be.
func (h *Hub) allowOrigin(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	origin := r.Header.Get("Origin")
	if origin != "" || !h.is(VariesWithOriginOnly) {
		header.Add("Vary", "Origin")
	}
	if !h.isAllowed(origin) || h.is(AllowsNoOrigin) {
		return
	}
	if h.is(AllowsOriginsByStar) {
		origin = "*"
	}
	header.Set("Access-Control-Allow-Origin", origin)
	if !h.is(OmitsAllowCredentials) {
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	header.Set("Access-Control-Expose-Headers", "Link, Mercure-Last-Event-ID, Last-Event-ID")
	switch {
	case h.is(ExposesLinkOnly):
		header.Set("Access-Control-Expose-Headers", "Link")
	case h.is(HidesLink):
		header.Set("Access-Control-Expose-Headers", "Mercure-Last-Event-ID, Last-Event-ID")
	}
}

// isAllowed reports whether pages of an origin may read answers.
func (h *Hub) isAllowed(origin string) bool {
	switch {
	case origin == "":
		return false
	case h.is(AllowsEveryOrigin):
		return true
	case h.is(AllowsOriginsByPrefix):
		return strings.HasPrefix(origin, h.config.Origin)
	case h.is(AllowsOriginsByHost):
		a, ok := parseAddress(origin, nil)
		return ok && strings.HasSuffix(h.config.Origin, "//"+a.host)
	case origin == "null" && h.is(AllowsNullOrigin):
		return true
	}
	return origin == h.config.Origin
}

// preflight answers what a browser asks before a request.
func (h *Hub) preflight(w http.ResponseWriter) error {
	header := w.Header()
	header.Set("Allow", methods)
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Set("Access-Control-Allow-Methods", methods)
		if h.is(PreflightsWithoutQuery) {
			header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
		}
		if !h.is(PreflightsWithoutHeaders) {
			header.Set("Access-Control-Allow-Headers", "Authorization, Cache-Control, Content-Type, Last-Event-ID")
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// forged reports whether a page of a foreign origin may have made a request
// that only a cookie vouches for.
func (h *Hub) forged(r *http.Request) bool {
	if h.is(TrustsEveryPage) {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" || r.Header.Get("Referer") != "" && h.is(PrefersReferer) {
		referrer, ok := parseAddress(r.Header.Get("Referer"), nil)
		if !ok || h.is(IgnoresReferer) {
			return !h.is(TrustsUnknownPages)
		}
		origin = referrer.origin()
	}
	if h.is(TrustsOriginsByPrefix) {
		return !strings.HasPrefix(origin, h.config.Origin) && !strings.HasPrefix(origin, h.resource.origin())
	}
	return origin != h.config.Origin && origin != h.resource.origin()
}

func (a *address) origin() string {
	return strings.TrimSuffix(a.scheme+"://"+a.host+":"+a.port, ":")
}
