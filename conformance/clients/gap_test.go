package clients

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

// TestBrowserIsToldOfGaps: native EventSource, which reads no header, is told by
// an event where updates are missing, and only who may have missed some; also
// by a hub that was killed meanwhile.
func TestBrowserIsToldOfGaps(t *testing.T) {
	need(t, node, packages, chromium)
	t.Parallel()
	page := httptest.NewServer(http.FileServer(http.Dir(".")))
	t.Cleanup(page.Close)
	h := newHub(t, "--anonymous", "--cors-origins", page.URL, "--retention-rules", "https://example.com/books/{id} count=2")
	p := startProxy(t, h.addr)
	var urls []string
	for _, query := range []url.Values{
		{"topic": {"https://example.com/books/{id}"}, "gap": {"on"}},
		{"match": {film}, "gap": {"on"}},
	} {
		urls = append(urls, "http://"+p.addr()+hubPath+"?"+query.Encode())
	}
	f := startFollower(t, "browser.js", append([]string{page.URL + "/follow.html"}, urls...)...)
	await := func(what, kind string, n ...int) {
		t.Helper()
		for stream, n := range n {
			f.await(t, stream, what, func(log []happening) bool { return count(log, kind) >= n })
		}
	}
	await("want an open stream", "open", 1, 1)
	publish := func(topic, data string) event {
		return event{ID: h.publish(url.Values{"topic": {topic}, "data": {data}}), Type: "message", Data: data}
	}
	books, films := []event{publish(book, "0")}, []event{publish(film, "a")}
	await("want the first event", "event", 1, 1)

	p.cut()
	await("want the stream lost", "lost", 1, 1)
	for _, data := range []string{"1", "2", "3"} {
		books = append(books, publish(book, data))
	}
	h.kill()
	h.start()
	books = append(books, publish(otherBook, "4"))
	p.heal(h.addr)
	await("want the client back by itself", "open", 2, 2)
	films = append(films, publish(film, "b"))
	await("want what is retained, and the gap before it", "event", 4, 2)

	log, _ := f.of(0)
	got := events(log)
	var gap struct{ From, To, Reason string }
	if err := json.Unmarshal([]byte(got[1].Data), &gap); err != nil || got[1].Type != "cinnabar.gap" ||
		gap.From != books[0].ID || gap.To != books[3].ID || gap.Reason != "trimmed" || got[1].ID != "" && got[1].ID != books[0].ID {
		t.Errorf("the reader of books was told %+v (%v), want of a gap from %s to %s", got[1], err, books[0].ID, books[3].ID)
	}
	if want := slices.Concat(books[:1], got[1:2], books[3:]); !slices.Equal(got, want) {
		t.Errorf("the reader of books got %+v, want %+v", got, want)
	}
	log, _ = f.of(1)
	if got := events(log); !slices.Equal(got, films) {
		t.Errorf("the reader of films, of which nothing is missing, got %+v, want %+v", got, films)
	}
}
