package hub

import (
	"net/http"
	"strconv"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

// served returns the generations that are served at the moment: 0.x up to its
// sunset.
func (h *Hub) served() spec.Generations {
	now := h.now()
	if now.Legacy.Over(time.Now()) {
		return now.Generations &^ spec.Only(spec.Legacy)
	}
	return now.Generations
}

// announce tells a 0.x client, or rather who looks after it, when 0.x ends here
// (RFC 9745, RFC 8594). The one date that operators give stands in both: until
// then nobody need change anything.
func (h *Hub) announce(w http.ResponseWriter, g spec.Generation) {
	sunset := h.now().Legacy.Sunset
	if g != spec.Legacy || sunset.IsZero() {
		return
	}
	w.Header().Set("Deprecation", "@"+strconv.FormatInt(sunset.Unix(), 10))
	w.Header().Set("Sunset", sunset.UTC().Format(http.TimeFormat))
}

// A legacyUse is what is counted of a 0.x token that was accepted.
type legacyUse struct {
	at      endpoint
	expires bool
}

// noteLegacy counts a token of 0.x, and tells once that there are some that
// never expire: who gets hold of one has it for ever.
func (h *Hub) noteLegacy(at endpoint, g *auth.Grants) {
	if g == nil || g.Generation() != spec.Legacy {
		return
	}
	expires := !g.Expiry().IsZero()
	h.metrics.legacy[legacyUse{at, expires}].Inc()
	if expires || h.eternalTold.Load() || h.eternalTold.Swap(true) {
		return
	}
	h.logger.Info("a 0.x token without exp was accepted, as the first of perhaps many: "+metricLegacy+" counts them, and legacy-require-exp refuses them",
		"endpoint", string(at))
}
