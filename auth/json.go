package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a token's JSON. Details need 5 levels; the
// rest is for payloads.
const maxDepth = 32

// An object keeps names exactly as written: decoding into a struct would fold
// their case and take "EXP" for exp.
type object map[string]json.RawMessage

// readObject decodes one JSON object, without looking into its members.
func readObject(b []byte) (object, error) {
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("it is not UTF-8")
	}
	if kind := kindOf(b); kind != "an object" {
		return nil, fmt.Errorf("it is %s, not a JSON object", kind)
	}
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	return o, nil
}

// text returns the value of a JSON string. Unmarshal alone would take null
// for "".
func text(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// list returns the members of a JSON array.
func list(raw json.RawMessage) (l []json.RawMessage, ok bool) {
	if len(raw) == 0 || raw[0] != '[' {
		return nil, false
	}
	return l, json.Unmarshal(raw, &l) == nil
}

// texts returns the members of a JSON array of strings.
func texts(raw json.RawMessage) (l []string, ok bool) {
	items, ok := list(raw)
	if !ok {
		return nil, false
	}
	l = make([]string, len(items))
	for i, item := range items {
		if l[i], ok = text(item); !ok {
			return nil, false
		}
	}
	return l, true
}

// kindOf names the type of a JSON value, for refusals.
func kindOf(raw []byte) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "missing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// checkJSON refuses what two parsers could read differently, at any depth:
// names twice in one object (of which encoding/json takes the last, others the
// first) and half a surrogate pair (which it replaces by U+FFFD, so that a
// grant would be on another topic than the issuer wrote). b is known to be
// JSON.
func checkJSON(b []byte) *Refusal {
	if loneSurrogate(b) {
		return refuse(MalformedToken, "a string holds half of a surrogate pair")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // the size of a number nobody asked for is no fault
	return checkValue(d, maxDepth)
}

func checkValue(d *json.Decoder, depth int) *Refusal {
	opening, err := d.Token()
	if err != nil {
		return refuse(MalformedToken, "its JSON cannot be read: %v", err)
	}
	if _, nested := opening.(json.Delim); !nested {
		return nil
	}
	if depth == 0 {
		return refuse(TooDeep, "its JSON is nested deeper than %d levels", maxDepth)
	}
	seen := make(map[json.Token]bool)
	for d.More() {
		if opening == json.Delim('{') {
			name, err := d.Token()
			if err != nil {
				return refuse(MalformedToken, "its JSON cannot be read: %v", err)
			}
			if seen[name] {
				return refuse(DuplicateMember, "the name %s appears twice in one object", quote(name.(string)))
			}
			seen[name] = true
		}
		if r := checkValue(d, depth-1); r != nil {
			return r
		}
	}
	if _, err := d.Token(); err != nil {
		return refuse(MalformedToken, "its JSON cannot be read: %v", err)
	}
	return nil
}

// loneSurrogate reports whether a \u escape of valid JSON is half of a pair.
func loneSurrogate(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		r := escaped(b[i:])
		if r < 0 {
			i++ // a two-byte escape, perhaps of the backslash itself
			continue
		}
		i += 5
		if utf16.IsSurrogate(r) {
			if utf16.DecodeRune(r, escaped(b[i+1:])) == utf8.RuneError {
				return true
			}
			i += 6
		}
	}
	return false
}

// escaped returns the code unit of a \uXXXX escape at the start of b, or -1.
func escaped(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
