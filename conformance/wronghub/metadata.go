package wronghub

import (
	"encoding/json"
	"net/http"
	"strings"
)

const metadataPrefix = "/.well-known/oauth-protected-resource"

// metadataPath is where the metadata is.
func (h *Hub) metadataPath() string {
	switch {
	case h.is(HasNoMetadata):
		return ""
	case h.is(HasMetadataAtDefaultPath):
		return metadataPrefix + "/.well-known/mercure"
	}
	return metadataPrefix + h.resource.path
}

// metadata is the document about the hub.
func (h *Hub) metadata() object {
	types := []string{exact, urlPattern}
	o := object{
		"resource":                              h.config.Resource,
		"authorization_details_types_supported": []string{"https://mercure.rocks/authorization-detail"},
		"bearer_methods_supported":              []string{"header"},
		"mercure_cookie":                        h.config.Cookie,
	}
	if h.config.Subscriptions && !h.is(OmitsSubscriptions) {
		o["mercure_subscriptions"] = true
	}
	switch {
	case h.is(NamesAnotherResource):
		o["resource"] = h.resource.origin()
	case h.is(ListsNoServers):
		o["authorization_servers"] = []string{}
	case h.is(ListsShortDetailType):
		o["authorization_details_types_supported"] = []string{"mercure"}
	case h.is(ListsQueryMethod):
		o["bearer_methods_supported"] = []string{"header", "query"}
	case h.is(ListsCookieMethod):
		o["bearer_methods_supported"] = []string{"header", "cookie"}
	case h.is(NamesDefaultCookie):
		o["mercure_cookie"] = "__Secure-mercure_access_token"
	case h.is(NamesNoCookie):
		delete(o, "mercure_cookie")
	case h.is(ListsOneMatcherType):
		types = types[:1]
	case h.is(ListsUnknownMatcherType):
		types = append(types, "regexp")
	case h.is(ListsTypeInMixedCase):
		types = append(types, "urlPattern")
	case h.is(DeniesSubscriptions):
		o["mercure_subscriptions"] = false
	case h.is(ClaimsSubscriptions):
		o["mercure_subscriptions"] = true
	case h.is(NamesItsVersion):
		o["mercure_version"] = "1.0"
	}
	o["mercure_matcher_types_supported"] = types
	return o
}

func (h *Hub) describe(w http.ResponseWriter) error {
	raw, err := json.Marshal(h.metadata())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if h.is(ServesMetadataAsText) {
		w.Header().Set("Content-Type", "text/plain")
	}
	_, _ = w.Write(raw) // the client may be gone
	return nil
}

// metadataParameter is the part of a challenge that leads to the metadata.
func (h *Hub) metadataParameter(code string) string {
	url := strings.TrimSuffix(h.config.Resource, h.resource.path) + metadataPrefix + h.resource.path
	switch {
	case h.is(LinksNoMetadata), code != "" && h.is(LinksMetadataToStrangersOnly):
		return ""
	case h.is(LinksMetadataByPath):
		url = metadataPrefix + h.resource.path
	case h.is(LinksMetadataOfOrigin):
		url = strings.TrimSuffix(h.config.Resource, h.resource.path) + metadataPrefix
	}
	return `, resource_metadata="` + url + `"`
}
