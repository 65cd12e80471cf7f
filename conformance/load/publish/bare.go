package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

// path is where the bare handler takes forms, like a hub.
const path = "/.well-known/mercure"

// serveBare is the yardstick for CPU time: what net/http, its router and its
// form parser cost when nothing else is done. The hub routes with gorilla/mux,
// which costs a little more than the standard library's router used here. It
// serves until it is told to end.
func serveBare(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || len(r.PostForm["topic"]) == 0 || r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "urn:uuid:00000000-0000-0000-0000-000000000000")
	})
	ready := map[string]string{"event": "ready", "hub": fmt.Sprintf("http://%s%s", l.Addr(), path)}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
