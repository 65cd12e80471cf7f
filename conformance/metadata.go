package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// metadataPrefix stands before a hub's path in the path of its metadata.
const metadataPrefix = "/.well-known/oauth-protected-resource"

// askMetadata asks for the metadata document, whatever comes of it.
func (t *T) askMetadata() *Answer { return t.Do(Request{At: metadataPrefix + t.hubPath()}) }

// hasMetadata reports whether the hub publishes the optional document.
func (t *T) hasMetadata() bool { return t.askMetadata().Status != http.StatusNotFound }

// metadata requires the document and returns its members.
func (t *T) metadata() map[string]any {
	a := t.askMetadata()
	if a.Status != http.StatusOK {
		t.Fatalf("asking for the metadata: status %d, want 200", a.Status)
	}
	return t.members("the metadata", a)
}

func (t *T) members(what string, a *Answer) map[string]any {
	var members map[string]any
	if err := json.Unmarshal([]byte(a.Body), &members); err != nil || members == nil {
		t.Fatalf("%s: %s is not a JSON object: %v", what, short(a.Body), err)
	}
	return members
}

// metadataList returns a member of the document that is a list of strings;
// given tells whether it is there.
func (t *T) metadataList(name string) (list []string, given bool) {
	member, given := t.metadata()[name]
	if !given {
		return nil, false
	}
	items, ok := member.([]any)
	for _, item := range items {
		text, isText := item.(string)
		list, ok = append(list, text), ok && isText
	}
	if !ok {
		t.Fatalf("the metadata member %s is %v, want an array of strings", name, member)
	}
	return list, true
}

// matcherTypes returns the types that the hub advertises; without the member
// those are the two that the protocol defines.
func (t *T) matcherTypes() []string {
	if list, given := t.metadataList("mercure_matcher_types_supported"); given {
		return list
	}
	return []string{"exact", "urlpattern"}
}

// wantMetadataLink asserts that the challenge of an answer leads to the
// document. The URL is on the host that the hub is known by, which need not be
// where it was reached.
func (t *T) wantMetadataLink(what string, a *Answer) {
	link, given := t.wantAnyChallenge(what, a)["resource_metadata"]
	if !given {
		t.Errorf("%s: the challenge %q has no resource_metadata", what, a.Header.Values("WWW-Authenticate"))
		return
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		t.Errorf("%s: resource_metadata is %q, want an absolute URL", what, link)
		return
	}
	if answer := t.Do(Request{At: u.EscapedPath()}); answer.Status != http.StatusOK {
		t.Errorf("%s: resource_metadata is %q, where the status is %d, want 200", what, link, answer.Status)
	} else if t.members("what resource_metadata names", answer)["resource"] == nil {
		t.Errorf("%s: resource_metadata is %q, where there is no document with a resource: %s", what, link, short(answer.Body))
	}
}

// cookieAuthorizes reports whether a token in a cookie of this name counts: a
// wrong one is refused, also where strangers may subscribe.
func (t *T) cookieAuthorizes(name string) bool {
	a := t.subscribeBy(http.Header{"Cookie": {name + "=" + garbage}}, t.Topic("a"))
	return a.Status == http.StatusUnauthorized
}

// cookieName returns the name of the advertised cookie, "" for none.
func (t *T) cookieName() string {
	member, given := t.metadata()["mercure_cookie"]
	name, ok := member.(string)
	if given && (!ok || name == "" || strings.ContainsAny(name, " ;=")) {
		t.Fatalf("mercure_cookie is %v, want the name of a cookie", member)
	}
	return name
}
