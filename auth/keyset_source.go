package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Bounds of one reading.
const (
	maxKeySet    = 256 << 10 // bytes
	fetchTimeout = 5 * time.Second
	maxKeyAge    = 24 * time.Hour // whatever a server says
)

// newSource tells a URL from a file.
func newSource(location string) (source, error) {
	if !strings.Contains(location, "://") {
		path := strings.TrimPrefix(location, "@")
		if path == "" {
			return nil, errors.New("a JWK Set is at a URL or in a file: name one")
		}
		return file(path), nil
	}
	u, err := url.Parse(location)
	if err == nil && u.User != nil {
		return nil, fmt.Errorf("the URL of a JWK Set at %s has a password: give one without a user, which anybody may read", u.Host)
	}
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not the URL of a JWK Set, such as https://id.example.com/jwks", location)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, fmt.Errorf("a JWK Set is fetched over https, or over http from loopback: %q could be changed on its way", location)
	}
	return newServer(u), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// A file is a JWK Set on this machine, which may hold secrets.
type file string

func (f file) String() string { return string(f) }

func (f file) read(context.Context) ([]Key, time.Duration, error) {
	raw, err := os.ReadFile(string(f))
	if err != nil {
		return nil, 0, err
	}
	keys, err := parseJWKS(raw, true)
	return keys, fileInterval, err
}

// A server is a JWK Set at a URL.
type server struct {
	url    *url.URL
	client *http.Client
}

// newServer returns what fetches from one origin and no other: whoever can
// make the issuer's server redirect must not choose what the hub connects to
// (SEC-ssrf).
func newServer(u *url.URL) *server {
	return &server{url: u, client: &http.Client{
		Timeout: fetchTimeout,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || r.URL.Scheme != u.Scheme || r.URL.Host != u.Host {
				return fmt.Errorf("it redirects to %s://%s, and only the configured origin is asked", r.URL.Scheme, r.URL.Host)
			}
			return nil
		},
	}}
}

func (s *server) String() string { return s.url.String() }

func (s *server) read(ctx context.Context) ([]Key, time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("the answer has status %d, want 200", answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySet+1))
	if err != nil {
		return nil, 0, err
	}
	if len(raw) > maxKeySet {
		return nil, 0, fmt.Errorf("it has more than %d bytes", maxKeySet)
	}
	keys, err := parseJWKS(raw, false)
	return keys, freshness(answer.Header.Get("Cache-Control")), err
}

// freshness reads max-age, within bounds.
func freshness(cacheControl string) time.Duration {
	for directive := range strings.SplitSeq(cacheControl, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
			return min(time.Duration(seconds)*time.Second, maxKeyAge)
		}
	}
	return DefaultKeyAge
}
