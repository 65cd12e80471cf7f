package hub

import (
	"strings"

	"cinnabar/auth"
)

// insufficientScope is the one error code that is not about the credential
// itself, so it is the hub's and not auth's.
const insufficientScope auth.Code = "insufficient_scope"

// challenge is the value of WWW-Authenticate (RFC 6750 §3): always with a
// parameter (AUTH-challenge-has-param), with an error code only where a token
// was presented (AUTH-401-no-error-code), and never with a reason.
func (h *Hub) challenge(code auth.Code) string {
	realm := h.now().ResourceIdentifier
	if realm == "" {
		realm = "mercure"
	}
	challenge := "Bearer realm=" + quoted(realm)
	if code != auth.NoCode {
		challenge += ", error=" + quoted(string(code))
	}
	// Also where a token was presented: it may be for another hub
	// (AUTH-401-resource-metadata, AUTH-challenge-all-metadata).
	if url := h.metadataURL(); url != "" {
		challenge += ", resource_metadata=" + quoted(url)
	}
	return challenge
}

// quoted writes an HTTP quoted-string.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
