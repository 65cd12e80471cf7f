package load

import (
	"errors"
	"testing"
)

func TestChunks(t *testing.T) {
	for name, c := range map[string]struct {
		body, want string
		ended      bool
		err        error
	}{
		"two chunks":            {"3\r\nabc\r\n10\r\n0123456789abcdef\r\n", "abc0123456789abcdef", false, nil},
		"the end":               {"1\r\na\r\n0\r\n\r\n", "a", true, nil},
		"extension and trailer": {"A;x=\"1\"\r\n0123456789\r\n0\r\nX: 1\r\n\r\n", "0123456789", true, nil},
		"no size":               {"x\r\na\r\n", "", false, errFraming},
		"a chunk too long":      {"1\r\nab\r\n", "a", false, errFraming},
		"an endless size":       {"fffffffffffffffff\r\n", "", false, errFraming},
		"more after the end":    {"0\r\n\r\nx", "", true, errFraming},
	} {
		for _, size := range []int{1, 2, 5, 1000} {
			var c2 chunks
			var got []byte
			var err error
			for rest := []byte(c.body); len(rest) > 0 && err == nil; {
				piece := rest[:min(size, len(rest))]
				rest = rest[len(piece):]
				for len(piece) > 0 && err == nil {
					var content []byte
					content, piece, err = c2.next(piece)
					got = append(got, content...)
				}
			}
			if string(got) != c.want || c2.ended() != c.ended || !errors.Is(err, c.err) {
				t.Errorf("%s, in pieces of %d: %q, ended %v, %v; want %q, %v, %v", name, size, got, c2.ended(), err, c.want, c.ended, c.err)
			}
		}
	}
}
