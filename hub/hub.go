// Package hub is the HTTP edge of Cinnabar: a Mercure hub as an http.Handler.
//
// One file holds one endpoint: read the request, make values of it, call,
// answer. Routing, limits and answers live here; fan-out is in hub/fanout,
// permission in auth, history in a store.Log.
package hub

import (
	"context"
	"net/http"

	"cinnabar/spec"

	"github.com/prometheus/client_golang/prometheus"
)

// A Hub serves publishers and subscribers. It is safe for concurrent use.
type Hub struct{}

// New starts a hub on a log; all faults of the configuration are joined.
func New(c Config) (*Hub, error) { panic("hub: being written") }

// ServeHTTP answers the hub's paths, and 404 to any other.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("hub: being written") }

// Publish appends an update on behalf of the embedding program, which needs no
// token, and returns its id once it is as durable as the hub is configured to
// make it.
func (h *Hub) Publish(ctx context.Context, f spec.Fields) (spec.EventID, error) {
	panic("hub: being written")
}

// Ready returns nil while the hub can do its work, else what is wrong.
func (h *Hub) Ready() error { panic("hub: being written") }

// Drain makes the hub refuse new streams in the way that lets clients come
// back (200, retry:, end) and fail readiness, while publishes and open streams
// go on.
func (h *Hub) Drain() { panic("hub: being written") }

// Streams returns how many streams are open.
func (h *Hub) Streams() int { panic("hub: being written") }

// Close ends every stream cleanly with reason shutdown and stops the hub's
// goroutines, or returns ctx's error when that takes longer.
func (h *Hub) Close(ctx context.Context) error { panic("hub: being written") }

// Collectors returns the hub's metrics; register them where they are wanted.
func (h *Hub) Collectors() []prometheus.Collector { panic("hub: being written") }
