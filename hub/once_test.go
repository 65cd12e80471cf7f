package hub

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"cinnabar/spec"

	"pgregory.net/rapid"
)

func TestKeyOf(t *testing.T) {
	long := strings.Repeat("x", maxKey)
	for given, want := range map[string]string{
		"a":              "a",
		`"a"`:            "a",
		"a:b/c=;d\\{}~":  "a:b/c=;d\\{}~",
		`"a b, c"`:       "a b, c",
		`"a\"b\\c"`:      `a"b\c`,
		long:             long,
		`"` + long + `"`: long,

		"":                "",
		`""`:              "",
		`"`:               "",
		`"a`:              "",
		`"a"b`:            "",
		`"a" `:            "",
		`"a";p=1`:         "",
		`"a\b"`:           "",
		`"a\`:             "",
		`"a\"`:            "",
		"\"a\tb\"":        "",
		`"é"`:             "",
		"a b":             "",
		"a,b":             "",
		`a"b`:             "",
		"a\x7f":           "",
		"é":               "",
		"\xff":            "",
		long + "x":        "",
		`"` + long + `x"`: "",
	} {
		got, err := keyOf(&http.Request{Header: http.Header{headerIdempotencyKey: {given}}})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.40q is the key %.40q, error %v; want %.40q", given, got, err, want)
		}
		if fault, ok := err.(*spec.Fault); err != nil && (!ok || fault.Rule == "" || fault.Fix == "" || fault.Field != headerIdempotencyKey) {
			t.Errorf("%.40q is refused with %#v", given, err)
		}
	}
	if got, err := keyOf(&http.Request{Header: http.Header{}}); got != "" || err != nil {
		t.Errorf("without the header: the key %q, error %v", got, err)
	}
}

// TestQuotedKeys: what the draft's syntax can say is read as it was meant, and
// without quotes a key is what it looks like.
func TestQuotedKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[ -~]{1,255}`).Draw(t, "key")
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`
		got, err := keyOf(&http.Request{Header: http.Header{headerIdempotencyKey: {quoted}}})
		if err != nil || got != key {
			t.Fatalf("%s is the key %q, error %v", quoted, got, err)
		}
		got, err = keyOf(&http.Request{Header: http.Header{headerIdempotencyKey: {key}}})
		if err == nil && got != key && !strings.HasPrefix(key, `"`) {
			t.Fatalf("%s is the key %q", key, got)
		}
	})
}

// TestContent: whatever field is another, the content is.
func TestContent(t *testing.T) {
	var contents []string
	for _, f := range []spec.Fields{
		{Topics: []string{"a"}},
		{Topics: []string{"b"}},
		{Topics: []string{"a", "b"}},
		{Topics: []string{"b", "a"}},
		{Topics: []string{"a", "a"}},
		{Topics: []string{"ab"}},
		{Topics: []string{"a"}, Private: true},
		{Topics: []string{"a"}, Data: "1"},
		{Topics: []string{"a"}, ID: "1"},
		{Topics: []string{"a"}, Type: "1"},
		{Topics: []string{"a"}, Retry: "1"},
		{Topics: []string{"a"}, Retry: "01"},
		{Topics: []string{"a"}, Data: "1", ID: "1"},
		{Topics: []string{"a"}, Data: "on"},
	} {
		u, err := spec.NewUpdate(f, spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
		if err != nil {
			t.Fatal(err)
		}
		content := contentOf(u)
		if again := contentOf(u); again != content {
			t.Errorf("%+v has two contents", f)
		}
		contents = append(contents, fmt.Sprintf("%+v", f), hex.EncodeToString(content[:]))
	}
	for i := 1; i < len(contents); i += 2 {
		for j := 1; j < i; j += 2 {
			if contents[i] == contents[j] {
				t.Errorf("%s and %s have one content", contents[j-1], contents[i-1])
			}
		}
	}
	// Histories hold it: it must not change with the version.
	if want := "411bbc9684409a9c39784f8395bfc0ff3aa753d9c4854b347ebaedc2ca63aced"; contents[1] != want {
		t.Errorf("the content of the first is %s, and was %s", contents[1], want)
	}
}
