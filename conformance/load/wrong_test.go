package load

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	turn     = 50 * time.Millisecond
	patience = 300 * time.Millisecond // what a wrong hub has lost is waited for that long
)

// A wrongHub delivers what is published to all streams, but for its defect.
type wrongHub struct {
	defect func(n int, event string, send func(string)) // called for the n-th event on each stream, from 1

	mu      sync.Mutex
	streams map[chan string]bool
}

func (h *wrongHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		event := "id: urn:x:1\ndata: " + r.PostFormValue("data") + "\n\n"
		h.mu.Lock()
		for s := range h.streams {
			s <- event
		}
		h.mu.Unlock()
		fmt.Fprint(w, "urn:x:1")
		return
	}
	events := make(chan string, 10_000) // more than any test publishes
	h.mu.Lock()
	h.streams[events] = true
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.streams, events)
		h.mu.Unlock()
	}()
	send := func(s string) {
		fmt.Fprint(w, s)
		http.NewResponseController(w).Flush()
	}
	send(": welcome\n\n")
	for n := 1; ; n++ {
		select {
		case event := <-events:
			h.defect(n, event, send)
		case <-r.Context().Done():
			return
		}
	}
}

// A measurement of a hub that delivers wrongly says so, and in what way.
func TestMeasurementFindsFaults(t *testing.T) {
	var held string
	for name, c := range map[string]struct {
		defect func(n int, event string, send func(string))
		want   string // "" for nothing wrong
	}{
		"none": {func(_ int, event string, send func(string)) { send(event) }, ""},
		"drops": {func(n int, event string, send func(string)) {
			if n%3 != 0 {
				send(event)
			}
		}, "events lost"},
		"repeats": {func(_ int, event string, send func(string)) { send(event + event) }, "events repeated"},
		"reorders": {func(n int, event string, send func(string)) {
			if n%5 == 3 {
				held = event
			} else if n%5 == 4 {
				send(event + held)
			} else {
				send(event)
			}
		}, "events out of order"},
		"cuts": {func(_ int, event string, send func(string)) { send(strings.Replace(event, "xx", "", 1)) }, "events damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			hub := &wrongHub{defect: c.defect, streams: make(map[chan string]bool)}
			server := httptest.NewServer(hub)
			defer server.Close()
			at, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			r := testRun(t)
			const streams = 1 // so that held is its own
			for _, p := range []pace{{every: 5 * time.Millisecond}, {burst: 20}} {
				if err := r.fanOutTurn(t.Context(), &target{name: "hub", url: at}, 0, fanOut{streams, p, payloadSize, nil}); err != nil {
					t.Fatal(err)
				}
			}
			err = r.report.Err()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("the report tells of %v, want %q", err, c.want)
			}
		})
	}
}
