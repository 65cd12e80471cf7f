package spec

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustBase(t testing.TB, url string) *Base {
	t.Helper()
	b, err := ParseBase(url)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReserves(t *testing.T) {
	for _, v := range readVectors(t, "reserved.txt", "base", "reserved", "free") {
		t.Run(v.name, func(t *testing.T) {
			b := mustBase(t, v.get("base"))
			for _, topic := range v.all("reserved") {
				if !b.Reserves(topic) {
					t.Errorf("Reserves(%q) = false; it resolves into the hub's namespace", topic)
				}
			}
			for _, topic := range v.all("free") {
				if b.Reserves(topic) {
					t.Errorf("Reserves(%q) = true; it is not in the hub's namespace", topic)
				}
			}
		})
	}
}

// The short cut may not change an answer.
func TestCannotReachIsExact(t *testing.T) {
	bases := []*Base{mustBase(t, "https://h.example/.well-known/mercure"), mustBase(t, "http://h.example:8/hub")}
	piece := rapid.SampledFrom([]string{
		"mercure", "hub", ".well-known", "/", "\\", "//", "..", ".", "%2e", "%6Dercure", "%", "?", "#", ":", "https:",
		"HTTP:", "foo:", "file:", "e.x", "h.example", "@", ";", " ", "\t", "\n", "\x00", "é", "ｍ", "[", "]", "x", "1", "-", "+",
	})
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SampledFrom(bases).Draw(t, "base")
		topic := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "")
		u, err := b.url.Parse(topic)
		if err != nil {
			return
		}
		path := decodeUnreserved(u.Pathname())
		slow := path == b.path || strings.HasPrefix(path, b.path+"/")
		if got := b.Reserves(topic); got != slow {
			t.Fatalf("Reserves(%q) = %v, but it resolves to the path %q", topic, got, path)
		}
	})
}

func TestParseBase(t *testing.T) {
	for url, path := range map[string]string{
		"https://hub.example/.well-known/mercure": "/.well-known/mercure",
		"http://127.0.0.1:3000/hub":               "/hub",
		"https://HUB.example:443/a/b-c_d~e.f":     "/a/b-c_d~e.f",
		"https://[::1]:8443/.well-known/mercure":  "/.well-known/mercure",
	} {
		b, err := ParseBase(url)
		if err != nil {
			t.Errorf("ParseBase(%q): %v", url, err)
		} else if b.String() != url || b.Path() != path {
			t.Errorf("ParseBase(%q): String %q, Path %q; want the URL as given and %q", url, b.String(), b.Path(), path)
		}
	}
	for name, url := range map[string]string{
		"empty":                "",
		"relative":             "/.well-known/mercure",
		"other scheme":         "ftp://hub.example/x",
		"opaque":               "mailto:x",
		"no path":              "https://hub.example",
		"root path":            "https://hub.example/",
		"trailing slash":       "https://hub.example/hub/",
		"double slash":         "https://hub.example//hub",
		"dot segments":         "https://hub.example/a/../hub",
		"backslash":            `https://hub.example\hub`,
		"one slash":            "https:/hub.example/hub",
		"encoded":              "https://hub.example/%68ub",
		"reserved character":   "https://hub.example/h@b",
		"query":                "https://hub.example/hub?x",
		"empty query":          "https://hub.example/hub?",
		"fragment":             "https://hub.example/hub#x",
		"user":                 "https://user:secret@hub.example/hub",
		"leading space":        " https://hub.example/hub",
		"tab in the host name": "https://hub\t.example/hub",
		"bad host":             "https://[/hub",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := ParseBase(url)
			if err == nil {
				t.Fatalf("ParseBase(%q) = %q, want an error", url, b)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats the password: %v", err)
			}
		})
	}
	if b := UnnamedBase(); b.Path() != WellKnownPath || !b.Reserves("mercure") || b.Reserves("news") {
		t.Error("UnnamedBase does not stand in for a hub at the well-known path")
	}
}

func BenchmarkReserves(b *testing.B) {
	base := mustBase(b, "https://hub.example/.well-known/mercure")
	for name, topic := range map[string]string{
		"plain":  "https://example.com/books/1",
		"parsed": "https://example.com/mercure/1",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				base.Reserves(topic)
			}
		})
	}
}
