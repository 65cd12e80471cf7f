package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer that should be short.
const maxAnswer = 1 << 20

// A Request is one HTTP request to the hub. Query and body go out byte for
// byte as they are written here.
type Request struct {
	Method string // default GET
	Path   string // appended to the hub's path; "/…" of its own when it starts with two slashes is not supported
	At     string // a path of the hub's host, instead of the hub's own
	Query  string // raw
	Form   string // raw body, sent as application/x-www-form-urlencoded
	Body   string // raw body of another type
	Type   string // Content-Type; "-" sends none

	Token  string      // sent as Authorization: Bearer
	Header http.Header // further fields, which win
}

// An Answer is the whole response to a request that is no stream.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Form encodes names and values alternately, as browsers do.
func Form(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(pairs[i]))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(pairs[i+1]))
	}
	return b.String()
}

// send makes the request and returns the response with its body unread.
func (t *T) send(r Request) *http.Response {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	target := t.Hub + r.Path
	if r.At != "" {
		target = strings.TrimSuffix(t.Hub, t.hubPath()) + r.At
	}
	if r.Query != "" {
		target += "?" + r.Query
	}
	body, contentType := r.Body, r.Type
	if r.Form != "" || body == "" && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
		body = r.Form
		if contentType == "" {
			contentType = "application/x-www-form-urlencoded"
		}
	}
	var reader io.Reader
	if body != "" || contentType != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.ctx, r.Method, target, reader)
	if err != nil {
		t.Fatalf("making the request %s %s: %v", r.Method, target, err)
	}
	req.Header.Set("User-Agent", "mercure-conformance")
	if contentType != "" && contentType != "-" {
		req.Header.Set("Content-Type", contentType)
	}
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	for name, values := range r.Header {
		req.Header[name] = slices.Clone(values)
	}
	resp, err := t.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, short(target), err)
	}
	t.step("%s %s %s → %d", r.Method, short(target), short(body), resp.StatusCode)
	return resp
}

// Do makes a request and returns its answer.
func (t *T) Do(r Request) *Answer {
	resp := t.send(r)
	defer resp.Body.Close()
	type read struct {
		body []byte
		err  error
	}
	done := make(chan read, 1)
	if resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") && r.Method != http.MethodHead {
		return &Answer{Status: resp.StatusCode, Header: resp.Header} // a stream has no end to wait for
	}
	go func() {
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		done <- read{body, err}
	}()
	select {
	case got := <-done:
		if got.err != nil {
			t.Fatalf("reading the answer to %s: %v", r.Method, got.err)
		}
		return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(got.body)}
	case <-time.After(t.Patience):
		t.Fatalf("the answer to %s did not end within %v", r.Method, t.Patience)
		return nil
	}
}

// Post publishes a raw form with a token, whatever comes of it.
func (t *T) Post(token, form string) *Answer {
	return t.Do(Request{Method: http.MethodPost, Token: token, Form: form})
}

// Publish publishes names and values with a token that may publish everything,
// requires success and returns the id.
func (t *T) Publish(pairs ...string) string {
	a := t.Post(t.PublisherToken(), Form(pairs...))
	if a.Status != http.StatusOK {
		t.Fatalf("publishing %q: status %d, want 200: %s", pairs, a.Status, short(a.Body))
	}
	if a.Body == "" {
		t.Fatalf("publishing %q: the body is empty, want the id", pairs)
	}
	return a.Body
}

// Cookie returns the field that presents a token in the judged generation's
// cookie.
func (t *T) Cookie(token string) http.Header {
	name := "__Secure-mercure_access_token"
	if t.Legacy() {
		name = "mercureAuthorization"
	}
	return http.Header{"Cookie": {name + "=" + token}}
}

// WantStatus asserts the status of an answer, one of several.
func (t *T) WantStatus(what string, a *Answer, statuses ...int) {
	if !slices.Contains(statuses, a.Status) {
		t.Errorf("%s: status %d, want %s; body: %s", what, a.Status, oneOf(statuses), short(a.Body))
	}
}

func oneOf(statuses []int) string {
	words := make([]string, len(statuses))
	for i, s := range statuses {
		words[i] = fmt.Sprint(s)
	}
	return strings.Join(words, " or ")
}

// short keeps messages readable.
func short(s string) string {
	if len(s) > 160 {
		return s[:160] + "…"
	}
	return s
}
