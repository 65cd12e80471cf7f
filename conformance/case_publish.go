package main

import (
	"mime"
	"net/http"
	"slices"
	"strings"
)

// publishCases: publish requests, their fields and what becomes of them.
var publishCases = slices.Concat(
	publishCoreCases,
	publishFormCases,
	publishTopicCases,
	reservedCases,
	publishIDCases,
	publishFieldCases,
	publishPrivateCases,
	refusedPublishCases,
)

// publishCoreCases: a publish, its answer and its dispatch.
var publishCoreCases = []Case{
	{
		ID: "PUB-post",
		Run: func(t *T) {
			t.succeeds("a POST with a publisher's token", t.publishOne())
		},
	},
	{
		ID:    "PUB-dispatch",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			id := t.Publish("topic", topic, "data", "hello")
			if e := s.Next(); e.ID != id || e.Data != "hello" {
				t.Errorf("the event has id %q and data %q, want %q and %q", e.ID, e.Data, id, "hello")
			}
		},
	},
	{
		ID: "PUB-200",
		Run: func(t *T) {
			t.WantStatus("a publish", t.publishOne(), http.StatusOK)
		},
	},
	{
		ID: "PUB-0x-success",
		Run: func(t *T) {
			t.succeeds("a publish", t.publishOne())
		},
	},
	{
		ID:    "PUB-body-id",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			for _, form := range []string{
				Form("topic", topic, "data", "x"),
				Form("topic", topic, "data", "x", "id", "urn:conformance:"+t.run),
			} {
				a := t.Post(t.PublisherToken(), form)
				t.succeeds("publishing "+form, a)
				if e := s.Next(); a.Body != e.ID {
					t.Errorf("publishing %s: the body is %q, want exactly the event's id %q", form, short(a.Body), e.ID)
				}
			}
		},
	},
	{
		ID: "PUB-content-type",
		Run: func(t *T) {
			given := t.publishOne().Header.Get("Content-Type")
			media, params, err := mime.ParseMediaType(given)
			if err != nil || media != "text/plain" || !strings.EqualFold(params["charset"], "utf-8") {
				t.Errorf("Content-Type %q, want text/plain; charset=utf-8", given)
			}
		},
	},
	{
		ID: "PUB-0x-content-type",
		Run: func(t *T) {
			given := t.publishOne().Header.Get("Content-Type")
			if media, _, err := mime.ParseMediaType(given); err != nil || media != "text/plain" {
				t.Errorf("Content-Type %q, want text/plain", given)
			}
		},
	},
	{
		ID:    "PUB-authorized",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			t.WantStatus("publishing without credentials", t.Post("", Form("topic", topic, "data", "x")), http.StatusUnauthorized)
			s.Silent("a publish without credentials", topic)
		},
	},
}

// publishOne publishes an update on a topic of the run's own.
func (t *T) publishOne() *Answer {
	return t.Post(t.PublisherToken(), Form("topic", t.Topic("a"), "data", "x"))
}

// succeeds asserts that a publish was answered with any success status, which
// is all that 0.x asks.
func (t *T) succeeds(what string, a *Answer) {
	if a.Status < 200 || a.Status > 299 {
		t.Errorf("%s: status %d, want a success; body: %s", what, a.Status, short(a.Body))
	}
}

// accepted publishes forms, as written on the wire, with a token that may
// publish everything, and asserts that each is answered with 200.
func (t *T) accepted(forms ...string) {
	for _, form := range forms {
		t.WantStatus("publishing "+short(form), t.Post(t.PublisherToken(), form), http.StatusOK)
	}
}

// refused is like accepted, and asserts that each is answered with 400.
func (t *T) refused(forms ...string) {
	for _, form := range forms {
		t.WantStatus("publishing "+short(form), t.Post(t.PublisherToken(), form), http.StatusBadRequest)
	}
}

// beside returns a form for each field, written as on the wire, with which it
// is published on a topic of the run's own.
func (t *T) beside(fields ...string) []string {
	forms := make([]string, len(fields))
	for i, field := range fields {
		forms[i] = Form("topic", t.Topic("a")) + "&" + field
	}
	return forms
}

// topicForms returns a form for each topic.
func topicForms(topics ...string) []string {
	forms := make([]string, len(topics))
	for i, topic := range topics {
		forms[i] = Form("topic", topic, "data", "x")
	}
	return forms
}
