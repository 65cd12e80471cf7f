package load

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

func TestPublishers(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data := r.PostFormValue("data")
		if r.URL.Path != "/hub" || r.Header.Get("Authorization") != "Bearer T" || r.PostFormValue("topic") != "t/1" || data == "refuse me" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		seen[data] = true
		fmt.Fprint(w, "urn:", data)
	}))
	defer server.Close()
	hub, err := url.Parse(server.URL + "/hub")
	if err != nil {
		t.Fatal(err)
	}
	all, err := Connect(t.Context(), hub, nil, "T", 3)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	publishes, err := all.Run(t.Context(), func(p *Publisher, i, n int) (bool, error) {
		data := fmt.Sprintf("%d & %d", i, n)
		id, err := p.Publish(Form("t/1", data))
		if err == nil && string(id) != "urn:"+data {
			err = fmt.Errorf("%q is answered with %q", data, id)
		}
		return n < 9, err
	})
	if err != nil || publishes != 30 || len(seen) != 30 {
		t.Errorf("%d publishes, %d of them seen, error %v; want 30 and none", publishes, len(seen), err)
	}

	refused := errors.New("")
	_, err = all.Run(t.Context(), func(p *Publisher, i, _ int) (bool, error) {
		if i == 1 {
			_, refused = p.Publish(Form("t/1", "refuse me"))
			return true, refused
		}
		return true, nil
	})
	if !errors.Is(err, refused) || !strings.Contains(err.Error(), "403") {
		t.Errorf("a refusal ends the run with %v", err)
	}
}
