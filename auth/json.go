package auth

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxDepth bounds the nesting of a token's JSON. Details need 5 levels;
	// the rest is for payloads.
	maxDepth = 32
	// maxMembers bounds the claims, and the header parameters, of a token.
	maxMembers = 256
)

// A value is a JSON value, read once and to the letter. Package encoding/json
// alone would let two readers of a token disagree: it folds the case of names,
// takes the last of equal ones, "" for null and U+FFFD for half a character.
type value struct {
	raw     json.RawMessage  // as written; nil if absent
	text    string           // of a string
	items   []value          // of an array
	members map[string]value // of an object
}

// A kind is the type of a value, in words for refusals.
type kind string

const (
	missing  kind = "missing"
	aNull    kind = "null"
	aBoolean kind = "a boolean"
	aNumber  kind = "a number"
	aString  kind = "a string"
	anArray  kind = "an array"
	anObject kind = "an object"
)

func (v value) kind() kind {
	if len(v.raw) == 0 {
		return missing
	}
	switch v.raw[0] {
	case '{':
		return anObject
	case '[':
		return anArray
	case '"':
		return aString
	case 't', 'f':
		return aBoolean
	case 'n':
		return aNull
	}
	return aNumber
}

// has reports whether an object has a member.
func (v value) has(name string) bool { return v.members[name].raw != nil }

// get returns a member of an object, a missing value if there is none.
func (v value) get(name string) value { return v.members[name] }

// texts returns the members of an array of strings.
func (v value) texts() (l []string, ok bool) {
	for _, item := range v.items {
		if item.kind() != aString {
			return nil, false
		}
		l = append(l, item.text)
	}
	return l, v.kind() == anArray
}

// readObject reads the JSON object that part of a token is. Before a signature
// vouches for it, it is read shallowly: arrays and objects in it are not
// opened, so that a stranger's thousand brackets cost their length and no
// memory. Values refer to b.
func readObject(part string, b []byte, deep bool) (value, *Refusal) {
	if !utf8.Valid(b) || !json.Valid(b) {
		return value{}, refuse(MalformedToken, "its %s is not JSON", part)
	}
	v, r := (&reader{b: b, deep: deep}).value(maxDepth)
	if r != nil {
		return value{}, r
	}
	if v.kind() != anObject {
		return value{}, refuse(MalformedToken, "its %s is %s, not an object", part, v.kind())
	}
	return v, nil
}

// A reader takes apart JSON that is known to be valid, which is all its
// syntax rests on.
type reader struct {
	b    []byte
	at   int
	deep bool
}

func (r *reader) value(depth int) (v value, refusal *Refusal) {
	r.skip(" \t\r\n")
	start := r.at
	switch c := r.b[r.at]; {
	case c == '"':
		v.text, refusal = r.text()
	case c != '{' && c != '[':
		for r.at < len(r.b) && bytes.IndexByte([]byte(" \t\r\n,]}"), r.b[r.at]) < 0 {
			r.at++
		}
	case depth < maxDepth && !r.deep:
		r.skipNested()
	case depth == 0:
		return v, refuse(TooDeep, "its JSON is nested deeper than %d levels", maxDepth)
	case c == '{':
		v.members, refusal = r.object(depth - 1)
	default:
		v.items, refusal = r.array(depth - 1)
	}
	v.raw = r.b[start:r.at:r.at]
	return v, refusal
}

func (r *reader) object(depth int) (map[string]value, *Refusal) {
	members := make(map[string]value)
	for r.at++; r.more('}'); {
		name, refusal := r.text()
		if refusal != nil {
			return nil, refusal
		}
		if _, twice := members[name]; twice {
			return nil, refuse(DuplicateMember, "the name %s appears twice in one object", quote(name))
		}
		if !r.deep && len(members) == maxMembers {
			return nil, refuse(TooLarge, "its header or claims have more than %d members", maxMembers)
		}
		r.skip(" \t\r\n:")
		if members[name], refusal = r.value(depth); refusal != nil {
			return nil, refusal
		}
	}
	return members, nil
}

func (r *reader) array(depth int) (items []value, refusal *Refusal) {
	for r.at++; r.more(']'); {
		item, refusal := r.value(depth)
		if refusal != nil {
			return nil, refusal
		}
		items = append(items, item)
	}
	return items, nil
}

// more skips to the next member, or past the end of an object or array.
func (r *reader) more(end byte) bool {
	r.skip(" \t\r\n,")
	if r.b[r.at] == end {
		r.at++
		return false
	}
	return true
}

func (r *reader) skip(any string) {
	for r.at < len(r.b) && bytes.IndexByte([]byte(any), r.b[r.at]) >= 0 {
		r.at++
	}
}

// skipNested skips an array or object with all that is in it.
func (r *reader) skipNested() {
	for open := 0; ; {
		switch r.b[r.at] {
		case '"':
			r.skipText()
			continue
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		if r.at++; open == 0 {
			return
		}
	}
}

func (r *reader) skipText() {
	for r.at++; r.b[r.at] != '"'; r.at++ {
		if r.b[r.at] == '\\' {
			r.at++
		}
	}
	r.at++
}

func (r *reader) text() (s string, refusal *Refusal) {
	start := r.at
	r.skipText()
	raw := r.b[start:r.at]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	if loneSurrogate(raw) {
		return "", refuse(MalformedToken, "a string holds half of a surrogate pair")
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", refuse(MalformedToken, "a string cannot be read: %v", err)
	}
	return s, nil
}

// loneSurrogate reports whether a \u escape is half of a pair.
func loneSurrogate(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		first := codeUnit(b[i:])
		if first < 0 {
			i++ // a two-byte escape, perhaps of the backslash itself
			continue
		}
		i += 5
		if utf16.IsSurrogate(first) {
			if utf16.DecodeRune(first, codeUnit(b[i+1:])) == utf8.RuneError {
				return true
			}
			i += 6
		}
	}
	return false
}

// codeUnit returns that of a \uXXXX escape at the start of b, or -1.
func codeUnit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
