package wronghub

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A lexeme is a piece of a pattern's text.
type lexeme struct {
	kind  lexemeKind
	at    int    // where it begins in the text
	value string // without the character that marks its kind
}

type lexemeKind int

const (
	character lexemeKind = iota
	escaped
	name
	group // a regular expression in parentheses
	asterisk
	modifier // ? or +
	open
	closing
	invalid
	end
)

// lex takes a pattern's text apart. What makes no sense by itself is invalid.
func lex(s string) []lexeme {
	var all []lexeme
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		l := lexeme{kind: character, at: i, value: s[i : i+size]}
		next := i + size
		switch r {
		case '*':
			l.kind = asterisk
		case '+', '?':
			l.kind = modifier
		case '{':
			l.kind = open
		case '}':
			l.kind = closing
		case '\\':
			l.kind = invalid
			if next < len(s) {
				_, size := utf8.DecodeRuneInString(s[next:])
				l.kind, l.value, next = escaped, s[next:next+size], next+size
			}
		case ':':
			l.kind = invalid
			if n := nameLength(s[next:]); n > 0 {
				l.kind, l.value, next = name, s[next:next+n], next+n
			}
		case '(':
			l.kind = invalid
			if n := groupLength(s[next:]); n > 0 {
				l.kind, l.value, next = group, s[next:next+n], next+n+1
			}
		}
		all = append(all, l)
		i = next
	}
	return append(all, lexeme{kind: end, at: len(s)})
}

// nameLength returns how many bytes of a text begin it as a name.
func nameLength(s string) int {
	for i, r := range s {
		first := r == '_' || r == '$' || unicode.IsLetter(r)
		if !first && (i == 0 || !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			return i
		}
	}
	return len(s)
}

// groupLength returns how many bytes come before the parenthesis that closes a
// group, 0 if it is not well-formed: groups inside have to be nameless.
func groupLength(s string) int {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf || i == 0 && c == '?':
			return 0
		case c == '\\':
			if i++; i == len(s) || s[i] >= utf8.RuneSelf {
				return 0
			}
		case c == ')':
			if depth--; depth == 0 {
				return i
			}
		case c == '(':
			if depth++; i+1 == len(s) || s[i+1] != '?' {
				return 0
			}
		}
	}
	return 0
}

// A writtenPattern is the text of each component, nil for one not written.
type writtenPattern [componentCount]*string

// A splitter finds the components of a pattern, as the standard's constructor
// string parser does.
type splitter struct {
	text    string
	lexemes []lexeme
	i       int       // of the current lexeme
	depth   int       // of braces around it
	in      component // it belongs to
	start   int       // of that component, a lexeme
	special bool      // whether the protocol may be a special scheme
	written writtenPattern
}

// splitPattern takes a pattern apart. Whether its components are well-formed
// shows when they are compiled.
func splitPattern(s string) *writtenPattern {
	p := &splitter{text: s, lexemes: lex(s)}
	p.findStart()
	for ; p.lexemes[p.i].kind != end; p.i++ {
		if !p.inBraces() {
			p.step()
		}
	}
	p.finish(0)
	return &p.written
}

// inBraces reports whether the current lexeme is. It has to be asked of each.
func (p *splitter) inBraces() bool {
	switch p.lexemes[p.i].kind {
	case open:
		p.depth++
	case closing:
		p.depth--
	}
	return p.depth > 0
}

// is reports whether the lexeme some places on is plainly a character.
func (p *splitter) is(offset int, c string) bool {
	if p.i+offset >= len(p.lexemes) {
		return false
	}
	l := p.lexemes[p.i+offset]
	return l.value == c && (l.kind == character || l.kind == escaped || l.kind == invalid)
}

// beginsSearch tells the question mark before a search from a modifier.
func (p *splitter) beginsSearch() bool {
	if p.is(0, "?") {
		return true
	}
	if l := p.lexemes[p.i]; l.kind != modifier || l.value != "?" {
		return false
	}
	if p.i == 0 {
		return true
	}
	switch p.lexemes[p.i-1].kind {
	case name, group, closing, asterisk:
		return false
	}
	return true
}

// findStart passes over the protocol, if one is written, and tells the
// component that comes first otherwise.
func (p *splitter) findStart() {
	for ; p.lexemes[p.i].kind != end; p.i++ {
		if p.inBraces() || !p.is(0, ":") {
			continue
		}
		p.in, p.special = protocol, mayBeSpecial(p.text[:p.lexemes[p.i].at])
		slashes := p.is(1, "/") && p.is(2, "/")
		p.finish(1)
		if slashes {
			p.start += 2
		}
		p.in = pathname
		if slashes || p.special {
			p.in = p.userOrHost()
		}
		p.i = p.start
		return
	}
	p.i, p.depth = 0, 0
	switch {
	case p.is(0, "#"):
		p.in, p.start = hash, 1
	case p.beginsSearch():
		p.in, p.start = search, 1
	default:
		p.in = pathname
	}
}

// userOrHost looks ahead for the sign that ends a user.
func (p *splitter) userOrHost() component {
	for i := p.start; p.lexemes[i].kind != end; i++ {
		switch l := p.lexemes[i]; {
		case l.kind == character && l.value == "@":
			return username
		case l.kind == character && (l.value == "/" || l.value == "#"):
			return hostname
		}
	}
	return hostname
}

// step looks whether the current lexeme begins another component.
func (p *splitter) step() {
	switch {
	case p.in == username && p.is(0, ":"):
		p.begin(password, 1)
	case (p.in == username || p.in == password) && p.is(0, "@"):
		p.begin(hostname, 1)
	case p.in == hostname && p.is(0, ":") && !p.inBrackets():
		p.begin(port, 1)
	case (p.in == hostname || p.in == port) && p.is(0, "/"):
		p.begin(pathname, 0)
	case hostname <= p.in && p.in <= pathname && p.beginsSearch():
		p.begin(search, 1)
	case hostname <= p.in && p.in <= search && p.is(0, "#"):
		p.begin(hash, 1)
	}
}

// inBrackets reports whether the place is inside an IPv6 address.
func (p *splitter) inBrackets() bool {
	host := p.text[p.lexemes[p.start].at:p.lexemes[p.i].at]
	return strings.Count(host, "[") > strings.Count(host, "]")
}

// begin ends the component before the current lexeme and begins another; what
// is left out between them is empty.
func (p *splitter) begin(next component, skip int) {
	p.finish(skip)
	for c := max(p.in+1, hostname); c < next; c++ {
		if c == port {
			continue
		}
		p.written[c] = new(string)
		if c == pathname && p.special {
			*p.written[c] = "/"
		}
	}
	p.in = next
}

// finish notes the text of the component that ends before the current lexeme.
func (p *splitter) finish(skip int) {
	text := p.text[p.lexemes[p.start].at:p.lexemes[p.i].at]
	p.written[p.in] = &text
	p.start = p.i + skip
}
