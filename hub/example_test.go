package hub_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"cinnabar/hub"
	"cinnabar/spec"
	"cinnabar/store/memory"
)

// A Go program needs no second process: the hub is a handler in its own mux,
// and publishing is a method.
func Example() {
	history, err := memory.Open(memory.Options{})
	if err != nil {
		panic(err)
	}
	defer history.Close()
	h, err := hub.New(hub.Config{
		Log:       history,
		Anonymous: true,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer h.Close(context.Background())

	mux := http.NewServeMux()
	mux.Handle(spec.WellKnownPath, h)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "my application\n") })
	server := httptest.NewServer(mux)
	defer server.Close()

	stream, err := http.Get(server.URL + spec.WellKnownPath + "?match=https://example.com/books/1")
	if err != nil {
		panic(err)
	}
	defer stream.Body.Close()

	_, err = h.Publish(context.Background(), spec.Fields{
		Topics: []string{"https://example.com/books/1"},
		Data:   "out of stock",
	})
	if err != nil {
		panic(err)
	}
	for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			fmt.Println(data)
			break
		}
	}
	// Output: out of stock
}
