package main

// standardPatterns are written from the URL Pattern standard, component by
// component. RUN is in lower case in the end, and may begin with a digit.
var standardPatterns = []patternRow{
	// protocol
	{"https://RUN.example/a", []string{"https://RUN.example/a"}, []string{"http://RUN.example/a", "wss://RUN.example/a"}},
	{"http{s}?://RUN.example/*", []string{"http://RUN.example/a", "https://RUN.example/a"}, []string{"ws://RUN.example/a"}},
	{"*://RUN.example/a", []string{"https://RUN.example/a", "wss://RUN.example/a", "foo://RUN.example/a"}, []string{"https://RUN.example/b"}},
	{"(http|ws)://RUN.example/", []string{"http://RUN.example/", "ws://RUN.example"}, []string{"https://RUN.example/"}},
	{"xRUN://host/:id", []string{"xRUN://host/1", "xRUN://host/1/2"}, []string{"xRUN://other/1", "xRUN://host/"}}, // paths have segments only where the scheme is special
	{`urn\:RUN\:*`, []string{"urn:RUN:1", "urn:RUN:"}, []string{"urn:RUN", "urx:RUN:1", "https://e.x/urn:RUN:1"}},
	{`data\:RUN,*`, []string{"data:RUN,x"}, []string{"data:x,RUN"}},

	// user name, password and host
	{"https://RUN.example/u", []string{"https://user:pw@RUN.example/u", "https://user@RUN.example/u"}, []string{"https://user:pw@e.example/RUN.example/u"}},
	{"https://me@RUN.example/u", []string{"https://me@RUN.example/u"}, []string{"https://RUN.example/u", "https://you@RUN.example/u"}},
	{"https://RUN.EXAMPLE/a", []string{"https://RUN.example/a", "https://RUN.Example/a"}, []string{"https://RUN.example./a"}},
	{"https://*.RUN.example/a", []string{"https://b.RUN.example/a", "https://c.b.RUN.example/a"}, []string{"https://RUN.example/a", "https://bRUN.example/a"}},
	{"https://:sub.RUN.example/a", []string{"https://b.RUN.example/a"}, []string{"https://c.b.RUN.example/a", "https://RUN.example/a"}},
	{"https://{:sub.}?RUN.example/a", []string{"https://RUN.example/a", "https://b.RUN.example/a"}, []string{"https://c.b.RUN.example/a"}},
	{"https://(a|b).RUN.example/", []string{"https://a.RUN.example/", "https://b.RUN.example/"}, []string{"https://c.RUN.example/", "https://ab.RUN.example/"}},
	{"https://é.RUN.example/", []string{"https://xn--9ca.RUN.example/", "https://É.RUN.example/"}, []string{"https://e.RUN.example/"}},
	{"https://127.0.0.1/RUN", []string{"https://127.0.0.1/RUN", "https://0x7f.1/RUN"}, []string{"https://127.0.0.2/RUN"}},
	{`https://[\:\:1]/RUN`, []string{"https://[::1]/RUN", "https://[0:0:0:0:0:0:0:1]/RUN"}, []string{"https://[::2]/RUN"}},

	// port
	{"https://RUN.example:8443/*", []string{"https://RUN.example:8443/a", "https://RUN.example:08443/a"}, []string{"https://RUN.example/a", "https://RUN.example:8444/a"}},
	{"https://RUN.example:443/a", []string{"https://RUN.example/a", "https://RUN.example:443/a"}, []string{"https://RUN.example:4430/a"}},
	{"https://RUN.example:*/a", []string{"https://RUN.example/a", "https://RUN.example:8443/a"}, nil},
	{`https://RUN.example:(8\d+)/a`, []string{"https://RUN.example:80/a", "https://RUN.example:8443/a"}, []string{"https://RUN.example:9000/a", "https://RUN.example/a"}},

	// path
	{"https://e.x/RUN/a.b", []string{"https://e.x/RUN/a.b"}, []string{"https://e.x/RUN/a-b", "https://e.x/RUN/a.bc", "https://e.x/x/RUN/a.b"}},
	{"https://e.x/RUN/a/../b", []string{"https://e.x/RUN/b", "https://e.x/RUN/a/../b"}, []string{"https://e.x/RUN/a/b"}},
	{"https://e.x/RUN/books/*", []string{"https://e.x/RUN/books/1", "https://e.x/RUN/books/", "https://e.x/RUN/books/1/2/3"}, []string{"https://e.x/RUN/books"}},
	{"https://e.x/RUN/*/c", []string{"https://e.x/RUN/a/c", "https://e.x/RUN/a/b/c", "https://e.x/RUN//c"}, []string{"https://e.x/RUN/c"}},
	{"https://e.x/RUN//a", []string{"https://e.x/RUN//a"}, []string{"https://e.x/RUN/a"}},
	{"https://e.x/RUN/:name.json", []string{"https://e.x/RUN/a.json", "https://e.x/RUN/a.b.json"}, []string{"https://e.x/RUN/a.jsonx", "https://e.x/RUN/.json", "https://e.x/RUN/a/b.json"}},
	{"https://e.x/RUN/:y-:m", []string{"https://e.x/RUN/2026-11"}, []string{"https://e.x/RUN/2026", "https://e.x/RUN/2026-", "https://e.x/RUN/2026-11/x"}},
	{"https://e.x/RUN/:a:b", []string{"https://e.x/RUN/12"}, []string{"https://e.x/RUN/1"}},
	{"https://e.x/RUN/{:a}b", []string{"https://e.x/RUN/1b"}, []string{"https://e.x/RUN/1", "https://e.x/RUN/b"}},
	{"https://e.x/RUN/:café", []string{"https://e.x/RUN/1"}, []string{"https://e.x/RUN/", "https://e.x/RUN/1/2"}},
	{"https://e.x/RUN/**", []string{"https://e.x/RUN", "https://e.x/RUN/a", "https://e.x/RUN/a/b"}, []string{"https://e.x/xRUN/a"}}, // the second is a modifier

	// regular expressions and modifiers
	{`https://e.x/RUN/:id(\d+)`, []string{"https://e.x/RUN/12"}, []string{"https://e.x/RUN/a", "https://e.x/RUN/12a", "https://e.x/RUN/"}},
	{"https://e.x/RUN/x(a|b)y", []string{"https://e.x/RUN/xay", "https://e.x/RUN/xby"}, []string{"https://e.x/RUN/xa", "https://e.x/RUN/by", "https://e.x/RUN/xaby"}},
	{"https://e.x/RUN/(.*)/z", []string{"https://e.x/RUN/a/b/z"}, []string{"https://e.x/RUN/z"}},
	{`https://e.x/RUN/n/(\d+)?`, []string{"https://e.x/RUN/n", "https://e.x/RUN/n/5"}, []string{"https://e.x/RUN/n/", "https://e.x/RUN/n/a", "https://e.x/RUN/n/5/5"}},
	{`https://e.x/RUN/n/(\d+)+`, []string{"https://e.x/RUN/n/5", "https://e.x/RUN/n/5/6"}, []string{"https://e.x/RUN/n", "https://e.x/RUN/n/5/a"}},
	{"https://e.x/RUN/items/:tail?", []string{"https://e.x/RUN/items", "https://e.x/RUN/items/1"}, []string{"https://e.x/RUN/items/", "https://e.x/RUN/items/1/2"}},
	{"https://e.x/RUN/:p+/z", []string{"https://e.x/RUN/a/z", "https://e.x/RUN/a/b/z"}, []string{"https://e.x/RUN/z"}},
	{"https://e.x/RUN{/:p}*/z", []string{"https://e.x/RUN/z", "https://e.x/RUN/a/b/z"}, []string{"https://e.x/RUN//z"}},
	{"https://e.x/RUN/{ab}+", []string{"https://e.x/RUN/ab", "https://e.x/RUN/abab"}, []string{"https://e.x/RUN/a", "https://e.x/RUN/aba"}},
	{"https://e.x/RUN/{a}{b}?/c", []string{"https://e.x/RUN/a/c", "https://e.x/RUN/ab/c"}, []string{"https://e.x/RUN/b/c"}},

	// escapes and percent-encoding
	{`https://e.x/RUN/a\*b\:c\(d\)\{e\}`, []string{"https://e.x/RUN/a*b:c(d)%7Be%7D", "https://e.x/RUN/a*b:c(d){e}"}, []string{"https://e.x/RUN/axb:c(d){e}"}},
	{`https://e.x/RUN/a\?x=1`, []string{"https://e.x/RUN/a?x=1"}, []string{"https://e.x/RUN/a", "https://e.x/RUN/a%3Fx=1"}},
	{"https://e.x/RUN/é b", []string{"https://e.x/RUN/é b", "https://e.x/RUN/%C3%A9%20b"}, []string{"https://e.x/RUN/%c3%a9%20b"}},
	{"https://e.x/RUN/%41", []string{"https://e.x/RUN/%41"}, []string{"https://e.x/RUN/A"}},
	{"https://e.x/RUN/t", []string{`https:\\e.x\RUN\t`, "https://e.x/RUN/./x/../t", "https://e.x/%2e/RUN/t", " https://e.x/RUN/t "}, []string{"https://e.x/RUN/%74", "https://e.x/RUN/T"}},

	// search
	{"https://e.x/RUN/a?x=1", []string{"https://e.x/RUN/a?x=1", "https://e.x/RUN/a?x=1#f"}, []string{"https://e.x/RUN/a", "https://e.x/RUN/a?x=1&y=2", "https://e.x/RUN/?x=1"}},
	{"https://e.x/RUN/a?a=1&b=2", []string{"https://e.x/RUN/a?a=1&b=2"}, []string{"https://e.x/RUN/a?b=2&a=1"}},
	{"https://e.x/RUN/a?q=:v", []string{"https://e.x/RUN/a?q=1", "https://e.x/RUN/a?q=1/2"}, []string{"https://e.x/RUN/a?q=", "https://e.x/RUN/a?r=1"}},
	{"https://e.x/RUN/a?*", []string{"https://e.x/RUN/a", "https://e.x/RUN/a?x"}, []string{"https://e.x/RUN/b?x"}},
	{`https://e.x/RUN/*\?x=1`, []string{"https://e.x/RUN/b?x=1", "https://e.x/RUN/b/c?x=1"}, []string{"https://e.x/RUN/b"}},
	{"https://e.x/RUN/a?", []string{"https://e.x/RUN/a", "https://e.x/RUN/a?", "https://e.x/RUN/a#f"}, []string{"https://e.x/RUN/a?x"}},

	// hash
	{"https://e.x/RUN/a#f", []string{"https://e.x/RUN/a#f"}, []string{"https://e.x/RUN/a", "https://e.x/RUN/a#g", "https://e.x/RUN/a?x#f"}},
	{"https://e.x/RUN/a#:id", []string{"https://e.x/RUN/a#f", "https://e.x/RUN/a#f/g"}, []string{"https://e.x/RUN/a", "https://e.x/RUN/a#"}},
	{"https://e.x/RUN/a?*#*", []string{"https://e.x/RUN/a", "https://e.x/RUN/a?x#y"}, []string{"https://e.x/RUN/b#y"}},

	// relative
	{"/RUN/:id", []string{"/RUN/1", "/x/../RUN/1", "/RUN/1?x"}, []string{"/RUN", "RUN/1", "https://e.x/RUN/1", "//e.x/RUN/1"}},
	{"RUN/:id", []string{"RUN/1", "./RUN/1"}, []string{"/RUN/1", "RUN/1/2"}},
	{"../RUN/:id", []string{"../RUN/1", "/RUN/1"}, []string{"RUN/1"}},
	{"/RUN/a?x#f", []string{"/RUN/a?x#f"}, []string{"/RUN/a?x", "/RUN/a#f"}},
}
