package faults

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestMetrics(t *testing.T) {
	page := "# HELP a_total Help.\n# TYPE a_total counter\na_total{x=\"1 2\"} 3\na_total{x=\"b\"} 4\nb 1e3\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, page) }))
	defer server.Close()
	got, err := Metrics(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["a_total"] != 7 || got["b"] != 1000 {
		t.Errorf("read %v, want a_total 7 and b 1000", got)
	}
	page = "a_total three\n"
	if got, err := Metrics(t.Context(), server.URL); err == nil {
		t.Errorf("read %v from a page that is none", got)
	}
}
