package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// metadataCases: the protected resource metadata of RFC 9728, and what leads
// to it.
var metadataCases = slices.Concat(documentCases, advertisedCases)

// documentCases: where the document is and how it is made.
var documentCases = []Case{
	{
		ID: "DISC-prm",
		Run: func(t *T) {
			t.WantStatus("asking for the metadata without credentials", t.askMetadata(), http.StatusOK)
		},
	},
	{
		ID:      "DISC-prm-custom-path",
		Needs:   []Need{Variant("custom_path")},
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			v := t.On("custom_path")
			v.WantStatus("asking for the metadata of a hub at "+v.hubPath(), v.askMetadata(), http.StatusOK)
		},
	},
	{
		ID:      "DISC-prm-json",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			a := t.askMetadata()
			t.WantStatus("asking for the metadata", a, http.StatusOK)
			if got, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(got), "application/json") {
				t.Errorf("the metadata is of type %q, want application/json", a.Header.Get("Content-Type"))
			}
			t.members("the metadata", a)
		},
	},
	{
		ID:      "DISC-prm-resource",
		Needs:   []Need{SubscriberKey},
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			t.acceptedToken("a token for the resource of the metadata", t.withClaim("aud", t.metadata()["resource"]))
		},
	},
	{
		ID:      "DISC-prm-resource-derives",
		Applies: (*T).hasMetadata,
		Run:     (*T).resourceIsTheHub,
	},
	{
		ID:      "AUTH-aud-hub-url",
		Applies: (*T).hasMetadata,
		Run:     (*T).resourceIsTheHub,
	},
	{
		ID:      "AUTH-aud-configured",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			if got := t.metadata()["resource"]; got != t.Audience {
				t.Errorf("the metadata has resource %v, want the identifier in force, %s", got, t.Audience)
			}
		},
	},
	{
		ID:      "DISC-prm-omit-empty",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			for name, member := range t.metadata() {
				if list, ok := member.([]any); ok && len(list) == 0 {
					t.Errorf("the metadata member %s is an empty list, want it left out", name)
				}
			}
		},
	},
	{
		ID: "DISC-prm-no-version",
		Run: func(t *T) {
			a := t.askMetadata()
			if a.Status == http.StatusOK {
				for name := range t.members("the metadata", a) {
					if strings.Contains(strings.ToLower(name), "version") {
						t.Errorf("the metadata has a member %s, want no version of the protocol", name)
					}
				}
			}
			for name := range t.publishOne().Header {
				if strings.HasPrefix(name, "Mercure-") && strings.Contains(name, "Version") {
					t.Errorf("the answer to a publish has a field %s, want no version of the protocol", name)
				}
			}
		},
	},
}

// resourceIsTheHub asserts that the document is where clients derive it from
// the resource it names.
func (t *T) resourceIsTheHub() {
	resource, _ := t.metadata()["resource"].(string)
	u, err := url.Parse(resource)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		t.Errorf("the metadata has resource %q, want the hub's URL", resource)
		return
	}
	if u.EscapedPath() != t.hubPath() {
		t.Errorf("the metadata at %s has resource %q, which leads to %s", metadataPrefix+t.hubPath(), resource, metadataPrefix+u.EscapedPath())
	}
}

var matcherTypeName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// advertisedCases: what the document says is so.
var advertisedCases = []Case{
	{
		ID:      "DISC-prm-authz-servers",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			if list, given := t.metadataList("authorization_servers"); given && len(list) == 0 {
				t.Errorf("authorization_servers is empty, want it left out where tokens are self-issued")
			}
		},
	},
	{
		ID:    "AUTH-iss-out-of-band",
		Needs: []Need{SubscriberKey, Variant("issuers")},
		Run: func(t *T) {
			// Neither is an authorization server that clients could ask, so
			// neither belongs into the list; both are trusted.
			v := t.On("issuers")
			for who, token := range map[string]minter{
				v.Issuer:      v.withClaim("", nil),
				v.OtherIssuer: v.issuedBy(v.OtherIssuer, signer{alg: "HS256", secret: []byte(v.OtherKey)}, nil),
			} {
				if v.hasMetadata() {
					if list, given := v.metadataList("authorization_servers"); given && slices.Contains(list, who) {
						t.Errorf("authorization_servers is %q, but %s signs for itself", list, who)
					}
				}
				v.acceptedToken("a token of "+who+", which is not advertised", token)
			}
		},
	},
	{
		ID:      "DISC-prm-details-types",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			if list, given := t.metadataList("authorization_details_types_supported"); given && !slices.Contains(list, detailType) {
				t.Errorf("authorization_details_types_supported is %q, want %s in it", list, detailType)
			}
		},
	},
	{
		ID:      "DISC-prm-bearer-methods",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			if list, given := t.metadataList("bearer_methods_supported"); given && !slices.Equal(list, []string{"header"}) {
				t.Errorf("bearer_methods_supported is %q, want header alone", list)
			}
		},
	},
	{
		ID:      "DISC-prm-cookie",
		Applies: (*T).hasMetadata,
		Needs:   []Need{Variant("cookie_name")},
		Run: func(t *T) {
			for _, t := range []*T{t, t.On("cookie_name")} {
				switch name := t.cookieName(); {
				case name != "" && !t.cookieAuthorizes(name):
					t.Errorf("mercure_cookie is %s, but a bad token in that cookie is ignored", name)
				case name == "" && t.cookieAuthorizes("__Secure-mercure_access_token"):
					t.Errorf("there is no mercure_cookie, but the cookie of the default name authorizes")
				}
			}
		},
	},
	{
		ID:    "AUTH-cookie-advertise",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			name := t.cookieName()
			if name == "" {
				t.Fatalf("the metadata has no mercure_cookie, want the name of the accepted cookie")
			}
			t.readsCookie(name)
		},
	},
	{
		ID:    "AUTH-cookie-other-name",
		Needs: []Need{SubscriberKey, Variant("cookie_name")},
		Run: func(t *T) {
			v := t.On("cookie_name")
			if name := v.cookieName(); name != "conformance" {
				t.Errorf("mercure_cookie is %q, want the configured name, conformance", name)
			}
			v.readsCookie("conformance")
			if v.cookieAuthorizes("__Secure-mercure_access_token") {
				t.Errorf("the cookie of the default name authorizes beside the configured one, conformance")
			}
		},
	},
	{
		ID:      "DISC-prm-matcher-types",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			for _, defined := range []string{"exact", "urlpattern"} {
				if list := t.matcherTypes(); !slices.Contains(list, defined) {
					t.Errorf("mercure_matcher_types_supported is %q, want %s in it", list, defined)
				}
			}
		},
	},
	{
		ID:    "MATCH-advertise-types",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			advertised := t.matcherTypes()
			for _, name := range advertised {
				t.WantStatus("subscribing with the advertised match_"+name, t.matchBy(name), http.StatusOK)
			}
			for _, name := range []string{"exact", "urlpattern", "uritemplate", "regexp", "regex", "glob", "prefix", "jsonpath"} {
				if !slices.Contains(advertised, name) {
					t.WantStatus("subscribing with match_"+name+", which is not advertised", t.matchBy(name), http.StatusBadRequest)
				}
			}
		},
	},
	{
		ID: "MATCH-type-name-syntax",
		Run: func(t *T) {
			for _, name := range t.matcherTypes() {
				if !matcherTypeName.MatchString(name) {
					t.Errorf("the matcher type %q is not lower-case letters and digits after a letter", name)
				}
			}
		},
	},
	{
		ID:    "MATCH-additional-types",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, name := range t.matcherTypes() {
				if name == "exact" || name == "urlpattern" {
					continue
				}
				// Whatever the type means: a value without special characters
				// that does not match itself would match nothing.
				topic := t.Topic("a")
				s := t.Open(Request{Query: Form("match_"+name, topic), Token: t.SubscriberToken()})
				s.Want("an update whose topic is the value of match_"+name, t.Publish("topic", topic))
			}
		},
	},
	{
		ID:      "DISC-prm-subscriptions",
		Applies: (*T).hasMetadata,
		Run: func(t *T) {
			member, given := t.metadata()["mercure_subscriptions"]
			if given && member != true {
				t.Errorf("mercure_subscriptions is %v, want true, or nothing where there is no such feature", member)
			}
			if api := t.hasAPI(); given != api {
				t.Errorf("mercure_subscriptions is there: %t, but a subscription API is there: %t", given, api)
			}
		},
	},
	{
		ID: "AUTH-401-resource-metadata",
		Run: func(t *T) {
			for what, a := range t.withoutToken() {
				t.WantStatus(what, a, http.StatusUnauthorized)
				t.wantMetadataLink(what, a)
			}
		},
	},
	{
		ID:    "AUTH-challenge-all-metadata",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			ungranted := t.Token(Publisher, Grant{Publish: []string{t.Topic("other")}})
			for what, a := range map[string]*Answer{
				"publishing with a bad token":              t.publishBy(bearer(garbage), t.Topic("a")),
				"subscribing with a bad token":             t.subscribeBy(bearer(garbage), t.Topic("a")),
				"publishing what the token does not grant": t.publishBy(bearer(ungranted), t.Topic("a")),
			} {
				t.WantStatus(what, a, http.StatusUnauthorized, http.StatusForbidden)
				t.wantMetadataLink(what, a)
			}
		},
	},
}

// matchBy subscribes by a matcher type, whatever comes of it.
func (t *T) matchBy(name string) *Answer {
	return t.Do(Request{Query: Form("match_"+name, t.Topic("a")), Token: t.SubscriberToken()})
}
