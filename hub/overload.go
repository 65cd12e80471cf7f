package hub

import (
	"errors"
	"fmt"
	"net/http"

	"cinnabar/auth"
	"cinnabar/hub/fanout"
)

// An Overload is how a subscriber is answered for whom there is no room.
type Overload uint8

const (
	// OverloadRetry is a stream that holds a reconnection time and ends. It is
	// what browsers need: their EventSource never comes back after a status.
	OverloadRetry Overload = iota + 1
	// OverloadStatus is 429 where the connections are too many, 503 where the
	// process is short of something, both with Retry-After: for balancers and
	// clients that know what to do about it (LIMIT-connections-429).
	OverloadStatus
)

// String returns the word used in settings.
func (o Overload) String() string {
	if o == OverloadStatus {
		return "status"
	}
	return "retry"
}

// A Shortage is what there is not enough of for one more stream: a word for
// logs and metric labels alike.
type Shortage string

const (
	Connections        Shortage = "connections"             // MaxConnections are open
	TokenConnections   Shortage = "connections_per_token"   // MaxConnectionsPerToken are, of this token
	AddressConnections Shortage = "connections_per_address" // MaxConnectionsPerAddress are, of this address
	Descriptors        Shortage = "descriptors"             // those left are for publishers, probes and the hub's own files
	Memory             Shortage = "memory"                  // the process comes near its limit
)

// A shortageError is why a subscriber was sent away from a hub that is well.
type shortageError struct{ of Shortage }

func (e *shortageError) Error() string {
	switch e.of {
	case Connections:
		return "as many streams are open as the hub allows"
	case TokenConnections:
		return "as many streams are open as the hub allows for one token"
	case AddressConnections:
		return "as many streams are open as the hub allows for one address"
	case Descriptors:
		return "file descriptors are running short"
	case Memory:
		return "memory is running short"
	}
	return "the hub is short of " + string(e.of)
}

func isShortage(err error) bool {
	var short *shortageError
	return errors.As(err, &short)
}

// shortage returns nil while there is room for another stream. How many are
// open is the engine's to judge, when the stream joins.
func (h *Hub) shortage() error {
	if h.now().Shortage != nil {
		if s := h.now().Shortage(); s != "" {
			return &shortageError{s}
		}
	}
	return nil
}

// open carries a stream, or answers its subscriber that there is no room.
func (h *Hub) open(w http.ResponseWriter, r *http.Request, c call, grants *auth.Grants, want fanout.Subscription) {
	err := h.shortage()
	var taken *seat
	if err == nil {
		taken, err = h.seats.take(grants, r.RemoteAddr)
	}
	var present *attendance
	if err == nil && h.registrar != nil {
		if present, err = h.registrar.admit(grants, want.Selectors); err != nil {
			taken.leave()
		}
	}
	if err == nil {
		want.Closed = taken.onClosed(want.Closed)
		present.attend(&want)
		if err = h.engine.Carry(w, r, want, h.opening()); err != nil {
			taken.leave()
			present.dismiss()
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, fanout.ErrFull):
		h.shed(w, r, c, &shortageError{Connections})
	case isShortage(err):
		h.shed(w, r, c, err)
	default:
		h.sendAway(w, r, fmt.Errorf("opening a stream: %w", err))
	}
}

// shed answers a subscriber for whom there is no room.
func (h *Hub) shed(w http.ResponseWriter, r *http.Request, c call, why error) {
	if h.now().Overload == OverloadRetry {
		h.sendAway(w, r, why)
		return
	}
	h.metrics.sentAway(why)
	header := w.Header()
	header.Del("X-Accel-Buffering")
	header.Del(cursorHeader(c.generation)) // of a stream, which this is not
	if r.ProtoMajor < 2 {
		header.Set("Connection", "close") // a descriptor more
	}
	h.refuse(w, r, c, why)
}

// awayReason is the metric label of a subscriber sent away.
func awayReason(why error) string {
	var short *shortageError
	switch {
	case errors.As(why, &short):
		return string(short.of)
	case errors.Is(why, errDraining), errors.Is(why, fanout.ErrClosed):
		return "draining"
	}
	return "history"
}
