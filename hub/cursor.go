package hub

import (
	"net/http"

	"cinnabar/spec"
)

// legacyCursors are the parameters that real 0.x clients send their cursor in,
// by precedence. Polyfills append the fresh one as lastEventId to a URL that
// may carry a stale lastEventID.
var legacyCursors = []string{"lastEventId", "lastEventID", "Last-Event-ID", spec.ParamLastEventID}

// cursorOf returns the event id that a subscribe request wants to go on from,
// and whether it carries one at all, be it empty. The header wins, then the
// query component, then a body (REPLAY-header-precedence,
// SUB-body-cursor-query-wins). Header bytes are taken as they came, which is
// UTF-8 (REPLAY-header-utf8).
func cursorOf(r *http.Request, g spec.Generation, pairs []spec.Pair) (id string, given bool) {
	if values := r.Header.Values(spec.HeaderLastEventID); len(values) > 0 {
		return values[0], true
	}
	names := []string{spec.ParamLastEventID}
	if g == spec.Legacy {
		names = legacyCursors
	}
	for _, name := range names {
		for _, p := range pairs {
			if p.Name == name {
				return p.Value, true
			}
		}
	}
	return "", false
}

// cursorHeader is the response field that names the event before the first
// one sent. 1.0 has one of its own, because Last-Event-ID is registered for
// requests (REPLAY-cursor-not-last-event-id).
func cursorHeader(g spec.Generation) string {
	if g == spec.Legacy {
		return spec.HeaderLastEventID
	}
	return spec.HeaderMercureLastEventID
}
