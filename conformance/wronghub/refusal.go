package wronghub

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A refusal is an answer other than success.
type refusal struct {
	status int
	detail string
	// bearer asks for a challenge, and code is what it names as the error.
	bearer bool
	code   string
}

func (r refusal) Error() string { return r.detail }

// Refusals for the credential's sake.
var (
	noToken           = refusal{status: http.StatusUnauthorized, bearer: true}
	invalidToken      = refusal{status: http.StatusUnauthorized, bearer: true, code: "invalid_token"}
	insufficientScope = refusal{status: http.StatusForbidden, bearer: true, code: "insufficient_scope"}
)

// tooMany refuses a stream for which there is no place.
var tooMany = refusal{status: http.StatusTooManyRequests}

// malformedCredential refuses how a token is presented.
func malformedCredential(detail string) error {
	return refusal{status: http.StatusBadRequest, detail: detail, bearer: true, code: "invalid_request"}
}

// malformed refuses a request for anything but its credential.
func malformed(detail string) error {
	return refusal{status: http.StatusBadRequest, detail: detail}
}

// refuse answers an error.
func (h *Hub) refuse(w http.ResponseWriter, err error) {
	r := refusal{status: http.StatusInternalServerError, detail: err.Error()}
	errors.As(err, &r)
	switch {
	case h.is(RefusesInTheStream):
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "event: error\ndata: %d\n\n", r.status)
		return
	case r.status == http.StatusTooManyRequests && h.is(CallsTooManyUnavailable):
		r.status = http.StatusServiceUnavailable
	case r.status == http.StatusBadRequest && !r.bearer && h.is(AnswersUnprocessable):
		r.status = http.StatusUnprocessableEntity
	case r.code == "invalid_token" && h.is(ForbidsBadTokens):
		r.status = http.StatusForbidden
	case r.code == "insufficient_scope" && h.is(ForbidsWithoutCode):
		r.code = ""
	case r.bearer && r.code == "" && h.is(NamesErrorWithoutToken):
		r.code = "invalid_token"
	}
	h.challenge(w, r)
	body := map[string]any{"title": http.StatusText(r.status), "status": r.status, "detail": r.detail}
	if r.code != "" && h.is(RepeatsErrorInBody) {
		body["error"] = r.code
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // a map of strings and numbers is JSON
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(r.status)
	_, _ = w.Write(raw) // the client may be gone
}

// challenge asks for a token where one is missing or not good enough.
func (h *Hub) challenge(w http.ResponseWriter, r refusal) {
	switch {
	case !r.bearer, h.is(ChallengesNobody),
		r.status == http.StatusForbidden && h.is(ForbidsWithoutChallenge):
		return
	}
	challenge := `Bearer realm="mercure"`
	if r.code != "" {
		challenge += `, error="` + r.code + `"`
	}
	challenge += h.metadataParameter(r.code)
	if r.code == "" && h.is(ChallengesWithoutParameters) {
		challenge = "Bearer"
	}
	w.Header().Set("WWW-Authenticate", challenge)
}
