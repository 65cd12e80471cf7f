package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

const (
	envURL   = "MERCURE_URL"
	envToken = "MERCURE_TOKEN"

	defaultURL = "http://127.0.0.1:3000" + spec.WellKnownPath
)

// hubAccess is how a client command reaches a hub and shows who it is.
type hubAccess struct {
	url, token string

	// What to make a token with instead.
	key, alg, issuer, hub string
}

// options returns the flags for a role.
func (a *hubAccess) options(role auth.Role) []option {
	return []option{
		{name: "url", arg: "URL", def: defaultURL, env: envURL, about: "the hub, also by " + envURL, put: hubURL(&a.url)},
		{name: "token", arg: "TOKEN", env: envToken, secret: true, about: "token to present, or @FILE; also by " + envToken, put: material(&a.token)},
		{name: "key", arg: "KEY", secret: true, about: "instead of a token: the " + role.String() + " key to make one with, or @FILE", put: material(&a.key)},
		{name: "alg", arg: "ALG", about: "its algorithm [HS256 for a secret, by key type for a PEM]", put: text(&a.alg)},
		{name: "issuer", arg: "URL", about: "make it a 1.0 token of this issuer [a 0.x token]", put: text(&a.issuer)},
		{name: "resource-identifier", arg: "URL", about: "the hub a 1.0 token is for [the one of --url]", put: text(&a.hub)},
	}
}

// present adds the token to a request; without token and key it stays
// anonymous.
func (a *hubAccess) present(r *http.Request, role auth.Role) error {
	token := a.token
	if a.key != "" {
		var err error
		if token, err = a.mint(role); err != nil {
			return usageError{fmt.Errorf("--key: %w", err)}
		}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return nil
}

// mint makes a token for all topics: whoever has the key may do everything
// anyway.
func (a *hubAccess) mint(role auth.Role) (string, error) {
	key, err := auth.ParseSigningKey(a.key, a.alg)
	if err != nil {
		return "", err
	}
	m := mint{role: role, generation: spec.Legacy, expires: time.Hour}
	if a.issuer != "" {
		m.generation, m.issuer, m.hub = spec.Current, a.issuer, cmp.Or(a.hub, a.url)
	}
	return key.Sign(m.claims([]string{spec.Wildcard}))
}

func hubURL(to *string) func([]string) error {
	return func(v []string) error {
		u, err := url.Parse(v[0])
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("%q is not the URL of a hub, such as %s", v[0], defaultURL)
		}
		if u.Path == "" || u.Path == "/" {
			u.Path = spec.WellKnownPath
		}
		*to = u.String()
		return nil
	}
}

// A refusal is an answer other than the one hoped for.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

// final reports whether asking again is pointless.
func (r *refusal) final() bool {
	return r.status < 500 && r.status != http.StatusTooManyRequests && r.status != http.StatusRequestTimeout
}

// readRefusal makes one line of an answer: the problem document's words where
// there is one.
func readRefusal(r *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		body = nil // the status says enough
	}
	reason := "the hub answered " + r.Status
	var problem struct{ Title, Detail, Fix, Rule string }
	if json.Unmarshal(body, &problem) == nil {
		for _, part := range []string{problem.Detail, problem.Fix} {
			if part != "" {
				reason += ": " + part
			}
		}
		if problem.Rule != "" {
			reason += " (" + problem.Rule + ")"
		}
	}
	if r.StatusCode == http.StatusUnauthorized {
		reason += "; \"cinnabar token check\" says what is wrong with a token"
	}
	return &refusal{r.StatusCode, strings.Join(strings.Fields(reason), " ")}
}

// unreachable puts a transport error in fewer words than net/http does.
func unreachable(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("no hub answers: %w: is it running, and is --url right?", err)
}
