package wronghub

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// A credential is a token as it was presented.
type credential struct {
	token    string
	ambient  bool // by a cookie, which browsers add by themselves
	fromURL  bool
	presents bool // whether there is one at all
}

// A generation of the protocol. A publish shows its own by its token only.
type generation int

const (
	either generation = iota
	legacy
	current
)

// credential finds the token of a request: in its header, else in the query
// where that is switched on, else in a cookie. The first that is there counts.
func (h *Hub) credential(r *http.Request, gen generation) (credential, error) {
	cookie := h.fromCookie(r, gen)
	if cookie.presents && h.is(PrefersCookies) {
		return cookie, nil
	}
	headers := r.Header.Values("Authorization")
	query := h.parseForm(r.URL.RawQuery)
	inURL, ok := query.lookup("authorization")
	ok = ok && h.config.QueryToken && gen != current && !h.is(IgnoresTokensInURLs)
	if ok && h.is(PrefersURLs) {
		headers = nil
	}
	switch {
	case len(headers) > 0 && cookie.presents && h.is(RefusesTwoMeans):
		return credential{}, malformedCredential("a header and a cookie")
	case len(headers) > 1 && !h.is(TakesFirstOfTwoHeaders):
		return credential{}, malformedCredential("more than one Authorization field")
	case len(headers) > 0:
		c, err := h.bearer(headers[0])
		if !c.presents && err == nil && h.is(SkipsOtherSchemes) {
			return cookie, nil
		}
		if c.presents && cookie.presents && h.is(FallsBackToCookies) {
			_, publishes := h.verify(c.token, h.publisherKey)
			if _, subscribes := h.verify(c.token, h.subscriberKey); !publishes && !subscribes {
				return cookie, nil
			}
		}
		return c, err
	}
	if token, ok := query.lookup("access_token"); ok && h.is(TakesTokensFromURLs) {
		return credential{token: token, presents: true}, nil
	}
	if ok && !(cookie.presents && h.is(PrefersCookiesToURLs)) {
		return credential{token: inURL, fromURL: true, presents: true}, nil
	}
	return cookie, nil
}

// fromCookie finds a token in the cookies of a generation.
func (h *Hub) fromCookie(r *http.Request, gen generation) credential {
	if h.is(IgnoresCookies) || h.is(IgnoresCookiesOfPublishers) && gen == either {
		return credential{}
	}
	for _, cookie := range []struct {
		name string
		gen  generation
	}{{h.config.Cookie, current}, {h.config.LegacyCookie, legacy}, {h.furtherCookie(), current}} {
		if gen != either && gen != cookie.gen {
			continue
		}
		if c, err := r.Cookie(cookie.name); err == nil {
			return credential{token: c.Value, ambient: true, presents: true}
		}
	}
	return credential{}
}

// furtherCookie is the name of a cookie that should not count, "" for none.
func (h *Hub) furtherCookie() string {
	if h.is(TakesDefaultCookieToo) {
		return "__Secure-mercure_access_token"
	}
	return ""
}

// bearer reads an Authorization field. Another scheme presents no token.
func (h *Hub) bearer(field string) (credential, error) {
	scheme, token, _ := strings.Cut(field, " ")
	if glued, ok := strings.CutPrefix(field, "Bearer"); ok && h.is(TakesGluedBearer) {
		scheme, token = "Bearer", strings.TrimSpace(glued)
	}
	if !strings.EqualFold(scheme, "Bearer") || scheme != "Bearer" && h.is(WantsBearerCapitalized) {
		return credential{}, nil
	}
	token = strings.TrimLeft(token, " ")
	if token == "" || strings.Trim(token, tokenCharacters) != "" {
		return credential{}, malformedCredential("the Authorization field holds no token")
	}
	return credential{token: token, presents: true}, nil
}

// tokenCharacters are those of RFC 6750's b64token.
const tokenCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

// authenticate returns the valid token of a request, nil if it presents none,
// and how it was presented.
func (h *Hub) authenticate(r *http.Request, gen generation, k key) (*token, credential, error) {
	c, err := h.credential(r, gen)
	if err == nil && !c.presents && h.is(TakesTokensFromBodies) {
		c.token, c.presents = h.peek(r).lookup("access_token")
	}
	if err != nil || !c.presents {
		return nil, c, err
	}
	t, ok := h.verify(c.token, k)
	if !ok || t.current && (gen == legacy || c.fromURL) || !t.current && gen == current {
		refused := invalidToken
		if h.is(QuotesTokens) {
			refused.detail = "the token " + c.token + " is not valid"
		}
		return nil, c, refused
	}
	return t, c, nil
}

// peek reads the form in a body and leaves it to be read again.
func (h *Hub) peek(r *http.Request) form {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil // whoever reads it again will find out
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return h.parseForm(string(raw))
}
