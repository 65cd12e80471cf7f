package wronghub

import (
	"encoding/json"
	"errors"
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
	if r.bearer {
		challenge := `Bearer realm="mercure"`
		if r.code != "" {
			challenge += `, error="` + r.code + `"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(r.status)
	body, _ := json.Marshal(map[string]any{ // a map of strings and numbers always is JSON
		"title": http.StatusText(r.status), "status": r.status, "detail": r.detail,
	})
	_, _ = w.Write(body) // the client may be gone
}
