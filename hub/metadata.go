package hub

import (
	"encoding/json"
	"net/http"
	"strings"

	"cinnabar/auth"
	"cinnabar/spec"

	"github.com/rs/cors"
)

// metadataPrefix stands before the path of a resource identifier in the path
// of its metadata (RFC 9728 §3.1).
const metadataPrefix = "/.well-known/oauth-protected-resource"

// A metadata is the RFC 9728 document: what a 1.0 client that knows nothing
// but the hub's URL needs to get a token and to present it. It carries no
// version of the protocol (DISC-prm-no-version), and leaves out what would be
// empty or false (DISC-prm-omit-empty, DISC-prm-subscriptions).
type metadata struct {
	Resource      string   `json:"resource"`
	Servers       []string `json:"authorization_servers,omitempty"`
	DetailTypes   []string `json:"authorization_details_types_supported"`
	Methods       []string `json:"bearer_methods_supported"`
	Cookie        string   `json:"mercure_cookie,omitempty"`
	MatcherTypes  []string `json:"mercure_matcher_types_supported"`
	Subscriptions bool     `json:"mercure_subscriptions,omitempty"`
}

func (h *Hub) metadata(c Config) metadata {
	return metadata{
		Resource:    c.ResourceIdentifier,
		Servers:     authorizationServers(c.Issuers),
		DetailTypes: []string{spec.DetailType},
		// The cookie is no method of RFC 6750 and has a member of its own; the
		// query parameter is for 0.x tokens alone (DISC-prm-bearer-methods).
		Methods:       []string{"header"},
		Cookie:        c.CookieName,
		MatcherTypes:  matcherTypes,
		Subscriptions: c.Subscriptions,
	}
}

// authorizationServers are the issuers that publish their keys. Whoever is
// configured with keys of his own signs for himself, and nobody could ask him
// for a token (DISC-prm-authz-servers, AUTH-iss-out-of-band).
func authorizationServers(issuers []auth.Issuer) []string {
	var servers []string
	for _, issuer := range issuers {
		if issuer.KeySet != nil && issuer.KeySet.Published() {
			servers = append(servers, issuer.ID)
		}
	}
	return servers
}

// hasMetadata reports whether there is a document: a hub of 0.x alone has none
// (differences C13), and without an identifier there is nothing to describe.
func (c Config) hasMetadata() bool {
	return c.Generations.Has(spec.Current) && c.ResourceIdentifier != ""
}

// metadataURL is where clients find the document, "" where there is none. It
// is made of the configured identifier, as clients make it
// (DISC-prm-resource-derives): what a request says about its host is a
// stranger's word.
func (h *Hub) metadataURL() string {
	if !h.now().hasMetadata() {
		return ""
	}
	return strings.TrimSuffix(h.base.String(), h.base.Path()) + metadataPrefix + h.base.Path()
}

// discoverable serves the document beside the rest. It is the same for
// everybody and tells no secret, so that pages of every origin may read it,
// without credentials.
func (h *Hub) discoverable(c Config, next http.Handler) http.Handler {
	if !c.hasMetadata() {
		return next
	}
	body, err := json.Marshal(h.metadata(c))
	if err != nil {
		panic("hub: encoding the metadata: " + err.Error()) // strings are JSON
	}
	document := cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead},
		AllowedHeaders: corsHeaders,
		MaxAge:         600,
	}).Handler(h.serveMetadata(append(body, '\n')))
	path := metadataPrefix + h.base.Path()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			document.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *Hub) serveMetadata(body []byte) http.Handler {
	others := h.otherMethods([]string{http.MethodGet, http.MethodHead, http.MethodOptions})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			others.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(body) // the client may be gone
	})
}
