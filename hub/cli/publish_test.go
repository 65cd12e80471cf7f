package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPublishMatched: the count is told beside the id, and a hub that does not
// know what it is asked for is no failure.
func TestPublishMatched(t *testing.T) {
	for _, test := range []struct{ answered, want string }{
		{"3", "cinnabar: live subscribers matched: 3\n"},
		{"", "cinnabar: the hub does not say how many live subscribers matched\n"},
	} {
		var asked string
		hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.Header.Get("Prefer")
			if test.answered != "" {
				w.Header().Set("Cinnabar-Matched", test.answered)
			}
			io.WriteString(w, "urn:1")
		}))
		defer hub.Close()
		var out, said strings.Builder
		p := &program{environ: environment{}, stdin: strings.NewReader(""), stdout: &out, stderr: &said}
		if err := p.publish([]string{"--matched", "--key", secret, "--url", hub.URL, "topic", "data"}); err != nil {
			t.Fatal(err)
		}
		if out.String() != "urn:1\n" || said.String() != test.want || asked != "cinnabar-matched" {
			t.Errorf("Prefer: %s, answered %q: printed %q and %q, want %q", asked, test.answered, out.String(), said.String(), test.want)
		}
	}
}
