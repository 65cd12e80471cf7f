package fanout

import "net/http"

// Carry answers the request with status 200, the headers already set on w, the
// opening bytes, and then the subscriber's events until the stream ends. The
// subscriber's position is fixed before the first byte. Carry may return
// before the stream has ended: [Subscription.Closed] says when it has. An
// error means that nothing was written.
func (e *Engine) Carry(w http.ResponseWriter, r *http.Request, s Subscription, opening []byte) error {
	if h := e.hijack(w, r); h != nil {
		return e.carryHijacked(h, w, r, s, opening)
	}
	return e.carryPortable(w, r, s, opening)
}
