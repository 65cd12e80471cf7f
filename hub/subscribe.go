package hub

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"cinnabar/auth"
	"cinnabar/hub/fanout"
	"cinnabar/spec"
	"cinnabar/store"
)

// serveSubscribe is GET on the hub's path, and HEAD, which shows the answer
// without the stream.
func (h *Hub) serveSubscribe(w http.ResponseWriter, r *http.Request) {
	c := call{endpoint: subscribeEndpoint}
	query := spec.ParseForm(r.URL.RawQuery)
	var err error
	c.generation, err = h.generationOf(query)
	h.announce(w, c.generation)
	var grants *auth.Grants
	if err == nil {
		grants, err = h.admit(r, c.generation)
	}
	h.metrics.requested(c)
	if err == nil {
		err = ignoreBody(w, r)
	}
	if err != nil {
		h.refuse(w, r, c, err)
		return
	}
	h.stream(w, r, c, grants, query)
}

// serveQuery is QUERY on the hub's path, a 1.0 subscribe whose parameters are
// the union of the query component and a form body (SUB-body-union). The
// query component comes first, so that its cursor wins. As with a publish the
// body is read once it is known who sends it.
func (h *Hub) serveQuery(w http.ResponseWriter, r *http.Request) {
	c := call{endpoint: subscribeEndpoint, generation: spec.Current}
	h.metrics.requested(c)
	grants, err := h.admit(r, c.generation)
	if err != nil {
		h.refuse(w, r, c, err)
		return
	}
	form, done, err := h.now().queryForms.read(w, r, ownerOf(r, grants))
	pairs := slices.Concat(spec.ParseForm(r.URL.RawQuery), form)
	done() // not held as long as the stream lasts
	if err != nil {
		h.refuse(w, r, c, err)
		return
	}
	h.stream(w, r, c, grants, pairs)
}

// admit judges the credential of a subscriber, nil for a welcome stranger. A
// token that is refused never makes its bearer one (AUTH-bad-token-not-anonymous).
func (h *Hub) admit(r *http.Request, g spec.Generation) (*auth.Grants, error) {
	grants, err := h.trust.current.Load().ForSubscribe(r, g)
	if err == nil && grants == nil && !h.now().Anonymous {
		return nil, &auth.Refusal{Reason: auth.NoToken, Detail: "this hub has no anonymous subscribers"}
	}
	h.noteLegacy(subscribeEndpoint, grants)
	return grants, err
}

// stream answers an admitted subscriber.
func (h *Hub) stream(w http.ResponseWriter, r *http.Request, c call, grants *auth.Grants, pairs []spec.Pair) {
	want := fanout.Subscription{Owner: ownerOf(r, grants), Generation: c.generation, Closed: h.onClosed(r, c)}
	var err error
	want.Selectors, err = h.selectors(c.generation, pairs)
	if err != nil {
		h.refuse(w, r, c, err)
		return
	}
	if grants != nil {
		want.CanReceive, want.ReceiveCost = h.trust.receive(grants), grants.ReceiveCost()
	}
	want.Ends, want.EndsWith = h.end(c.generation, grants, time.Now())
	want.Gaps = wantsGaps(pairs)

	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", cacheControl(pairs))
	header.Set("X-Accel-Buffering", "no") // nginx would hold the stream back

	if err := h.replay(r, &want, header, pairs); err != nil {
		h.sendAway(w, r, err)
		return
	}
	switch {
	case r.Method == http.MethodHead:
		w.WriteHeader(http.StatusOK)
	case h.draining.Load():
		h.sendAway(w, r, errDraining)
	default:
		h.open(w, r, c, grants, want)
	}
}

// replay finds where a stream begins that wants the past: after a cursor, else at
// a time. The cursor wins, so that whoever reconnects goes on.
func (h *Hub) replay(r *http.Request, want *fanout.Subscription, header http.Header, pairs []spec.Pair) error {
	id, given := cursorOf(r, want.Generation, pairs)
	at, timed := sinceOf(pairs, time.Now())
	var place store.Place
	var err error
	switch {
	case given:
		if id != spec.Earliest {
			want.Cursor = id
		}
		if place, err = h.log.Find(r.Context(), id); err != nil {
			return fmt.Errorf("finding a cursor: %w", err)
		}
	case timed:
		if place, err = h.log.Since(r.Context(), at); err != nil {
			return fmt.Errorf("finding a time: %w", err)
		}
		header.Set(headerSince, at.UTC().Format(time.RFC3339Nano))
	default:
		return nil
	}
	selectors := spec.SetOf(want.Selectors)
	exact := place.Exact(&selectors) && !(place.PresenceGone() && h.engine.Watches(want))
	want.Replay, want.After, want.LossTold = true, place.After, !exact
	if !exact {
		if want.Gap = fanout.Trimmed; given {
			want.Gap = gapAfter(id, place)
		}
		id = spec.Earliest
	}
	if id != "" || given {
		// The event before a time is not named: not everybody may know of it.
		header.Set(cursorHeader(want.Generation), id)
	}
	return nil
}

// end returns when a stream has to end, and why then: at the expiry of its
// token, to the instant (AUTH-exp-close), at the maximum lifetime, or with its
// generation; zero for never.
func (h *Hub) end(g spec.Generation, grants *auth.Grants, now time.Time) (end time.Time, why fanout.Reason) {
	earlier := func(t time.Time, r fanout.Reason) {
		if !t.IsZero() && (end.IsZero() || t.Before(end)) {
			end, why = t, r
		}
	}
	if grants != nil {
		earlier(grants.Expiry(), fanout.TokenExpired)
	}
	if h.now().MaxLifetime > 0 {
		earlier(now.Add(h.now().MaxLifetime), fanout.MaxLifetime)
	}
	if g == spec.Legacy {
		earlier(h.now().Legacy.Sunset, fanout.Sunset)
	}
	return end, why
}

// cacheControl keeps intermediaries from answering for the hub, and from
// storing at all what was authorized by the URL (AUTH-0x-query-cache).
func cacheControl(pairs []spec.Pair) string {
	if slices.ContainsFunc(pairs, func(p spec.Pair) bool { return p.Name == spec.ParamAuthorization }) {
		return "private, no-cache"
	}
	return "no-cache"
}

// opening returns the first bytes of a stream: a reconnection time of the
// hub's own, and a blank line that dispatches no event (SSE-retry-own).
func (h *Hub) opening() []byte {
	b := append(make([]byte, 0, 16), "retry: "...)
	b = strconv.AppendInt(b, h.comeBack().Milliseconds(), 10)
	return append(b, "\n\n"...)
}

// comeBack returns when a client should come back, a third more or less than
// configured so that clients cut off together do not come back together.
func (h *Hub) comeBack() time.Duration {
	centre := h.now().Retry
	return max(time.Second, centre*2/3+rand.N(centre*2/3))
}

// sendAway answers a subscriber that should come back later, here or at
// another node: browsers take any other status than 200 for a reason never to
// return.
func (h *Hub) sendAway(w http.ResponseWriter, r *http.Request, why error) {
	h.metrics.sentAway(why)
	level := slog.LevelDebug
	if !errors.Is(why, errDraining) && !errors.Is(why, fanout.ErrClosed) && r.Context().Err() == nil {
		level = slog.LevelWarn
	}
	h.logger.Log(r.Context(), level, "subscriber sent away", "remote", r.RemoteAddr, "reason", why)
	if r.ProtoMajor < 2 || !isShortage(why) {
		// So that a balancer can choose anew. Over HTTP/2 it would end the
		// connection, where another costs more than the streams on it.
		w.Header().Set("Connection", "close")
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(h.opening())
	}
}

// onClosed returns what logs the end of a stream, nil where nobody would read
// it: it would cost every idle subscriber.
func (h *Hub) onClosed(r *http.Request, c call) func(fanout.Reason, fanout.Tally) {
	if !h.logger.Enabled(r.Context(), slog.LevelDebug) {
		return nil
	}
	remote := r.RemoteAddr
	return func(why fanout.Reason, t fanout.Tally) {
		h.logger.Debug("stream ended", "remote", remote, "generation", c.generation.String(), "reason", string(why),
			"events", t.Events, "bytes", t.Bytes, "age", time.Since(t.Opened).Round(time.Millisecond))
	}
}
