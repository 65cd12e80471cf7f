package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// list asks the subscription API with a token that grants everything. A path is
// below the hub's, or one of its host where it begins with that.
func (t *T) list(path string) *Answer { return t.listBy(t.SubscriberToken(), path) }

func (t *T) listBy(token, path string) *Answer {
	path, query, _ := strings.Cut(path, "?")
	if !strings.HasPrefix(path, t.hubPath()+"/") {
		path = t.hubPath() + path
	}
	return t.Do(Request{At: path, Query: query, Token: token})
}

// listed requires a document of the API and returns its members.
func (t *T) listed(path string) map[string]any {
	a := t.list(path)
	if a.Status != http.StatusOK {
		t.Fatalf("GET %s: status %d, want 200: %s", path, a.Status, short(a.Body))
	}
	return t.members("GET "+path, a)
}

// items requires a collection and returns its subscriptions, those of further
// pages too.
func (t *T) items(path string) (all []map[string]any) {
	for path != "" {
		a := t.list(path)
		if a.Status != http.StatusOK {
			t.Fatalf("GET %s: status %d, want 200: %s", path, a.Status, short(a.Body))
		}
		var document struct {
			Subscriptions *[]map[string]any `json:"subscriptions"`
		}
		if err := json.Unmarshal([]byte(a.Body), &document); err != nil || document.Subscriptions == nil {
			t.Fatalf("GET %s: %s has no array subscriptions: %v", path, short(a.Body), err)
		}
		all = append(all, *document.Subscriptions...)
		path = t.nextPage(path, a)
	}
	return all
}

// nextPage returns the path and query that an answer links to as the next page,
// "" for none.
func (t *T) nextPage(path string, a *Answer) string {
	link, ok := linkTo(a, "next")
	if !ok {
		return ""
	}
	base, err := url.Parse(path)
	if err != nil {
		t.Fatalf("the path %q: %v", path, err)
	}
	next, err := base.Parse(link.target)
	if err != nil {
		t.Fatalf("GET %s: the link to the next page, %q: %v", path, link.target, err)
	}
	return strings.TrimSuffix(next.EscapedPath()+"?"+next.RawQuery, "?")
}

// subscription opens a stream on a topic of a name and returns the event of its
// subscription.
func (t *T) subscription(name string) change { return t.document(name)[0] }

// parent is the path of the collection that a subscription is in, by its
// matcher.
func (c change) parent() string {
	id := c.text("id")
	return id[:max(0, strings.LastIndexByte(id, '/'))]
}

// A hubLink is a value of a Link field.
type hubLink struct {
	target string
	params map[string]string
}

// linkTo returns the first link of an answer with a relation.
func linkTo(a *Answer, rel string) (hubLink, bool) {
	for _, field := range a.Header.Values("Link") {
		for _, l := range parseLinks(field) {
			for r := range strings.FieldsSeq(l.params["rel"]) {
				if strings.EqualFold(r, rel) {
					return l, true
				}
			}
		}
	}
	return hubLink{}, false
}

// parseLinks takes a Link field apart as RFC 8288, appendix B.2, says. Of what
// it cannot read it gives up the rest.
func parseLinks(s string) (links []hubLink) {
	for {
		s = strings.TrimLeft(s, " \t,")
		target, rest, ok := strings.Cut(strings.TrimPrefix(s, "<"), ">")
		if !ok || !strings.HasPrefix(s, "<") {
			return links
		}
		l := hubLink{target, make(map[string]string)}
		s = strings.TrimLeft(rest, " \t")
		for strings.HasPrefix(s, ";") {
			var name, value string
			name, value, s = cutParam(strings.TrimLeft(s[1:], " \t"))
			if _, given := l.params[name]; !given && name != "" {
				l.params[name] = value
			}
			s = strings.TrimLeft(s, " \t")
		}
		links = append(links, l)
	}
}

// cutParam cuts a parameter, whose value may be a quoted string, off a field.
func cutParam(s string) (name, value, rest string) {
	end := strings.IndexAny(s, "=;,")
	if end < 0 {
		return strings.ToLower(strings.TrimSpace(s)), "", ""
	}
	name, s = strings.ToLower(strings.TrimSpace(s[:end])), s[end:]
	if s[0] != '=' {
		return name, "", s
	}
	if s = strings.TrimLeft(s[1:], " \t"); !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ";,")
		if end < 0 {
			end = len(s)
		}
		return name, strings.TrimSpace(s[:end]), s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
		case s[i] == '"':
			return name, b.String(), s[i+1:]
		}
		b.WriteByte(s[i])
	}
	return name, b.String(), ""
}

// cursorOf returns the cursor that a document of the API goes with: in 1.0 on
// the link to the hub, in 0.x in the document.
func (t *T) cursorOf(a *Answer) string {
	if t.Legacy() {
		cursor, _ := t.members("a document of the subscription API", a)["lastEventID"].(string)
		return cursor
	}
	link, _ := linkTo(a, "mercure")
	return link.params["last-event-id"]
}
