package hub

import (
	"io"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// healthPath is where probes made for the reference image look, on the main
// port.
const healthPath = "/healthz"

// serveAlive says that the process answers. It stays well while the history is
// away or the hub drains: a supervisor that restarts on it would cut streams
// that are in no danger.
func serveAlive(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }

// Operations serves what operators need and the public should not see, on a
// listener of its own: /livez, /readyz and the metrics of g. It is read-only.
func (h *Hub) Operations(g prometheus.Gatherer) http.Handler {
	r := mux.NewRouter()
	r.Methods(http.MethodGet, http.MethodHead).Path("/livez").HandlerFunc(serveAlive)
	r.Methods(http.MethodGet, http.MethodHead).Path("/readyz").HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := h.Ready(); err != nil {
			plain(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		plain(w, http.StatusOK, "ok")
	})
	r.Methods(http.MethodGet, http.MethodHead).Path("/metrics").Handler(promhttp.HandlerFor(g, promhttp.HandlerOpts{}))
	return r
}

func plain(w http.ResponseWriter, status int, text string) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
