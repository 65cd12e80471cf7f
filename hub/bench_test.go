package hub_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cinnabar/hub/hubtest"
	"cinnabar/spec"

	"github.com/gorilla/mux"
)

// An answer is a ResponseWriter that costs nothing. Its status is 0 for 200.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkPublish is what the hub adds to a publish, without net/http's
// connection and with a history in memory; bare is a router and a form parser
// that add nothing, the least there could be.
func BenchmarkPublish(b *testing.B) {
	h := hubtest.Start(b)
	bare := mux.NewRouter()
	bare.Path(spec.WellKnownPath).Methods(http.MethodPost).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || len(r.PostForm["topic"]) == 0 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "urn:uuid:00000000-0000-0000-0000-000000000000")
	})
	form := url.Values{"topic": {"https://example.com/load"}, "data": {strings.Repeat("x", 420)}}.Encode()
	request := publishRequest(h, strings.NewReader(form))
	for name, handler := range map[string]http.Handler{"hub": h.Hub, "bare": bare} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			w := &answer{header: make(http.Header)}
			for b.Loop() {
				r := *request
				r.Body = io.NopCloser(strings.NewReader(form))
				clear(w.header)
				handler.ServeHTTP(w, &r)
				if w.status != 0 {
					b.Fatalf("status %d", w.status)
				}
			}
		})
	}
}
