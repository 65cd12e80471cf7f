package main

import (
	"fmt"
	"net/url"
)

// subscribeValueCases: values that no matcher may have.
var subscribeValueCases = []Case{
	{
		ID:    "SUB-value-utf8-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, raw := range []string{
				"%FF", "a%C3%28", "%E2%82", // bytes that begin nothing, or what does not go on
				"%C0%AF", "%ED%A0%80", "%F4%90%80%80", // overlong, a surrogate, beyond Unicode
			} {
				t.refusedMatchers(raw)
			}
			t.WantStatus("a matcher in UTF-8", t.Do(Request{Query: "match=%EF%BF%BD"}), 200)
		},
	},
	{
		ID:    "SUB-value-c0-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for c := range rune(0x20) {
				t.refusedMatchers("a" + url.QueryEscape(string(c)) + "b")
			}
			t.refusedMatchers("%0A")
			t.WantStatus("a matcher with a space", t.Do(Request{Query: "match=a%20b"}), 200)
		},
	},
	{
		ID:    "SUB-value-del-c1-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for c := rune(0x7f); c <= 0x9f; c++ {
				t.refusedMatchers("a" + url.QueryEscape(string(c)))
			}
			t.WantStatus("a matcher with U+00A0", t.Do(Request{Query: "match=a%C2%A0b"}), 200)
		},
	},
	{
		ID:    "SUB-value-cf-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, c := range []rune{
				0xad, 0x600, 0x61c, 0x6dd, 0x70f, 0x180e, 0x200b, 0x200d, 0x200e, 0x202a, 0x202e, 0x2060, 0x2064, 0x2066, 0x206f,
				0xfeff, 0xfff9, 0xfffb, 0x110bd, 0x1bca0, 0x1d173, 0xe0001, 0xe0020, 0xe007f,
			} {
				t.refusedMatchers("a" + url.QueryEscape(string(c)) + "b")
			}
			for _, c := range []rune{0x2010, 0x2028, 0x2065, 0x3000} { // a hyphen, a separator, unassigned, a space
				t.WantStatus(fmt.Sprintf("a matcher with %U, which is not Cf", c), t.Do(Request{Query: "match=a" + url.QueryEscape(string(c))}), 200)
			}
		},
	},
	{
		ID:    "SUB-value-bad-pattern-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, tail := range []string{"(", ":a/:a", "()", "{a", "a}", "{{a}}", `\`, ":1", "(a(b))", "(?:a)", "(*)", "([a)", "+", ":a{b/}..:a"} {
				t.refusedSubscribe(Form("match_urlpattern", "https://e.x/"+tail))
				t.refusedSubscribe(Form("match", t.Topic("a"), "match_urlpattern", "https://e.x/"+tail))
			}
			t.WantStatus("a right pattern", t.Do(Request{Query: Form("match_urlpattern", "https://e.x/:a/:b")}), 200)
		},
	},
}

// refusedMatchers asserts that no type of matcher may have a value, given as it
// is written on the wire, not even beside a right one.
func (t *T) refusedMatchers(raw string) {
	t.refusedSubscribe("match=" + raw)
	t.refusedSubscribe("match_exact=" + t.Topic("a") + "&match_exact=" + raw)
	t.refusedSubscribe("match_urlpattern=https://e.x/" + raw)
}
