package wronghub

import (
	"strconv"
	"strings"
)

// An address is a URL as the WHATWG standard parses one: enough of it to
// resolve topics, with hosts of ASCII only.
type address struct {
	scheme, username, password string
	authority                  bool // whether there is one
	host, port                 string
	path                       string
	opaque                     bool // whether the path is one that nothing is relative to
	query, fragment            string
}

// specialPorts are the special schemes and their default ports.
var specialPorts = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21", "file": ""}

func isSpecial(scheme string) bool {
	_, ok := specialPorts[scheme]
	return ok
}

// parseAddress resolves a reference on a base, which may be nil.
func parseAddress(s string, base *address) (*address, bool) {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
	s, fragment, _ := strings.Cut(s, "#")
	a := &address{}
	scheme, rest, ok := cutScheme(s)
	switch {
	case ok && isSpecial(scheme) && base != nil && base.scheme == scheme && !startsWithSlashes(rest):
		s, ok = rest, false // relative in spite of its scheme
	case ok:
		a.scheme, s = scheme, rest
	case base == nil:
		return nil, false
	}
	s, query, hasQuery := strings.Cut(s, "?")
	if !ok && base != nil {
		if base.opaque && (s != "" || hasQuery) {
			return nil, false
		}
		a.scheme = base.scheme
	}
	special := isSpecial(a.scheme)
	if special {
		s = strings.ReplaceAll(s, `\`, "/")
	}
	switch {
	case ok && special && a.scheme != "file":
		s = "//" + strings.TrimLeft(s, "/") // any number of slashes will do
	case ok && special && !strings.HasPrefix(s, "//"):
		a.authority = true // file:/a is file:///a
		s = "/" + strings.TrimLeft(s, "/")
	}
	switch {
	case strings.HasPrefix(s, "//"):
		if s, ok = a.parseAuthority(s[2:]); !ok {
			return nil, false
		}
		a.path = a.cleanPath(s)
	case ok && !strings.HasPrefix(s, "/"):
		a.opaque, a.path = true, encodeBytes(s, controlSet)
	case ok:
		a.path = a.cleanPath(s)
	default:
		*a = *base
		a.fragment = ""
		switch {
		case strings.HasPrefix(s, "/"):
			a.path = a.cleanPath(s)
		case s != "":
			a.path = a.cleanPath(base.path[:strings.LastIndex(base.path, "/")+1] + s)
		}
		if s != "" || hasQuery {
			a.query = ""
		}
	}
	if hasQuery {
		set := querySet
		if special {
			set += "'"
		}
		a.query = encodeBytes(query, set)
	}
	a.fragment = encodeBytes(fragment, fragmentSet)
	return a, true
}

// cutScheme returns the scheme in lower case and what follows its colon.
func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	if !ok || !isScheme(scheme) {
		return "", s, false
	}
	return strings.ToLower(scheme), rest, true
}

func isScheme(s string) bool {
	for i, c := range []byte(s) {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func startsWithSlashes(s string) bool {
	return len(s) > 1 && strings.ContainsRune(`/\`, rune(s[0])) && strings.ContainsRune(`/\`, rune(s[1]))
}

// parseAuthority reads what follows two slashes and returns the path.
func (a *address) parseAuthority(s string) (path string, ok bool) {
	a.authority = true
	host := s
	if i := strings.IndexByte(s, '/'); i >= 0 {
		host, path = s[:i], s[i:]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		username, password, _ := strings.Cut(host[:i], ":")
		a.username, a.password = encodeBytes(username, userinfoSet), encodeBytes(password, userinfoSet)
		host = host[i+1:]
	}
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		if a.port, ok = parsePort(host[i+1:], a.scheme); !ok {
			return "", false
		}
		if host = host[:i]; host == "" {
			return "", false
		}
	}
	if a.host, ok = parseHost(host, isSpecial(a.scheme)); !ok {
		return "", false
	}
	if a.host == "" && isSpecial(a.scheme) && a.scheme != "file" {
		return "", false
	}
	return path, true
}

// parsePort returns a port without leading zeros, "" for the scheme's own.
func parsePort(s, scheme string) (string, bool) {
	if s == "" {
		return "", true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || strings.HasPrefix(s, "+") {
		return "", false
	}
	port := strconv.FormatUint(n, 10)
	if port == specialPorts[scheme] {
		port = ""
	}
	return port, true
}

// cleanPath encodes a path and removes its dot segments.
func (a *address) cleanPath(s string) string {
	if isSpecial(a.scheme) {
		s = "/" + strings.TrimPrefix(s, "/")
	}
	if s == "" {
		return ""
	}
	var kept []string
	segments := strings.Split(strings.TrimPrefix(s, "/"), "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
			if last {
				kept = append(kept, "")
			}
		case ".":
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, encodeBytes(segment, pathSet))
		}
	}
	return "/" + strings.Join(kept, "/")
}

// The percent-encode sets of the standard, beside controls and what is not
// ASCII.
const (
	controlSet  = ""
	fragmentSet = " \"<>`"
	querySet    = " \"#<>"
	pathSet     = querySet + "?^`{}"
	userinfoSet = pathSet + "/:;=@[\\]|"
)

func encodeBytes(s, set string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7f || strings.IndexByte(set, c) >= 0 {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16))[1:])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
