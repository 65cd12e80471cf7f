package hub

import (
	"net/http"
	"strconv"

	"cinnabar/store"
)

// headerMatched tells a publisher that asks for it by a preference how many
// live subscribers of this node its update was queued for.
const (
	headerMatched = "Cinnabar-Matched"
	preferMatched = "cinnabar-matched"
)

// tellMatched adds the header to the answer of a publish, where it is asked for
// and known. Whoever does not ask is not kept until the update is dispatched. A
// repeated publish queued nothing.
func (h *Hub) tellMatched(w http.ResponseWriter, r *http.Request, receipt store.Receipt) {
	if receipt.Repeated || !prefers(r.Header, preferMatched) {
		return
	}
	streams, known := h.engine.Reach(receipt.Entries[0].Position)
	if !known {
		return
	}
	header := w.Header()
	header.Set(headerMatched, strconv.Itoa(streams))
	header.Set(headerApplied, preferMatched)
}
