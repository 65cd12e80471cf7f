package hub

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"cinnabar/spec"
)

// headerRequestID ties an answer to a line of the log.
const headerRequestID = "X-Request-Id"

// proxyID is a request id that a proxy in front may have chosen; anything
// else could be a stranger writing to the log.
var proxyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID returns the id under which a request is logged: the one a proxy
// already logged it under, else a new one.
func requestID(r *http.Request) string {
	if id := r.Header.Get(headerRequestID); proxyID.MatchString(id) {
		return id
	}
	return rand.Text()
}

// logRefused writes the one line about a refused request. It names the rule
// and the reason, and holds no token (SEC-token-not-logged).
func (h *Hub) logRefused(r *http.Request, c call, id string, p problem, why error) {
	level := slog.LevelInfo
	switch {
	case p.Status == http.StatusNotFound:
		level = slog.LevelDebug // scanners
	case isShortage(why):
		level = slog.LevelWarn
	case p.Status >= http.StatusInternalServerError && r.Context().Err() == nil:
		level = slog.LevelError
	}
	h.logger.LogAttrs(r.Context(), level, "request refused",
		slog.String("request_id", id),
		slog.String("remote", r.RemoteAddr),
		slog.String("method", r.Method),
		slog.String("path", clip(r.URL.EscapedPath())),
		slog.String("query", clip(redacted(r.URL.RawQuery))),
		slog.String("generation", c.generation.String()),
		slog.Int("status", p.Status),
		slog.String("rule", p.Rule),
		slog.String("reason", clip(why.Error())),
	)
}

// logStrangeOrigin tells the operator what to add when a page of their own
// cannot read the hub's answers.
func (h *Hub) logStrangeOrigin(r *http.Request, origin string) {
	h.logger.LogAttrs(r.Context(), slog.LevelInfo, "origin not allowed; to let its pages read answers, add it to the CORS origins",
		slog.String("origin", clip(origin)), slog.String("remote", r.RemoteAddr))
}

// redacted is a query component without what it may hold of tokens: the
// parameters meant for them, and values that look like one elsewhere.
func redacted(query string) string {
	if query == "" {
		return ""
	}
	pairs := spec.ParseForm(query)
	for i, p := range pairs {
		name := strings.ToLower(p.Name)
		if name == spec.ParamAuthorization || name == "access_token" || looksLikeToken(p.Value) {
			p.Value = "REDACTED"
		}
		pairs[i].Name, pairs[i].Value = url.QueryEscape(p.Name), url.QueryEscape(p.Value)
	}
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.Name + "=" + p.Value)
	}
	return b.String()
}

// looksLikeToken recognizes a JOSE header anywhere in a value: the base64url of
// a brace, a quote and a letter.
func looksLikeToken(s string) bool { return strings.Contains(s, "eyJ") }

// clip bounds what a stranger can make the log hold.
func clip(s string) string {
	const limit = 512
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
