package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// hubPath is where yardsticks take requests, like a hub.
const hubPath = "/.well-known/mercure"

// serveBare serves a bare handler until ctx ends: what net/http, its router
// and its form parser cost when nothing else is done. A hub's router may cost
// a little more than the standard library's used here. It says where on out.
func serveBare(ctx context.Context, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+hubPath, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || len(r.PostForm["topic"]) == 0 || r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "urn:uuid:00000000-0000-0000-0000-000000000000")
	})
	if err := announce(out, l.Addr().String()); err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
