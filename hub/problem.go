package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
	"cinnabar/store"
)

// An endpoint is a part of the hub's face, for logs and metric labels.
type endpoint string

const (
	publishEndpoint   endpoint = "publish"
	subscribeEndpoint endpoint = "subscribe"
	// The API that lists what is open, not to be confused with subscribing.
	subscriptionsEndpoint endpoint = "subscriptions"
	unknownEndpoint       endpoint = "none"
)

// A call is what is known about a request while it is served.
type call struct {
	endpoint   endpoint
	generation spec.Generation // zero until it is known
}

// Errors that have an answer of their own. Those with content are beside what
// finds them.
var (
	errNotFound         = errors.New("there is nothing at this path")
	errMethodNotAllowed = errors.New("the method is not allowed here")
)

// brokenBody is a body that ended early, or not in time.
type brokenBody struct{ err error }

func (e *brokenBody) Error() string { return "reading the body: " + e.err.Error() }
func (e *brokenBody) Unwrap() error { return e.err }

// notGranted is a publish that its valid token does not cover.
type notGranted struct {
	topic      string
	generation spec.Generation
	withheld   bool // from all 0.x tokens
}

func (e *notGranted) Error() string {
	if e.withheld {
		return fmt.Sprintf("0.x tokens may not publish %q, whatever they grant: it is none of the hub's legacy topics", e.topic)
	}
	return fmt.Sprintf("the token does not grant publishing %q", e.topic)
}

// A problem is how a refusal is told: its exported fields are the RFC 9457
// document.
type problem struct {
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Rule      string `json:"rule,omitempty"`  // requirement id in spec/requirements.yaml, or CINNABAR- of our own
	Field     string `json:"field,omitempty"` // offending parameter
	Fix       string `json:"fix,omitempty"`   // what to send instead
	RequestID string `json:"request_id,omitempty"`

	challenged bool          // carries WWW-Authenticate
	code       auth.Code     // its error
	retryAfter time.Duration // 0: not said
}

// problemOf is the one table from errors to answers.
func (h *Hub) problemOf(err error) problem {
	var (
		fault   *spec.Fault
		refusal *auth.Refusal
		grant   *notGranted
		unseen  *unseenSubscriptions
		site    *crossSite
		broken  *brokenBody
		short   *shortageError
	)
	switch {
	case errors.As(err, &fault):
		p := problem{Status: http.StatusBadRequest, Detail: fault.Problem, Rule: fault.Rule, Field: fault.Field, Fix: fault.Fix}
		if fault.TooLarge {
			p.Status = http.StatusRequestEntityTooLarge
		}
		return p
	case errors.As(err, &refusal):
		return h.problemOfRefusal(refusal)
	case errors.As(err, &grant):
		p := problem{Status: http.StatusForbidden, Detail: grant.Error(), Rule: "AUTH-publish-403", Field: spec.ParamTopic,
			Fix: "use a token whose publish grants cover every topic of the update", challenged: true, code: insufficientScope}
		if grant.generation == spec.Legacy {
			p.Rule = "AUTH-0x-publish-403"
		}
		return p
	case errors.As(err, &unseen):
		return unseen.problem()
	case errors.As(err, &site):
		return problem{Status: http.StatusForbidden, Detail: site.Error(), Rule: "SEC-csrf-origin", Field: "Origin",
			Fix: "publish from the hub's own origin or one listed in the publish origins, or send the token in the Authorization header", challenged: true}
	case errors.Is(err, errNotFound):
		return problem{Status: http.StatusNotFound, Detail: err.Error()}
	case errors.Is(err, errMethodNotAllowed):
		return problem{Status: http.StatusMethodNotAllowed, Detail: err.Error(), Rule: "SUB-allow-405", Fix: "use a method of the Allow header"}
	case errors.As(err, &broken):
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return problem{Status: http.StatusRequestTimeout, Detail: "the body did not arrive in time", Fix: "send it at once"}
		}
		return problem{Status: http.StatusBadRequest, Detail: "the body ended early, is malformed, or is not wanted", Rule: "AUTH-400-malformed"}
	case errors.Is(err, store.ErrTooLarge):
		return problem{Status: http.StatusRequestEntityTooLarge, Detail: "the history cannot hold an update of this size",
			Rule: "LIMIT-publish-exceeded-413", Fix: "publish a reference to the content"}
	case errors.Is(err, store.ErrKeyReused):
		return problem{Status: http.StatusConflict, Detail: "an update with other fields was published with this key", Rule: "CINNABAR-idempotency-reuse",
			Field: headerIdempotencyKey, Fix: "make a new key for each update; to repeat one, send the fields it had"}
	case errors.Is(err, store.ErrKeysOff):
		return problem{Status: http.StatusBadRequest, Detail: "this hub remembers no keys, so that a repeated publish would not be recognized", Rule: "CINNABAR-idempotency-off",
			Field: headerIdempotencyKey, Fix: "leave the header out, or have the hub's idempotency window set"}
	case errors.As(err, &short):
		p := problem{Status: http.StatusServiceUnavailable, Detail: short.Error(), Fix: "come back after the time in Retry-After", retryAfter: h.comeBack()}
		switch short.of {
		case Connections, AddressConnections:
			p.Status, p.Rule = http.StatusTooManyRequests, "LIMIT-connections-429"
		case TokenConnections:
			p.Status, p.Rule = http.StatusTooManyRequests, "LIMIT-token-429"
		}
		return p
	case errors.Is(err, errBusy):
		return problem{Status: http.StatusServiceUnavailable, Detail: errBusy.Error(), Fix: "try again", retryAfter: time.Second}
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problem{Status: http.StatusServiceUnavailable, Detail: "the history did not confirm the update",
			Fix: "publish again: with the same Idempotency-Key it is stored once, without one perhaps twice", retryAfter: time.Second}
	}
	return problem{Status: http.StatusInternalServerError, Detail: "an unexpected error, described in the hub's log"}
}

// problemOfRefusal words the refusal of a credential. A token that was refused
// gets one and the same answer, whatever is wrong with it (AUTH-401-uniform):
// the reason is the operator's to know.
func (h *Hub) problemOfRefusal(r *auth.Refusal) problem {
	p := problem{Status: http.StatusUnauthorized, challenged: true, code: r.Code}
	switch r.Code {
	case auth.InvalidRequest:
		p.Status, p.Rule, p.Detail = http.StatusBadRequest, "AUTH-400-invalid-request", r.Detail
	case auth.InvalidToken:
		p.Rule = "AUTH-401-invalid-token"
		p.Detail = "the token was refused; the hub's log says why"
		if h.now().ShowReasons {
			p.Detail = r.Error()
		}
	default:
		p.Rule = "AUTH-401-no-token"
		p.Detail = "this needs a token"
		p.Fix = "send Authorization: Bearer, a space and the token, or the hub's cookie"
	}
	return p
}

// refuse answers a request with the problem that an error is, and logs it.
// It is the one place where errors of requests end.
func (h *Hub) refuse(w http.ResponseWriter, r *http.Request, c call, err error) {
	p := h.problemOf(err)
	p.Title = http.StatusText(p.Status)
	id := requestID(r)
	h.logRefused(r, c, id, p, err)
	h.metrics.refused(c, p, err)

	header := w.Header()
	header.Set(headerRequestID, id)
	if p.code != auth.InvalidToken || h.now().ShowReasons {
		p.RequestID = id // else only the header: the bodies are to be equal
	}
	if p.challenged {
		header.Set("WWW-Authenticate", h.challenge(p.code))
	}
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if r.Method == http.MethodHead {
		return
	}
	// The client may be gone; then there is nobody to tell.
	_ = json.NewEncoder(w).Encode(p)
}
