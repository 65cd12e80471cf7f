package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// reservedCases: the namespace that is the hub's own. Hubs compare resolved
// paths, so the values are made of the path of the hub's identifier.
var reservedCases = []Case{
	{
		ID: "PUB-reserved-resolve",
		Run: func(t *T) {
			t.refused(topicForms(t.hubPath(), t.hubPath()+"/subscriptions/x", t.hubPath()+"/", t.hubPath()+"/x")...)
		},
	},
	{
		ID: "PUB-reserved-absolute",
		Run: func(t *T) {
			below := t.hubPath() + "/x"
			t.refused(topicForms(t.hubOrigin()+below, "https://other.example"+below, "foo:"+below, "foo://other.example"+below)...)
		},
	},
	{
		ID: "PUB-reserved-relative",
		Run: func(t *T) {
			_, last := t.splitHubPath()
			t.refused(topicForms(last, "./"+last+"/x", "", "?x", "#general")...)
		},
	},
	{
		ID: "PUB-reserved-decode",
		Run: func(t *T) {
			dir, last := t.splitHubPath()
			t.refused(topicForms(dir + percent(last[:1]) + last[1:] + "/x")...)
			t.accepted(topicForms(dir + "%25" + percent(last[:1])[1:] + last[1:] + "/x")...)
		},
	},
	{
		ID: "PUB-reserved-dots",
		Run: func(t *T) {
			path := t.hubPath()
			dir, last := t.splitHubPath()
			t.refused(topicForms(
				"/a/.."+path+"/x", path+"/../"+last+"/x", dir+"%2e/"+last+"/x",
				"/a/%2E%2e"+path+"/x", "/a/.%2e"+path, dir+"./"+last,
			)...)
		},
	},
	{
		ID: "PUB-reserved-backslash",
		Run: func(t *T) {
			path := t.hubPath()
			t.refused(topicForms(backslashes(path)+`\x`, " "+path+"/x", path+" ", t.hubOrigin()+backslashes(path)+`\x`)...)
		},
	},
	{
		ID: "PUB-reserved-query-part",
		Run: func(t *T) {
			path := t.hubPath()
			t.refused(topicForms(path+"?x", path+"#x", "https://e.x"+path+"?x")...)
			t.accepted(topicForms("https://e.x/?u="+path+"/", "https://e.x/#"+path+"/x")...)
		},
	},
	{
		ID: "PUB-reserved-not-substring",
		Run: func(t *T) {
			path := t.hubPath()
			t.accepted(topicForms(path+"2", path+"-x/y", "/x"+path+"/y", path+"%2Fx")...)
		},
	},
	{
		ID: "PUB-reserved-case",
		Run: func(t *T) {
			dir, last := t.splitHubPath()
			t.accepted(topicForms(dir + capitalize(last) + "/x")...)
		},
	},
	{
		ID: "PUB-reserved-unparseable",
		Run: func(t *T) {
			t.accepted(topicForms("http://[", "http://["+t.hubPath()+"/x")...)
		},
	},
	{
		ID:    "PUB-reserved-custom-path",
		Needs: []Need{Variant("custom_path")},
		Run: func(t *T) {
			t = t.On("custom_path")
			t.refused(topicForms(t.hubPath(), t.hubPath()+"/x", "https://other.example"+t.hubPath()+"/x")...)
			t.accepted(topicForms("/.well-known/mercure/x", "mercure/x")...)
		},
	},
	{
		ID: "PUB-reserved-any-token",
		Run: func(t *T) {
			for _, topic := range []string{"*", t.hubPath() + "/subscriptions/x"} {
				for _, granted := range []string{"*", topic, t.Topic("a")} {
					token := t.Token(Publisher, Grant{Publish: []string{granted}})
					t.WantStatus("publishing "+topic+" with a grant on "+granted, t.Post(token, Form("topic", topic)), http.StatusBadRequest)
				}
			}
		},
	},
}

// hubURL returns the hub's URL, on which it resolves topics. That is its
// identifier, whatever address it is reached at.
func (t *T) hubURL() *url.URL {
	u, err := url.Parse(t.Audience)
	if err != nil {
		t.Fatalf("the hub's identifier: %v", err)
	}
	return u
}

func (t *T) hubPath() string { return t.hubURL().Path }

func (t *T) hubOrigin() string { return t.hubURL().Scheme + "://" + t.hubURL().Host }

// splitHubPath returns the hub's path up to its last slash, and its last
// segment.
func (t *T) splitHubPath() (dir, last string) {
	path := t.hubPath()
	i := strings.LastIndexByte(path, '/') + 1
	return path[:i], path[i:]
}

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func backslashes(path string) string { return strings.ReplaceAll(path, "/", `\`) }

// capitalize writes the first letter of a segment large.
func capitalize(segment string) string { return strings.ToUpper(segment[:1]) + segment[1:] }
