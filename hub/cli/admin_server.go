package cli

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// An adminServer answers commands on the admin socket.
type adminServer struct {
	history History
	server  *http.Server
	cancel  context.CancelFunc // of everything that is under way
}

// maxAdminBody bounds what a command may send at once: an update of the largest
// size, in base64.
const maxAdminBody = 64 << 20

// patienceWithCommands is how long a line may take to be read.
const patienceWithCommands = 10 * time.Second

// serveAdmin answers on a listener until it is stopped.
func serveAdmin(l net.Listener, history History, logger *slog.Logger, failed chan<- error) *adminServer {
	ctx, cancel := context.WithCancel(context.Background())
	a := &adminServer{history: history, cancel: cancel}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+adminBounds, answer(a.bounds))
	mux.HandleFunc("GET "+adminSummary, answer(a.summary))
	mux.HandleFunc("GET "+adminRead, answer(a.read))
	mux.HandleFunc("GET "+adminFind, answer(a.find))
	mux.HandleFunc("GET "+adminSince, answer(a.since))
	mux.HandleFunc("POST "+adminAppend, answer(a.append))
	mux.HandleFunc("POST "+adminBackup, narrate(a.backup))
	mux.HandleFunc("POST "+adminCompact, narrate(a.compact))
	a.server = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	go serveOn(a.server, l, nil, failed)
	return a
}

// stop ends what is under way, and removes the socket.
func (a *adminServer) stop(ctx context.Context) error {
	a.cancel()
	return a.server.Shutdown(ctx)
}

// answer makes a handler of what answers with one document.
func answer[T any](to func(*http.Request) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		document, err := to(r)
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			_ = encoder.Encode(wireNews{Error: err.Error()}) // the command may be gone
			return
		}
		_ = encoder.Encode(document)
	}
}

// narrate makes a handler of what takes time: its answer is a line whenever
// there is news, and one at the end.
func narrate(do func(r *http.Request, tell func(store.Copied)) (wireNews, error)) http.HandlerFunc {
	const pause = 100 * time.Millisecond
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.WriteHeader(http.StatusOK)
		out := http.NewResponseController(w)
		encoder := json.NewEncoder(w)
		var mu sync.Mutex
		var last time.Time
		tell := func(c store.Copied) {
			mu.Lock()
			defer mu.Unlock()
			if time.Since(last) < pause {
				return
			}
			last = time.Now()
			// Whoever does not read must not hold up a history that waits to be
			// trimmed.
			_ = out.SetWriteDeadline(last.Add(patienceWithCommands))
			_ = encoder.Encode(wireNews{Copied: &c}) // the end of the request is told by its context
			_ = out.Flush()
		}
		news, err := do(r, tell)
		if err != nil {
			news = wireNews{Error: err.Error()}
		}
		mu.Lock()
		defer mu.Unlock()
		_ = out.SetWriteDeadline(time.Now().Add(patienceWithCommands))
		_ = encoder.Encode(news)
	}
}

func (a *adminServer) bounds(r *http.Request) (wireBounds, error) {
	b, err := a.history.Log.Bounds(r.Context())
	return wireBounds{b.Oldest, b.Newest, wireGoneOf(b.Gone)}, err
}

func (a *adminServer) summary(r *http.Request) (wireSummary, error) {
	s, err := a.history.Archive.Summary(r.Context())
	w := wireSummary{Summary: s, Oldest: wireEntryOf(s.Oldest), Newest: wireEntryOf(s.Newest)}
	w.Summary.Oldest, w.Summary.Newest = nil, nil
	return w, err
}

func (a *adminServer) read(r *http.Request) (wireChunk, error) {
	after, err := strconv.ParseUint(r.FormValue("after"), 10, 64)
	if err != nil {
		return wireChunk{}, err
	}
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil {
		return wireChunk{}, err
	}
	c, err := a.history.Log.Read(r.Context(), store.Position(after), limit)
	w := wireChunk{Through: c.Through, Gone: wireGoneOf(c.Gone)}
	for i := range c.Entries {
		if c.Entries[i].Update != nil {
			w.Updates = append(w.Updates, wireEntryOf(&c.Entries[i]))
		}
	}
	return w, err
}

func (a *adminServer) find(r *http.Request) (wirePlace, error) {
	p, err := a.history.Log.Find(r.Context(), r.FormValue("id"))
	return wirePlaceOf(p), err
}

func (a *adminServer) since(r *http.Request) (wirePlace, error) {
	at, err := time.Parse(time.RFC3339Nano, r.FormValue("time"))
	if err != nil {
		return wirePlace{}, err
	}
	p, err := a.history.Log.Since(r.Context(), at)
	return wirePlaceOf(p), err
}

func (a *adminServer) append(r *http.Request) (wireReceipt, error) {
	var asked wireAppend
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAdminBody)).Decode(&asked); err != nil {
		return wireReceipt{}, err
	}
	updates := make([]*spec.Update, len(asked.Updates))
	for i, b := range asked.Updates {
		var err error
		if updates[i], err = spec.ParseUpdate(b); err != nil {
			return wireReceipt{}, err
		}
	}
	receipt, err := a.history.Log.Append(r.Context(), store.Disk, updates...)
	w := wireReceipt{Reached: receipt.Reached}
	for i := range receipt.Entries {
		e := &receipt.Entries[i]
		w.Entries = append(w.Entries, &wireEntry{Position: e.Position, ID: e.ID.String(), At: e.At})
	}
	return w, err
}

// errNoFile is the answer of a hub whose history cannot be copied.
var errNoFile = errors.New("this hub's history is in memory alone and has no file: \"cinnabar history export\" makes a copy of what it holds")

func (a *adminServer) backup(r *http.Request, tell func(store.Copied)) (wireNews, error) {
	var asked wireBackup
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return wireNews{}, err
	}
	if a.history.Copier == nil {
		return wireNews{}, errNoFile
	}
	made, err := a.history.Copier.Backup(r.Context(), asked.Path, asked.Replace, tell)
	return wireNews{Backup: &made}, err
}

func (a *adminServer) compact(r *http.Request, tell func(store.Copied)) (wireNews, error) {
	if a.history.Copier == nil {
		return wireNews{}, errNoFile
	}
	done, err := a.history.Copier.Compact(r.Context(), tell)
	return wireNews{Compaction: &done}, err
}
