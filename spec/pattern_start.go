package spec

import "strings"

// start returns what the URLs that p matches start with, as far as [isPlainURL]
// topics are concerned, which have neither port nor user name.
func (p *pattern) start() string {
	protocol, ok := literalStart(p.compiled.Protocol())
	if !ok {
		return ""
	}
	start := protocol + ":"
	host, ok := literalStart(p.compiled.Hostname())
	if !ok || host == "" {
		return start
	}
	start += "//" + host
	port, ok := literalStart(p.compiled.Port())
	if !ok {
		return start
	}
	if port != "" {
		start += ":" + port
	}
	path, _ := literalStart(p.compiled.Pathname())
	return start + path
}

// literalStart returns the unescaped text before the first group of a
// component, and whether that is all of it. A slash right before the group is
// left out: it may be optional, too.
func literalStart(component string) (text string, whole bool) {
	var b strings.Builder
	for i := 0; i < len(component); i++ {
		switch c := component[i]; c {
		case '*', '(', '{', ':':
			return strings.TrimSuffix(b.String(), "/"), false
		case '\\':
			i++
			b.WriteByte(component[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// isPlainURL reports whether topic is an http or https URL that a URL parser
// leaves as it is, up to its query; or does not accept at all. Nearly all topics
// are, and for them a pattern's start is tested without parsing.
func isPlainURL(topic string) bool {
	rest, ok := strings.CutPrefix(topic, "http")
	if !ok {
		return false
	}
	rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, "s"), "://")
	if !ok {
		return false
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok {
		return false
	}
	for i := range len(host) {
		if c := host[i]; (c < 'a' || 'z' < c) && (c < '0' || '9' < c) && c != '.' && c != '-' {
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || last[0] <= '9' { // perhaps an IPv4 address, which has many spellings
		return false
	}
	start := true // of a segment
	for i := range len(path) {
		switch c := path[i]; {
		case c == '?' || c == '#':
			return true
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
