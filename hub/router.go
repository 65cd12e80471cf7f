package hub

import (
	"net/http"
	"strings"

	"cinnabar/spec"

	"github.com/gorilla/mux"
)

// methodQuery is the safe method with a body (RFC 10008), which lets a
// subscriber send more matchers than a URL can hold (SUB-safe-body-method).
const methodQuery = "QUERY"

// routes maps paths and methods to endpoints. Paths are matched encoded and
// uncleaned, since below the hub's path a segment may hold a whole URL.
func (h *Hub) routes(c Config) http.Handler {
	r := mux.NewRouter().UseEncodedPath().SkipClean(true)

	hub := h.base.Path()
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions}
	r.MatcherFunc(at(hub)).Methods(http.MethodPost).HandlerFunc(h.servePublish)
	r.MatcherFunc(at(hub)).Methods(http.MethodGet, http.MethodHead).HandlerFunc(h.serveSubscribe)
	if c.Generations.Has(spec.Current) {
		methods = append(methods, methodQuery)
		r.MatcherFunc(at(hub)).Methods(methodQuery).HandlerFunc(h.serveQuery)
	}
	r.MatcherFunc(at(hub)).Handler(h.otherMethods(methods))

	r.MatcherFunc(h.tellsOfSubscriptions).Handler(h.subscriptionsHandler(c))

	r.MatcherFunc(at(healthPath)).Methods(http.MethodGet, http.MethodHead).HandlerFunc(serveAlive)
	r.MatcherFunc(at(healthPath)).Handler(h.otherMethods([]string{http.MethodGet, http.MethodHead, http.MethodOptions}))

	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.refuse(w, r, call{endpoint: unknownEndpoint}, errNotFound)
	})
	return dispatch(r)
}

// at matches one path, encoded as it is here and with nothing variable in it,
// for which the router would run a regular expression.
func at(path string) mux.MatcherFunc {
	return func(r *http.Request, _ *mux.RouteMatch) bool {
		if r.URL.RawPath == "" && r.URL.Path == path {
			return true
		}
		return r.URL.EscapedPath() == path
	}
}

// dispatch serves what the router finds. The router's own ServeHTTP copies each
// request twice to put variables and the route into its context, which costs a
// fifth of a publish's garbage and which nobody reads.
func dispatch(router *mux.Router) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var match mux.RouteMatch
		router.Match(r, &match) // always: there is a NotFoundHandler
		if len(match.Vars) > 0 {
			r = mux.SetURLVars(r, match.Vars)
		}
		match.Handler.ServeHTTP(w, r)
	})
}

// otherMethods answers OPTIONS, and refuses the rest with the methods that
// there are (SUB-allow-405). Preflights were answered before.
func (h *Hub) otherMethods(allowed []string) http.Handler {
	allow := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h.refuse(w, r, call{endpoint: unknownEndpoint}, errMethodNotAllowed)
	})
}
