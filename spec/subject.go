package spec

import (
	"strings"

	"github.com/nlnwa/whatwg-url/url"
)

// A Subject is a topic as selectors see it: templates see it as it is, patterns
// the URL it resolves to, which is made once for all of them. It is not safe
// for concurrent use.
type Subject struct {
	topic string
	base  *Base // that url was resolved on; nil for not yet
	url   topicURL
}

// SubjectOf returns the subject that a topic is.
func SubjectOf(topic string) Subject { return Subject{topic: topic} }

// Topic returns the topic.
func (s *Subject) Topic() string { return s.topic }

// URL returns what the [Literals] of patterns on a base are about: scheme,
// host, port and path of the URL that the topic resolves to, in their normal
// form; false if it resolves to none.
func (s *Subject) URL(base *Base) (string, bool) {
	u := s.resolve(base)
	return u.text, u.valid
}

func (s *Subject) resolve(base *Base) *topicURL {
	if s.base != base {
		s.base, s.url = base, resolveTopic(s.topic, base)
	}
	return &s.url
}

// A topicURL is the URL that a topic resolves to.
type topicURL struct {
	valid bool
	text  string // scheme "://" host, ":" port if it has one, path

	scheme, host, path int      // in text: where scheme and host end, where the path begins
	rest               *url.Url // has user name, password, query and fragment; nil for none of them
}

func resolveTopic(topic string, base *Base) topicURL {
	if scheme, path, ok := plainURL(topic); ok {
		return topicURL{valid: true, text: topic, scheme: scheme, host: path, path: path}
	}
	u, err := base.url.Parse(topic)
	if err != nil {
		return topicURL{}
	}
	var b strings.Builder
	r := topicURL{valid: true, rest: u}
	b.WriteString(u.Scheme())
	r.scheme = b.Len()
	b.WriteString("://")
	b.WriteString(u.Hostname())
	r.host = b.Len()
	if port := u.Port(); port != "" {
		b.WriteByte(':')
		b.WriteString(port)
	}
	r.path = b.Len()
	b.WriteString(u.Pathname())
	r.text = b.String()
	return r
}

// A component is a part of a URL that a pattern has a pattern for.
type component uint8

const (
	schemeComponent component = iota
	userComponent
	passwordComponent
	hostComponent
	portComponent
	pathComponent
	queryComponent
	fragmentComponent
	originComponent // scheme, host and port as one
)

// component returns a part of a valid URL.
func (u *topicURL) component(c component) string {
	switch c {
	case originComponent:
		return u.text[:u.path]
	case schemeComponent:
		return u.text[:u.scheme]
	case hostComponent:
		return u.text[u.scheme+len("://") : u.host]
	case portComponent:
		return strings.TrimPrefix(u.text[u.host:u.path], ":")
	case pathComponent:
		return u.text[u.path:]
	}
	if u.rest == nil {
		return ""
	}
	switch c {
	case userComponent:
		return u.rest.Username()
	case passwordComponent:
		return u.rest.Password()
	case queryComponent:
		return u.rest.Query()
	}
	return u.rest.Fragment()
}

// plainURL reports whether topic is an http or https URL without port, query
// and fragment that a URL parser accepts and leaves as it is, and where its
// scheme ends and its path begins. Nearly all topics are.
func plainURL(topic string) (scheme, path int, ok bool) {
	rest, ok := strings.CutPrefix(topic, "http")
	if !ok {
		return 0, 0, false
	}
	rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, "s"), "://")
	if !ok {
		return 0, 0, false
	}
	host, after, ok := strings.Cut(rest, "/")
	if !ok || !isPlainHost(host) || !isPlainPath(after) {
		return 0, 0, false
	}
	path = len(topic) - len(after) - len("/")
	return path - len(host) - len("://"), path, true
}

func isPlainHost(host string) bool {
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '.' || c == '-':
			if i == 0 || host[i-1] == c {
				return false // "--" may begin Punycode; the others are rare
			}
		default:
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && last[0] > '9' // else it may be an IPv4 address, which has many spellings
}

func isPlainPath(path string) bool {
	start := true // of a segment
	for i := range len(path) {
		switch c := path[i]; {
		case start && c == '.', !staysInPath(c):
			return false
		default:
			start = c == '/'
		}
	}
	return true
}

// staysInPath reports whether a URL parser leaves c in a path as it is.
func staysInPath(c byte) bool {
	switch c {
	case '/', '@', ':', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=':
		return true
	}
	return isUnreserved(c)
}
