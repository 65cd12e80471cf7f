package spec

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

func TestParseForm(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want []Pair
	}{
		"nothing":                                      {"", nil},
		"empty sequences are skipped":                  {"&&", nil},
		"plus is a space, SUB-parse-urlencoded":        {"match=a+b&&match=c=d", []Pair{{"match", "a b"}, {"match", "c=d"}}},
		"a semicolon is data, SUB-parse-semicolon":     {"match=a;b", []Pair{{"match", "a;b"}}},
		"a stray percent, SUB-parse-stray-percent":     {"match=100%&a=%4&b=%zz&c=%%41", []Pair{{"match", "100%"}, {"a", "%4"}, {"b", "%zz"}, {"c", "%A"}}},
		"names are decoded, SUB-parse-decoded-names":   {"m%61tch=T&%6Datch_foo=T", []Pair{{"match", "T"}, {"match_foo", "T"}}},
		"no equals sign, SUB-parse-no-value":           {"match&private", []Pair{{"match", ""}, {"private", ""}}},
		"no name":                                      {"=x", []Pair{{"", "x"}}},
		"an encoded plus":                              {"a=%2B%20+", []Pair{{"a", "+  "}}},
		"encoded separators are data":                  {"a%3Db=%26%3d", []Pair{{"a=b", "&="}}},
		"ill-formed UTF-8 is kept, SUB-value-utf8-400": {"a=%C3%28&b=\xff", []Pair{{"a", "\xc3("}, {"b", "\xff"}}},
		"a raw NUL and line break are kept":            {"a=%00%0A\r", []Pair{{"a", "\x00\n\r"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := ParseForm(test.raw); !slices.Equal(got, test.want) {
				t.Errorf("ParseForm(%q) = %q, want %q", test.raw, got, test.want)
			}
			if got := ParseForm([]byte(test.raw)); !slices.Equal(got, test.want) {
				t.Errorf("ParseForm of the bytes %q = %q, want %q", test.raw, got, test.want)
			}
		})
	}
}

// net/url refuses semicolons and stray percent signs; of everything else it
// must say the same, and what it writes must come back.
func FuzzParseForm(f *testing.F) {
	f.Add("a=b&c=d+e%20f")
	f.Add("&&=&a&=b;c%")
	f.Fuzz(func(t *testing.T, raw string) {
		pairs := ParseForm(raw)
		values := url.Values{}
		for _, p := range pairs {
			values.Add(p.Name, p.Value)
		}
		if want, err := url.ParseQuery(raw); err == nil && values.Encode() != want.Encode() {
			t.Errorf("ParseForm(%q) = %q, net/url says %q", raw, pairs, want)
		}
		again := url.Values{}
		for _, p := range ParseForm(values.Encode()) {
			again.Add(p.Name, p.Value)
		}
		if again.Encode() != values.Encode() {
			t.Errorf("%q came back as %q", values, again)
		}
	})
}

func BenchmarkParseForm(b *testing.B) {
	raw := "topic=https%3A%2F%2Fexample.com%2Fbooks%2F1&data=" + strings.Repeat("%7B%22a%22%3A1%7D+", 20) + "&private=on"
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		ParseForm(raw)
	}
}

// A publisher's few bytes stay in the history and a subscriber's in the index:
// a megabyte of unknown fields beside them must not stay, too (LIMIT-publish-body).
func TestParseFormSharesNoMemory(t *testing.T) {
	raw := []byte("topic=https://e.x/1&data=plain&private&t%6Fpic=a+b")
	start := uintptr(unsafe.Pointer(unsafe.SliceData(raw)))
	for _, pair := range ParseForm(raw) {
		for _, s := range []string{pair.Name, pair.Value} {
			if at := uintptr(unsafe.Pointer(unsafe.StringData(s))); s != "" && at-start < uintptr(len(raw)) {
				t.Errorf("%q lies in the form it was parsed from and keeps all of it", s)
			}
		}
	}
}
