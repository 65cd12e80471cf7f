package spec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nlnwa/whatwg-url/url"
)

// A Base is the URL a hub is known by: its resource identifier. Relative
// topics and patterns are resolved on it and its path is reserved for what the
// hub itself publishes. It comes from the configuration alone, never from a
// Host or forwarded header, which a subscriber could choose.
type Base struct {
	text string
	url  *url.Url
	path string
	last string // last segment of path
}

// ParseBase accepts an absolute http or https URL without user, query and
// fragment, whose path is the hub's: not empty, of unreserved characters, and
// written the way a URL parser leaves it, so that routing, token audiences and
// the reserved namespace all see the same hub.
func ParseBase(text string) (*Base, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the hub's URL %q: %w", text, err)
	}
	switch {
	case u.Scheme() != "https" && u.Scheme() != "http":
		return nil, fmt.Errorf("the hub's URL %q has to start with https:// or http://", text)
	case u.Username() != "" || u.Password() != "":
		return nil, errors.New("the hub's URL must not hold a user name or password")
	case strings.ContainsAny(text, "?#"):
		return nil, fmt.Errorf("the hub's URL %q must not have a query or a fragment", text)
	case strings.ContainsAny(text, " \t\r\n"):
		return nil, fmt.Errorf("the hub's URL %q must not hold white space", text)
	}
	path := u.Pathname()
	if err := checkHubPath(path); err != nil {
		return nil, fmt.Errorf("the hub's URL %q: %w", text, err)
	}
	if _, rest, _ := strings.Cut(text, "://"); rest[max(0, strings.IndexByte(rest, '/')):] != path {
		return nil, fmt.Errorf("the hub's URL %q is not in its normal form: write %s", text, u.Href(false))
	}
	// The parser makes this part of a URL on first use; made here, the base is
	// only read from now on and may be shared.
	u.SearchParams()
	return &Base{text: text, url: u, path: path, last: path[strings.LastIndexByte(path, '/')+1:]}, nil
}

func checkHubPath(path string) error {
	if path == "/" {
		return fmt.Errorf("it needs the hub's path, for example %s", WellKnownPath)
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" {
			return errors.New("its path must not end with a slash or hold two in a row")
		}
		for i := range len(segment) {
			if !isUnreserved(segment[i]) {
				return errors.New("its path may hold letters, digits and -._~ only")
			}
		}
	}
	return nil
}

// UnnamedBase stands in where no resource identifier is configured: relative
// references still resolve, on a host that no topic can name by accident.
func UnnamedBase() *Base {
	b, err := ParseBase("https://unnamed-hub.invalid" + WellKnownPath)
	if err != nil {
		panic(err)
	}
	return b
}

// String returns the URL as configured.
func (b *Base) String() string { return b.text }

// Path returns the path of the URL, by default [WellKnownPath].
func (b *Base) Path() string { return b.path }

// Reserves reports whether a topic, resolved on b, lies in the hub's own
// namespace (PUB-reserved-resolve and its companions): whether its path is the
// hub's or lies below it, whatever its scheme and authority. A topic that does
// not parse is not reserved (PUB-reserved-unparseable).
func (b *Base) Reserves(topic string) bool { return b.holds(topic, b.path) }

// holds reports whether topic resolves to path, which starts with b's own, or
// to somewhere below it.
func (b *Base) holds(topic, path string) bool {
	if b.cannotReach(topic) {
		return false
	}
	u, err := b.url.Parse(topic)
	if err != nil {
		return false
	}
	rest, ok := strings.CutPrefix(decodeUnreserved(u.Pathname()), path)
	return ok && (rest == "" || rest[0] == '/')
}

// cannotReach recognises, without parsing them, nearly all topics that are not
// reserved. The last segment of the hub's path can come from the base only
// when the topic's own path is empty; otherwise the topic spells it, unless
// percent-encoding or characters that the parser drops disguise it.
func (b *Base) cannotReach(topic string) bool {
	if topic == "" || strings.Contains(topic, b.last) {
		return false
	}
	if c := topic[0]; c != '/' && !isAlphanumeric(c) {
		return false
	}
	for i := range len(topic) {
		if c := topic[i]; c <= ' ' || c == '%' {
			return false
		}
	}
	// "https:", "https:?q": an empty path in spite of a scheme.
	scheme, rest, ok := strings.Cut(topic, ":")
	return !ok || strings.HasPrefix(rest, "/") || !strings.EqualFold(scheme, b.url.Scheme())
}

// ignoredBy reports whether topic is a URL that resolves to the same whatever
// the base.
func (b *Base) ignoredBy(topic string) bool {
	scheme, rest, ok := strings.Cut(topic, ":")
	if !ok || scheme == "" || !isAlphanumeric(scheme[0]) || scheme[0] <= '9' {
		return false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isAlphanumeric(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return strings.HasPrefix(rest, "//") || !strings.EqualFold(scheme, b.url.Scheme())
}

// decodeUnreserved decodes the percent-encoded octets that stand for
// unreserved characters, once (PUB-reserved-decode).
func decodeUnreserved(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	decoded := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if c, ok := triplet(path[i:]); ok && isUnreserved(c) {
			decoded = append(decoded, c)
			i += 2
			continue
		}
		decoded = append(decoded, path[i])
	}
	return string(decoded)
}
