package hub

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"

	"cinnabar/auth"
	"cinnabar/spec"
	"cinnabar/store"
)

// headerIdempotencyKey is what a publisher calls an update that it may have to
// send again: it is stored once (draft-ietf-httpapi-idempotency-key-header).
const headerIdempotencyKey = "Idempotency-Key"

// maxKey bounds the bytes of a key.
const maxKey = 255

// keyOf returns the key of a publish, "" for none. The draft makes it a string in
// quotes, what clients send is mostly without: both are the same key.
func keyOf(r *http.Request) (string, error) {
	fields, given := r.Header[headerIdempotencyKey]
	switch {
	case !given:
		return "", nil
	case len(fields) != 1:
		return "", wrongKey("it occurs %d times", len(fields))
	}
	key := fields[0]
	if strings.HasPrefix(key, `"`) {
		var ok bool
		if key, ok = unquote(key); !ok {
			return "", wrongKey("it begins with a quote and is no string of RFC 8941")
		}
	} else if i := strings.IndexFunc(key, notOfKey); i >= 0 {
		return "", wrongKey("it has %q without quotes around it", key[i:i+1])
	}
	if len(key) < 1 || len(key) > maxKey {
		return "", wrongKey("it has %d bytes", len(key))
	}
	return key, nil
}

// notOfKey finds what a key without quotes cannot have. A comma is how proxies
// join two fields of one name (RFC 9110 §5.3).
func notOfKey(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == ',' }

// unquote reads a string of structured fields (RFC 8941 §3.3.3), without
// parameters.
func unquote(s string) (string, bool) {
	rest := s[1:]
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			return b.String(), i == len(rest)-1
		case c == '\\':
			if i++; i == len(rest) || rest[i] != '"' && rest[i] != '\\' {
				return "", false
			}
			b.WriteByte(rest[i])
		case c < ' ' || c > '~':
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

func wrongKey(format string, args ...any) *spec.Fault {
	return &spec.Fault{
		Rule:    "CINNABAR-idempotency-key",
		Field:   headerIdempotencyKey,
		Problem: fmt.Sprintf(format, args...),
		Fix:     fmt.Sprintf("send one key of 1 to %d visible ASCII characters, such as a UUID, with or without quotes around it", maxKey),
	}
}

// onceOf makes of a key what the history remembers. The key is its publisher's:
// another's equal one is another. What is hashed must not change with the
// version, since histories hold it.
func onceOf(by *auth.Grants, key string, u *spec.Update) *store.Once {
	who := by.Identity()
	return &store.Once{Key: hashOf(string(who[:]), key), Content: contentOf(u)}
}

// contentOf hashes every field of an update. One without data and one with empty
// data are the same update.
func contentOf(u *spec.Update) [32]byte {
	private := ""
	if u.Private() {
		private = "on"
	}
	fields := []string{private, u.ID().String(), u.Type().String(), u.Retry(), u.Data()}
	return hashOf(append(fields, u.Topics()...)...)
}

// hashOf hashes parts, each with its length in front, so that no two lists of
// them are the same.
func hashOf(parts ...string) [32]byte {
	h := sha256.New()
	var size [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return [32]byte(h.Sum(nil))
}
