package spec

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// A reach is a set of places in a text: 0 is before its first byte, its length
// after its last. A part of a selector takes the places it may begin at to
// those it may end at. So all ways to read the text are followed at once, and
// no selector makes anybody pay for going back: a part takes one pass over the
// text.
type reach []uint64

// A reachRoom keeps the sets for texts of ordinary length on the stack.
type reachRoom [4]uint64

// over returns an empty set of places in text.
func (r *reachRoom) over(text string) reach {
	if n := len(text)/64 + 1; n > len(r) {
		return make(reach, n)
	} else {
		return r[:n]
	}
}

func (r reach) has(i int) bool { return r[i>>6]>>(i&63)&1 != 0 }

func (r reach) add(i int) { r[i>>6] |= 1 << (i & 63) }

func (r reach) union(s reach) {
	for i, word := range s {
		r[i] |= word
	}
}

// first returns the smallest place in r, or one beyond all of them.
func (r reach) first() int {
	for i, word := range r {
		if word != 0 {
			return i<<6 + bits.TrailingZeros64(word)
		}
	}
	return len(r) << 6
}

func (r reach) empty() bool {
	for _, word := range r {
		if word != 0 {
			return false
		}
	}
	return true
}

// fill adds all places from i to the end of a text of length n.
func (r reach) fill(i, n int) {
	for ; i <= n; i++ {
		r.add(i)
	}
}

// addLiteral adds where literal ends if it begins at a place in from.
func (r reach) addLiteral(from reach, text, literal string) {
	for i, word := range from {
		for ; word != 0; word &= word - 1 {
			at := i<<6 + bits.TrailingZeros64(word)
			if at <= len(text) && strings.HasPrefix(text[at:], literal) {
				r.add(at + len(literal))
			}
		}
	}
}

// addEncoded is addLiteral for a literal of a template, which may have
// characters outside ASCII: the topic holds them percent-encoded, in capitals
// or not, or as they are. No place has two ways to read it.
func (r reach) addEncoded(from reach, text, literal string) {
	if asciiLength(literal) == len(literal) {
		r.addLiteral(from, text, literal)
		return
	}
	for i, word := range from {
		for ; word != 0; word &= word - 1 {
			at := i<<6 + bits.TrailingZeros64(word)
			if end := encodedEnd(text, at, literal); end >= 0 {
				r.add(end)
			}
		}
	}
}

// encodedEnd returns where literal ends that begins at a place, -1 if it does
// not begin there.
func encodedEnd(text string, at int, literal string) int {
	for literal != "" {
		_, size := utf8.DecodeRuneInString(literal)
		character := literal[:size]
		literal = literal[size:]
		if strings.HasPrefix(text[at:], character) {
			at += size
			continue
		}
		if character[0] < utf8.RuneSelf {
			return -1
		}
		for _, octet := range []byte(character) {
			if got, ok := triplet(text[at:]); !ok || got != octet {
				return -1
			}
			at += 3
		}
	}
	return at
}

// Sets of characters that values of templates expand to, beside triplets.
type charset uint8

const (
	unreserved charset = 1 << iota
	reserved
	comma
	slash
)

// charsets tells the sets a byte is in.
var charsets = func() (table [256]charset) {
	for c := range len(table) {
		if isUnreserved(byte(c)) {
			table[c] |= unreserved
		}
	}
	for _, c := range []byte(":/?#[]@!$&'()*+,;=") {
		table[c] |= reserved
	}
	table[','] |= comma
	table['/'] |= slash
	return table
}()

// extend adds where a value of any length ends that begins at a place in r.
func (r reach) extend(text string, set charset) {
	for i := r.first(); i < len(text); i++ {
		if !r.has(i) {
			continue
		}
		if charsets[text[i]]&set != 0 {
			r.add(i + 1)
		} else if _, ok := triplet(text[i:]); ok {
			r.add(i + 3)
		}
	}
}

// addPrefixes adds where the first characters of a value end, between least
// (0 or 1) and most of them, if they begin at a place in from. A character
// counts once however many octets encode it, and so does a triplet that the
// value itself holds.
func (r reach) addPrefixes(from reach, text string, set charset, least, most int) {
	const never = 1 << 15
	var room [256]uint16
	count := room[:] // the fewest characters that end there
	if len(text) >= len(room) {
		count = make([]uint16, len(text)+1)
	}
	for i := range count {
		count[i] = never
	}
	for i := from.first(); i < len(text); i++ {
		n := count[i]
		if from.has(i) {
			n = 0
		}
		if n++; int(n) > most {
			continue
		}
		if charsets[text[i]]&set != 0 {
			count[i+1] = min(count[i+1], n)
			continue
		}
		lead, ok := triplet(text[i:])
		for size := 3; ok; size += 3 {
			count[i+size] = min(count[i+size], n)
			if lead < 0xc0 || size == 12 {
				break
			}
			var tail byte
			tail, ok = triplet(text[i+size:])
			ok = ok && tail&0xc0 == 0x80
		}
	}
	for i := range len(text) + 1 {
		if int(count[i]) <= most || least == 0 && from.has(i) {
			r.add(i)
		}
	}
}

// addPairs adds where name=value pairs with separators between them end, if
// they begin at a place in names, which is used up.
func (r reach) addPairs(names reach, text string, separator byte) {
	var room reachRoom
	values := room.over(text)
	for i := names.first(); i < len(text); i++ {
		name, value := names.has(i), values.has(i)
		if !name && !value {
			continue
		}
		step := 0
		if charsets[text[i]]&unreserved != 0 {
			step = 1
		} else if _, ok := triplet(text[i:]); ok {
			step = 3
		}
		if name && step > 0 {
			names.add(i + step)
		}
		if value && step > 0 {
			values.add(i + step)
		}
		if name && text[i] == '=' {
			values.add(i + 1)
		}
		if value && text[i] == separator {
			names.add(i + 1)
		}
	}
	r.union(values)
}
