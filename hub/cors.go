package hub

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// Headers of cross-origin requests, by what real clients send and what a
// browser would otherwise hide from them.
var (
	corsMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, methodQuery}
	corsHeaders = []string{"Authorization", "Cache-Control", "Content-Type", headerIdempotencyKey, "If-None-Match", "Last-Event-ID", headerPrefer, "X-Requested-With"}
	corsExposed = []string{"Link", "ETag", "Last-Event-ID", "Mercure-Last-Event-ID", headerAck, headerSince, headerMatched, headerApplied, headerRequestID}
)

// crossOrigin applies the Fetch standard's CORS protocol to every answer,
// refusals included. Listed origins, compared exactly, may use credentials;
// with "*" all others may come without: the two never meet in one answer
// (CORS-no-star-with-credentials, CORS-no-reflection, CORS-allowlist).
func (h *Hub) crossOrigin(origins []string, next http.Handler) http.Handler {
	everybody := slices.Contains(origins, "*")
	listed := make(map[string]bool)
	for _, origin := range origins {
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
		return sortPreflights(credentialed)
	}
	open := cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: corsMethods,
		AllowedHeaders: corsHeaders,
		ExposedHeaders: corsExposed,
		MaxAge:         600,
	}).Handler(next)
	return sortPreflights(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if listed[r.Header.Get("Origin")] {
			credentialed.ServeHTTP(w, r)
			return
		}
		open.ServeHTTP(w, r)
	}))
}

const headerRequestHeaders = "Access-Control-Request-Headers"

// sortPreflights writes the list of headers that a preflight asks for as
// browsers do: lower case, sorted, each name once. To rs/cors any other form is
// a refusal, but they are field names (Fetch §3.2.2, RFC 9110 §5.1): neither
// case nor order means anything, and who tries by hand sends them as they come
// (CORS-preflight).
func sortPreflights(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked := r.Header[headerRequestHeaders]; r.Method == http.MethodOptions && asked != nil {
			r = r.WithContext(r.Context()) // a copy, whose header is ours
			r.Header = r.Header.Clone()
			r.Header.Set(headerRequestHeaders, sortNames(asked))
		}
		next.ServeHTTP(w, r)
	})
}

func sortNames(fields []string) string {
	var names []string
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(fields, ",")), ",") {
		if name = strings.Trim(name, " \t"); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",")
}
