package hub

import (
	"net/http"
	"slices"

	"github.com/rs/cors"
)

// Headers of cross-origin requests, by what real clients send and what a
// browser would otherwise hide from them.
var (
	corsMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, methodQuery}
	corsHeaders = []string{"Authorization", "Cache-Control", "Content-Type", "Last-Event-ID", "X-Requested-With"}
	corsExposed = []string{"Link", "Last-Event-ID", "Mercure-Last-Event-ID", headerAck, headerRequestID}
)

// crossOrigin applies the Fetch standard's CORS protocol to every answer,
// refusals included. Listed origins, compared exactly, may use credentials;
// with "*" all others may come without: the two never meet in one answer
// (CORS-no-star-with-credentials, CORS-no-reflection, CORS-allowlist).
func (h *Hub) crossOrigin(next http.Handler) http.Handler {
	everybody := slices.Contains(h.config.CORSOrigins, "*")
	listed := make(map[string]bool)
	for _, origin := range h.config.CORSOrigins {
		listed[origin] = origin != "*"
	}
	options := cors.Options{
		AllowedMethods: corsMethods,
		AllowedHeaders: corsHeaders,
		ExposedHeaders: corsExposed,
		MaxAge:         600,
	}
	options.AllowOriginVaryRequestFunc = func(r *http.Request, origin string) (bool, []string) {
		if !listed[origin] && origin != "" && origin != h.ownOrigin(r) {
			h.logStrangeOrigin(r, origin)
		}
		return listed[origin], nil
	}
	options.AllowCredentials = true
	credentialed := cors.New(options).Handler(next)
	if !everybody {
		return credentialed
	}
	open := cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: corsMethods,
		AllowedHeaders: corsHeaders,
		ExposedHeaders: corsExposed,
		MaxAge:         600,
	}).Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if listed[r.Header.Get("Origin")] {
			credentialed.ServeHTTP(w, r)
			return
		}
		open.ServeHTTP(w, r)
	})
}
