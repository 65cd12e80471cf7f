package spec

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A vector is one case of a file in testdata/vectors. The files share a format:
//
//	# a comment
//	[name of the case]
//	key value to the end of the line
//	key "a Go string, where the value has spaces at its ends or escapes"
//
// Keys may repeat; their order is kept. A key alone has the empty value.
type vector struct {
	name   string
	fields []Pair
}

func (v vector) all(key string) []string {
	var values []string
	for _, f := range v.fields {
		if f.Name == key {
			values = append(values, f.Value)
		}
	}
	return values
}

// get returns the first value of key, "" without one.
func (v vector) get(key string) string {
	for _, value := range v.all(key) {
		return value
	}
	return ""
}

// readVectors reads a file and refuses keys other than the known ones, so that
// a misspelt expectation is not a passing test.
func readVectors(t testing.TB, file string, known ...string) []vector {
	t.Helper()
	path := filepath.Join("testdata", "vectors", file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			vectors = append(vectors, vector{name: strings.TrimSuffix(name, "]")})
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		value = strings.TrimLeft(value, " ")
		if strings.HasPrefix(value, `"`) {
			if value, err = strconv.Unquote(value); err != nil {
				t.Fatalf("%s:%d: %v", path, i+1, err)
			}
		}
		if len(vectors) == 0 || !slices.Contains(known, key) {
			t.Fatalf("%s:%d: key %q is not one of %q, or has no case above it", path, i+1, key, known)
		}
		v := &vectors[len(vectors)-1]
		v.fields = append(v.fields, Pair{key, value})
	}
	if len(vectors) == 0 {
		t.Fatalf("%s holds no case", path)
	}
	return vectors
}
