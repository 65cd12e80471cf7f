package cli

import (
	"net/http"

	"cinnabar/hub"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// operations is what the metrics listener serves: the hub's own metrics and
// those of the process.
func operations(h *hub.Hub) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	registry.MustRegister(h.Collectors()...)
	return h.Operations(registry)
}
