package wronghub

import (
	"errors"
	"regexp"
	"strings"
)

// A pattern is a URL pattern: one expression for each component.
type pattern [componentCount]*regexp.Regexp

// A component is a part of a URL, in the order of the parts.
type component int

const (
	protocol component = iota
	username
	password
	hostname
	port
	pathname
	search
	hash
	componentCount
)

// component returns a part of an address as patterns see it.
func (a *address) component(c component) string {
	return [componentCount]string{a.scheme, a.username, a.password, a.host, a.port, a.path, a.query, a.fragment}[c]
}

// matches reports whether every component matches in full.
func (p *pattern) matches(a *address) bool {
	for c, re := range p {
		if !re.MatchString(a.component(component(c))) {
			return false
		}
	}
	return true
}

var errPattern = errors.New("it is not well-formed")

// parsePattern compiles a URL pattern, a relative one on the hub's URL.
func (h *Hub) parsePattern(s string) (*pattern, error) {
	written := splitPattern(s)
	if written[hostname] != nil && written[port] == nil && !h.is(LeavesPortsOpen) {
		written[port] = new(string) // the scheme's own
	}
	if written[protocol] == nil {
		h.inherit(written)
	}
	scheme := *written[protocol]
	if own, ok := specialPorts[scheme]; ok && written[port] != nil && *written[port] == own {
		*written[port] = ""
	}
	p := &pattern{}
	for c := range componentCount {
		text := "*"
		switch {
		case written[c] != nil:
			text = *written[c]
		case c > pathname && h.is(ClosesPatternTails):
			text = ""
		}
		expression, err := h.compileComponent(text, h.rulesOf(c, scheme))
		if err != nil {
			return nil, err
		}
		if c > hostname && h.is(FoldsPatterns) {
			expression = "(?i)" + expression
		}
		if p[c], err = regexp.Compile(expression); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// inherit completes a pattern that begins in the middle of a URL with those
// parts of the hub's URL that come before.
func (h *Hub) inherit(w *writtenPattern) {
	if path := w[pathname]; w[hostname] == nil && path != nil && !isAbsolutePath(*path) {
		*path = escapePattern(h.resource.path[:strings.LastIndex(h.resource.path, "/")+1]) + *path
	}
	for _, c := range []component{protocol, hostname, port, pathname, search, hash} {
		if w[c] != nil {
			break
		}
		text := escapePattern(h.resource.component(c))
		w[c] = &text
	}
}

func isAbsolutePath(p string) bool {
	return strings.HasPrefix(p, "/") || strings.HasPrefix(p, `\/`) || strings.HasPrefix(p, "{/")
}

var patternSyntax = regexp.MustCompile(`[.+*?:{}()\\]`)

// escapePattern writes text as a pattern of nothing but itself.
func escapePattern(s string) string { return patternSyntax.ReplaceAllString(s, `\$0`) }

// rules are how a component is read and compared.
type rules struct {
	delimiter, prefix string // of segments
	encode            func(string) (string, error)
}

func (h *Hub) rulesOf(c component, scheme string) rules {
	encodeBy := func(set string) func(string) (string, error) {
		return func(s string) (string, error) { return encodeBytes(s, set), nil }
	}
	switch c {
	case protocol:
		return rules{encode: encodeScheme}
	case hostname:
		return rules{delimiter: ".", encode: h.encodeHost}
	case port:
		return rules{encode: func(s string) (string, error) {
			if p, ok := parsePort(s, scheme); ok {
				return p, nil
			}
			return "", errPattern
		}}
	case pathname:
		if mayBeSpecial(scheme) {
			return rules{delimiter: "/", prefix: "/", encode: encodePath}
		}
		return rules{encode: encodeBy(controlSet)}
	case search:
		if mayBeSpecial(scheme) {
			return rules{encode: encodeBy(querySet + "'")}
		}
		return rules{encode: encodeBy(querySet)}
	case hash:
		return rules{encode: encodeBy(fragmentSet)}
	}
	return rules{encode: encodeBy(userinfoSet)}
}

// mayBeSpecial reports whether the pattern of a protocol matches a special
// scheme.
func mayBeSpecial(scheme string) bool {
	if isScheme(scheme) {
		return isSpecial(scheme)
	}
	h := &Hub{} // a right one
	expression, err := h.compileComponent(scheme, rules{encode: encodeScheme})
	if err != nil {
		return false
	}
	re, err := regexp.Compile(expression)
	for special := range specialPorts {
		if err == nil && re.MatchString(special) {
			return true
		}
	}
	return false
}

func encodeScheme(s string) (string, error) {
	if s != "" && !isScheme(s) {
		return "", errPattern
	}
	return strings.ToLower(s), nil
}

func (h *Hub) encodeHost(s string) (string, error) {
	if h.is(KeepsHostCase) {
		return s, nil
	}
	if s == "" || strings.Trim(s, "[]:0123456789abcdefABCDEF") == "" && strings.ContainsAny(s, "[]:") {
		return strings.ToLower(s), nil
	}
	host, ok := domain(s)
	if !ok {
		return "", errPattern
	}
	return host, nil
}

// encodePath encodes a piece of a path, and removes dot segments within it.
func encodePath(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	a := address{scheme: "https"}
	if strings.HasPrefix(s, "/") {
		return a.cleanPath(s), nil
	}
	return strings.TrimPrefix(a.cleanPath("/-"+s), "/-"), nil
}
