package clients

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

// TestCookies gives a browser the cookies of both generations, as a site does
// that is served by old and new back ends. A page of another origin reads
// private updates with them, and only those each token grants.
func TestCookies(t *testing.T) {
	need(t, node, packages, chromium)
	t.Parallel()
	page := httptest.NewServer(http.FileServer(http.Dir(".")))
	t.Cleanup(page.Close)
	h := newHub(t, "--cors-origins", page.URL, "--resource-identifier", resourceIdentifier, "--trusted-issuers", issuer)

	f := startFollower(t, "browser.js", page.URL+"/follow.html",
		h.url()+"?"+url.Values{"topic": {"https://example.com/books/{id}"}}.Encode(),
		h.url()+"?"+url.Values{"match_urlpattern": {"https://example.com/books/:id"}}.Encode(),
		"--cookie", "mercureAuthorization="+token(t, claims{Subscribe: []string{book}}),
		"--cookie", "__Secure-mercure_access_token="+accessToken(t, otherBook))
	each := func(want string, done func([]happening) bool) {
		f.await(t, 0, "AUTH-0x-cookie-name, CORS-allow-credentials: "+want, done)
		f.await(t, 1, "AUTH-cookie-used, CORS-allow-credentials: "+want, done)
	}
	each("want a stream, which needs a token here", func(log []happening) bool { return count(log, "open") == 1 })
	private := func(topic, data string) event {
		return event{ID: h.publish(url.Values{"topic": {topic}, "data": {data}, "private": {"on"}}), Type: "message", Data: data}
	}
	old := private(book, "for the 0.x token")
	current := private(otherBook, "for the 1.0 token")
	end := event{ID: h.publish(url.Values{"topic": {book}, "data": {"for everybody"}}), Type: "message", Data: "for everybody"}

	ended := func(log []happening) bool { return slices.Contains(events(log), end) }
	each("want the public update", ended)
	for stream, want := range [][]event{{old, end}, {current, end}} {
		log, _ := f.of(stream)
		if got := events(log); !slices.Equal(got, want) {
			t.Errorf("REPLAY-private-withheld, SUB-routing-never-grants: stream %d got %+v, want %+v", stream, got, want)
		}
	}
}
