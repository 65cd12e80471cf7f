package wronghub

import (
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

// generations that a request may be of; a publish shows by its token only.
type generation int

const (
	either generation = iota
	legacy
	current
)

// credential finds the token of a request: in its header, else in the query
// where that is switched on, else in a cookie. The first that is there counts.
func (h *Hub) credential(r *http.Request, gen generation) (credential, error) {
	switch headers := r.Header.Values("Authorization"); len(headers) {
	case 0:
	case 1:
		return bearer(headers[0])
	default:
		return credential{}, malformedCredential("more than one Authorization field")
	}
	if h.config.QueryToken && gen != current {
		if token, ok := parseForm(r.URL.RawQuery).lookup("authorization"); ok {
			return credential{token: token, fromURL: true, presents: true}, nil
		}
	}
	for _, cookie := range []struct {
		name string
		gen  generation
	}{{h.config.Cookie, current}, {h.config.LegacyCookie, legacy}} {
		if gen != either && gen != cookie.gen {
			continue
		}
		if c, err := r.Cookie(cookie.name); err == nil {
			return credential{token: c.Value, ambient: true, presents: true}, nil
		}
	}
	return credential{}, nil
}

// bearer reads an Authorization field. Another scheme presents no token.
func bearer(field string) (credential, error) {
	scheme, token, _ := strings.Cut(field, " ")
	if !strings.EqualFold(scheme, "Bearer") {
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
	if err != nil || !c.presents {
		return nil, c, err
	}
	t, ok := h.verify(c.token, k)
	if !ok || t.current && (gen == legacy || c.fromURL) || !t.current && gen == current {
		return nil, c, invalidToken
	}
	return t, c, nil
}
