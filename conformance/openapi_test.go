package main

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
)

const customPath = "/app/hub" // of the variant

// unseen are described answers that the suite does not provoke, with the
// reason.
var unseen = map[string]string{
	"500":       "nothing known leads to it",
	"408":       "takes 30 seconds; TestHostile waits for it",
	"POST 503":  "needs a history that fails: hub/publish_test.go",
	" 503":      "needs a hub short of descriptors or memory, or a crowd of bodies: hub/overload_test.go",
	"HEAD 429":  "a HEAD takes no place",
	"QUERY 429": "as for GET",
	"HEAD /.well-known/oauth-protected-resource/.well-known/mercure 404": "as for GET",
}

// TestOpenAPI runs the suite and holds every answer against spec/openapi.yaml,
// and every answer described there against those that were seen.
func TestOpenAPI(t *testing.T) {
	raw, err := os.ReadFile("../spec/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := yaml.Unmarshal(raw, &root); err != nil {
		t.Fatalf("spec/openapi.yaml: %v", err)
	}
	seen := &onlooker{api: description{root, root}, wrong: map[string]string{}, answers: map[string]bool{}}
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	all := common().with(settings{"anonymous": "", "subscriptions": ""})
	target := &Target{
		Hub:          serve(t, all).URL(),
		PublisherKey: testPublisherKey, SubscriberKey: testSubscriberKey,
		Issuer: testIssuer, Audience: testAudience,
		Anonymous: true, CORSOrigin: testOrigin, PublishOrigin: testOrigin,
		MaxBody: 4 << 20, MaxTopics: 100, MaxMatchers: 100,
		Variants: variants(t, "", directly), watch: seen.watch,
	}
	if err := target.complete(); err != nil {
		t.Fatal(err)
	}
	plan := Plan{Target: target, Catalogue: catalogue, Cases: cases(), Strict: true, Parallel: 8}
	plan.Run(t.Context()) // whether they pass is judged elsewhere
	for _, gen := range []string{legacy, current} {
		as(t, target, gen, (*T).callsEverything)
	}
	legacyOnly := &Target{Hub: serve(t, without(common(), "subscriptions").with(settings{"protocols": legacy})).URL(), PublisherKey: testPublisherKey, Issuer: testIssuer, watch: seen.watch}
	if err := legacyOnly.complete(); err != nil {
		t.Fatal(err)
	}
	as(t, legacyOnly, legacy, func(t *T) {
		t.Do(Request{At: "/.well-known/oauth-protected-resource/.well-known/mercure"})
		t.Do(Request{Method: http.MethodHead, Path: "/subscriptions"}) // which this hub does not have
	})

	seen.mu.Lock()
	defer seen.mu.Unlock()
	for what, why := range seen.wrong {
		t.Errorf("%s: %s", what, why)
	}
	for _, what := range seen.described() {
		if !seen.answers[what] && !excused(what) {
			t.Errorf("%s is described and was not seen", what)
		}
	}
	t.Logf("%d kinds of answers", len(seen.answers))
}

// callsEverything makes requests that no case needs.
func (t *T) callsEverything() {
	publisher, subscriber := t.PublisherToken(), t.SubscriberToken()
	subscribed := t.Subscribe(subscriber, t.Topic("a/b"))
	defer subscribed.Close()
	one := "/exact/"
	if t.Legacy() {
		one = "/"
	}
	list := "/subscriptions"
	topic := list + one + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(t.Topic("a/b"))
	var document struct {
		Subscriptions []struct {
			ID string `json:"id"`
		} `json:"subscriptions"`
	}
	a := t.Do(Request{Path: topic, Token: subscriber})
	if err := json.Unmarshal([]byte(a.Body), &document); err != nil || len(document.Subscriptions) != 1 {
		t.Fatalf("SUBS-api-paths: %s: %d %s, want the list of one subscription", topic, a.Status, a.Body)
	}
	single := strings.TrimPrefix(document.Subscriptions[0].ID, t.hubPath())
	weak := t.Token(Subscriber, Grant{Subscribe: []string{t.Topic("other")}})
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, path := range []string{list, topic, single} {
			for _, r := range []Request{
				{Token: subscriber},
				{Token: subscriber, Header: http.Header{"If-None-Match": {"*"}}},
				{Token: subscriber, Query: "after=nowhere"},
				{Token: subscriber, Body: strings.Repeat("a", 5000), Type: "text/plain"}, // more than is skipped
				{Token: weak}, {}, {Token: "garbage"},
			} {
				r.Method, r.Path = method, path
				t.Do(r)
			}
		}
		for _, path := range []string{list + "/a/b/c/d/e", list + "/exact/nobody/me", list + "/nobody", list + "/", list + "/nobody/me"} {
			t.Do(Request{Method: method, Path: path, Token: subscriber})
		}
		t.Do(Request{Method: method, At: "/nothing"})
		t.Do(Request{Method: method})
		t.Do(Request{Method: method, Query: t.Topics("a"), Token: "garbage"})
		t.Do(Request{Method: method, Query: t.Topics("a")})
	}
	for _, data := range []string{"once", "once", "other"} {
		t.Do(Request{Method: http.MethodPost, Form: Form("topic", t.Topic("a"), "data", data), Token: publisher, Header: http.Header{"Idempotency-Key": {"k"}}})
	}
	t.Do(Request{Method: http.MethodPost, Token: publisher, Form: "topic=a", Header: http.Header{"Prefer": {"cinnabar-matched"}}})
	if !t.Legacy() {
		t.Do(Request{Method: "QUERY", Form: t.Topics("a"), Token: "garbage"})
	}
	others := []string{"/healthz", "/.well-known/oauth-protected-resource/.well-known/mercure"}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodDelete} {
		for _, at := range append(others, t.hubPath(), t.hubPath()+list, t.hubPath()+topic, t.hubPath()+single) {
			t.Do(Request{Method: method, At: at, Token: publisher})
		}
	}
}

// excused reports whether there is a reason not to have seen an answer.
func excused(what string) bool {
	method, rest, _ := strings.Cut(what, " ")
	status := rest[strings.LastIndex(rest, " ")+1:]
	for _, name := range []string{what, status, method + " " + status, " " + status} {
		if unseen[name] != "" {
			return true
		}
	}
	return false
}

// An onlooker judges the answers to all requests by a description.
type onlooker struct {
	api description

	mu      sync.Mutex
	wrong   map[string]string // by kind of answer, the last that was wrong
	answers map[string]bool   // kinds seen: method, path, status
}

func (o *onlooker) watch(next http.RoundTripper) http.RoundTripper { return watched{o, next} }

type watched struct {
	*onlooker
	next http.RoundTripper
}

func (w watched) CloseIdleConnections() {
	w.next.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err == nil {
		w.saw(r, resp)
	}
	return resp, err
}

// saw judges the head of an answer, and sees to its body's being judged when
// it was read to its end.
func (o *onlooker) saw(r *http.Request, resp *http.Response) {
	path := strings.Replace(r.URL.EscapedPath(), customPath, "/.well-known/mercure", 1)
	response, kind, ok := o.find(r.Method, path, resp.StatusCode)
	if !ok {
		o.note(kind, "is not described")
		return
	}
	o.mu.Lock()
	o.answers[kind] = true
	o.mu.Unlock()
	headers, _ := response.at("headers")
	for _, name := range headers.below() {
		header, _ := headers.at(name)
		values := resp.Header.Values(name)
		if len(values) == 0 {
			if header.node["required"] == true {
				o.note(kind, "lacks the header "+name)
			}
			continue
		}
		schema, _ := header.at("schema")
		for _, wrong := range schema.judge(name, strings.Join(values, ", ")) {
			o.note(kind, wrong)
		}
	}
	content, ok := response.at("content")
	given := resp.Header.Get("Content-Type")
	if !ok {
		if given != "" {
			o.note(kind, "has content of type "+given+", which is not described")
		}
		return
	}
	media, ok := content.media(given)
	if !ok {
		o.note(kind, fmt.Sprintf("is of type %q, which is not described", given))
		return
	}
	if schema, ok := media.at("schema"); ok && r.Method != http.MethodHead && !strings.HasPrefix(given, "text/event-stream") {
		resp.Body = &judgedBody{ReadCloser: resp.Body, end: func(body string) {
			for _, wrong := range schema.judgeBody(given, body) {
				o.note(kind, wrong)
			}
		}}
	}
}

func (o *onlooker) note(kind, wrong string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrong[kind] = wrong
}

// media finds a media type with the parameters it is described with.
func (d description) media(given string) (description, bool) {
	name, parameters, err := mime.ParseMediaType(given)
	if err != nil {
		return d, false
	}
	return d.at(mime.FormatMediaType(name, parameters))
}

func (d description) judgeBody(media, body string) []string {
	var value any = body
	if strings.Contains(media, "json") {
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			return []string{"is no JSON: " + err.Error()}
		}
	}
	return d.judge("body", value)
}

// operationOf is where a path describes a method.
func operationOf(method string) string {
	if method == "QUERY" {
		return "x-query"
	}
	return strings.ToLower(method)
}

// find returns how an answer is described, and its kind.
func (o *onlooker) find(method, path string, status int) (response description, kind string, ok bool) {
	template, item, ok := o.path(path)
	if !ok {
		response, _ := o.api.at("x-other-paths")
		return response, method + " elsewhere " + strconv.Itoa(status), status == http.StatusNotFound
	}
	kind = method + " " + template + " " + strconv.Itoa(status)
	operation, ok := item.at(operationOf(method))
	if !ok {
		response, ok := item.at("x-other-methods")
		return response, kind, ok && status == http.StatusMethodNotAllowed
	}
	responses, _ := operation.at("responses")
	response, ok = responses.at(strconv.Itoa(status))
	return response, kind, ok
}

// path finds the description of a path.
func (o *onlooker) path(path string) (template string, item description, ok bool) {
	paths, _ := o.api.at("paths")
	segments := strings.Split(path, "/")
	for _, template := range paths.below() {
		parts := strings.Split(template, "/")
		fits := len(parts) == len(segments)
		for i := 0; fits && i < len(parts); i++ {
			fits = parts[i] == segments[i] || strings.HasPrefix(parts[i], "{")
		}
		if fits {
			item, _ := paths.at(template)
			return template, item, true
		}
	}
	return "", description{}, false
}

// described returns every kind of answer.
func (o *onlooker) described() (kinds []string) {
	paths, _ := o.api.at("paths")
	for _, template := range paths.below() {
		item, _ := paths.at(template)
		for _, method := range []string{"GET", "HEAD", "QUERY", "POST", "OPTIONS"} {
			operation, _ := item.at(operationOf(method))
			responses, _ := operation.at("responses")
			for _, status := range responses.below() {
				kinds = append(kinds, method+" "+template+" "+status)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}

// A judgedBody tells what was read when there is no more.
type judgedBody struct {
	io.ReadCloser
	read []byte
	end  func(body string)
}

func (b *judgedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read = append(b.read, p[:n]...)
	if err == io.EOF && b.end != nil {
		b.end(string(b.read))
		b.end = nil
	}
	return n, err
}
