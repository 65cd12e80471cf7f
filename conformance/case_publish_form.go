package main

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
)

// publishFormCases: the encoding of a publish request.
var publishFormCases = []Case{
	{
		ID:    "PUB-form-refused",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.otherEncodings(func(what string, a *Answer) {
				t.WantStatus(what, a, http.StatusBadRequest, http.StatusUnsupportedMediaType)
			})
		},
	},
	{
		ID:    "PUB-0x-form-refused",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.otherEncodings(func(what string, a *Answer) {
				if a.Status < 400 || a.Status > 499 {
					t.Errorf("%s: status %d, want one from 400 to 499", what, a.Status)
				}
			})
		},
	},
	{
		ID: "PUB-form-charset-param",
		Run: func(t *T) {
			for _, contentType := range []string{
				"Application/X-WWW-Form-Urlencoded; charset=utf-8",
				"application/x-www-form-urlencoded;charset=UTF-8",
				"application/x-www-form-urlencoded; charset=\"utf-8\"",
			} {
				a := t.Do(Request{Method: http.MethodPost, Token: t.PublisherToken(), Type: contentType, Form: Form("topic", t.Topic("a"))})
				t.WantStatus("publishing with Content-Type "+contentType, a, http.StatusOK)
			}
		},
	},
	{
		ID: "PUB-utf8-names-values",
		Run: func(t *T) {
			t.refused(t.beside("data=%FF", "%FF=x", "id=a%FF", "type=a%E2%82", "retry=%FF", "private=%C0%AF")...)
			t.accepted(t.beside("data=%C3%A9")...)
		},
	},
	{
		ID: "PUB-unknown-fields",
		Run: func(t *T) {
			t.accepted(t.beside("data=x&foo=bar&match=z")...)
		},
	},
}

// otherEncodings publishes one update in encodings that are no form, has each
// answer checked, and asserts that nothing is dispatched.
func (t *T) otherEncodings(check func(what string, a *Answer)) {
	topic := t.Topic("a")
	s := t.Subscribe(t.SubscriberToken(), topic)
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	_ = w.WriteField("topic", topic) // into memory
	_ = w.WriteField("data", "multipart")
	_ = w.Close()
	form := Form("topic", topic, "data", "form")
	for _, r := range []Request{
		{Type: "application/json", Body: fmt.Sprintf(`{"topic":%q,"data":"json"}`, topic)},
		{Type: "application/json", Body: form},
		{Type: "text/plain", Body: form},
		{Type: w.FormDataContentType(), Body: parts.String()},
	} {
		r.Method, r.Token = http.MethodPost, t.PublisherToken()
		check(fmt.Sprintf("publishing %s as %s", short(r.Body), r.Type), t.Do(r))
	}
	s.Silent("publishes in other encodings", topic)
}
