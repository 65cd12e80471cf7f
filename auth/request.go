package auth

import (
	"net/http"
	"strings"
	"time"

	"cinnabar/spec"
)

// A credential is a token as a request presented it. The first place that
// presents one is final: an invalid token is never a reason to try another
// place (AUTH-header-no-fallback, C9).
type credential struct {
	token string
	by    Means
}

// places are where a request may present its token, besides the header.
type places struct {
	query   bool
	cookies []string // in order of precedence
}

// placesFor returns those of rules G6 and G7.
func (a *Authenticator) placesFor(g spec.Generation) places {
	if g == spec.Current {
		return a.currentPlaces
	}
	return a.legacyPlaces
}

// find returns the credential of a request, nil when it presents none.
func find(r *http.Request, p places) (*credential, *Refusal) {
	if fields := r.Header["Authorization"]; len(fields) > 0 {
		return fromHeader(fields)
	}
	if p.query {
		if c, refusal := fromQuery(r.URL.RawQuery); c != nil || refusal != nil {
			return c, refusal
		}
	}
	for _, name := range p.cookies {
		if c, refusal := fromCookie(r.Header["Cookie"], name); c != nil || refusal != nil {
			return c, refusal
		}
	}
	return nil, nil
}

// fromHeader reads the Authorization header. One with another scheme presents
// no token, and cookies are ignored all the same (AUTH-header-other-scheme).
func fromHeader(fields []string) (*credential, *Refusal) {
	if len(fields) > 1 {
		return nil, misuse(SeveralHeaders, "the request has %d Authorization headers", len(fields))
	}
	const scheme = "Bearer"
	field := fields[0]
	if len(field) < len(scheme) || !strings.EqualFold(field[:len(scheme)], scheme) {
		return nil, nil
	}
	// "Bearer<token>" would be another scheme to the letter of RFC 9110, and
	// an anonymous stream: nobody means that (AUTH-header-syntax).
	rest := field[len(scheme):]
	token := strings.TrimLeft(rest, " ")
	if len(token) == len(rest) || token == "" || isSeveral(token) {
		return nil, misuse(MalformedHeader, "the Authorization header is not Bearer, a space and one token")
	}
	return &credential{token, Header}, nil
}

// isSeveral reports whether what follows the scheme is more than one token. It
// is asked for every request: strings.ContainsAny takes ten times as long.
func isSeveral(s string) bool {
	return strings.IndexByte(s, ' ') >= 0 || strings.IndexByte(s, ',') >= 0 || strings.IndexByte(s, '\t') >= 0
}

// fromQuery reads the 0.x authorization parameter.
func fromQuery(query string) (*credential, *Refusal) {
	var c *credential
	for _, pair := range spec.ParseForm(query) {
		if pair.Name != spec.ParamAuthorization {
			continue
		}
		if c != nil {
			return nil, misuse(AmbiguousParameter, "the query has more than one authorization parameter")
		}
		c = &credential{pair.Value, Query}
	}
	return c, nil
}

// fromCookie reads a cookie. It is not http.Request.Cookie, which skips
// values it finds malformed: garbage must be a refused token, not an anonymous
// request (AUTH-bad-token-not-anonymous). Where a name has several values, one
// of them may be planted by a sibling host, and their order says nothing a hub
// could rely on (RFC 6265 §4.2.2), so none is used.
func fromCookie(fields []string, name string) (*credential, *Refusal) {
	var c *credential
	for _, field := range fields {
		for pair := range strings.SplitSeq(field, ";") {
			found, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			if found != name {
				continue
			}
			if c != nil && c.token != value {
				return nil, misuse(AmbiguousCookie, "the request has several cookies %s with different values", name)
			}
			c = &credential{value, Cookie}
		}
	}
	return c, nil
}

// verify judges a credential now.
func (a *Authenticator) verify(c *credential, role Role) (*Grants, *Refusal) {
	g, refusal := a.check(c.token, role, time.Now())
	if refusal != nil {
		return nil, refusal
	}
	// 1.0 never takes a token from a URL (AUTH-no-uri-token, C8).
	if c.by == Query && g.generation == spec.Current {
		return nil, refuse(TokenInQuery, "a 1.0 token came in the authorization parameter, which is for 0.x tokens alone")
	}
	return g, nil
}
