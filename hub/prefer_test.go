package hub

import (
	"net/http"
	"strings"
	"testing"
)

func TestPrefers(t *testing.T) {
	for _, test := range []struct {
		fields string // separated by |
		want   bool
	}{
		{"", false},
		{"cinnabar-matched", true},
		{"Cinnabar-MATCHED", true},
		{"respond-async, wait=10, cinnabar-matched", true},
		{"respond-async|cinnabar-matched", true},
		{"\tcinnabar-matched ; foo=bar", true},
		{`cinnabar-matched=""`, true},
		{"cinnabar-matched =", true},
		{",, ,cinnabar-matched", true},
		{`foo="a;b", cinnabar-matched`, true},
		{`foo="\",", cinnabar-matched`, true},

		{"cinnabar-matched=no", false},
		{"cinnabar-matched-not", false},
		{"foo; cinnabar-matched", false},
		{"foo=cinnabar-matched", false},
		{`foo="a, cinnabar-matched"`, false},
		{`foo="a\", cinnabar-matched"`, false},
		{`foo="a\\", cinnabar-matched`, true},
		{`foo="never closed, cinnabar-matched`, false},
		{`foo="\`, false},
		{"cinnabar-matched=no, cinnabar-matched", false}, // the first counts
		{"cinnabar-matched, cinnabar-matched=no", true},
	} {
		h := make(http.Header)
		for field := range strings.SplitSeq(test.fields, "|") {
			h.Add("Prefer", field)
		}
		if got := prefers(h, preferMatched); got != test.want {
			t.Errorf("Prefer: %s: asks %v, want %v", test.fields, got, test.want)
		}
	}
	if prefers(nil, preferMatched) {
		t.Error("a request without headers asks")
	}
}

// FuzzPrefers: whatever others write around it, a preference in a field of its
// own is seen, and a field that is cut has lost nothing but the separator.
func FuzzPrefers(f *testing.F) {
	f.Add(`a, b="c,\"d"; e`)
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, field string) {
		before, after := cutUnquoted(field, ',')
		if whole := before + "," + after; field != before && field != whole {
			t.Errorf("%q is cut into %q and %q", field, before, after)
		}
		h := http.Header{"Prefer": {field, preferMatched}}
		alone := http.Header{"Prefer": {field}}
		if !strings.Contains(strings.ToLower(field), preferMatched) {
			if !prefers(h, preferMatched) || prefers(alone, preferMatched) {
				t.Errorf("beside %q the preference is not seen, or without it seen", field)
			}
		}
	})
}
