package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ifThere makes cases apply where the hub has what a method reports, and need a
// subscriber's key.
func ifThere(has func(*T) bool, all ...Case) []Case {
	for i := range all {
		if all[i].By == nil {
			all[i].Applies = has
			all[i].Needs = append(all[i].Needs, SubscriberKey)
		}
	}
	return all
}

// hasPresence reports whether the hub says that it has active subscriptions,
// or has an API that lists them.
func (t *T) hasPresence() bool {
	if !t.Legacy() && t.hasMetadata() && t.metadata()["mercure_subscriptions"] == true {
		return true
	}
	return t.hasAPI()
}

// A change is the event that says that a subscription began or ended.
type change struct {
	Event
	doc map[string]any // nil when the data is no JSON object
}

// text returns a member of the document that should be a string.
func (c change) text(name string) string {
	s, _ := c.doc[name].(string)
	return s
}

// is reports whether active has a value.
func (c change) is(active bool) bool { return c.doc["active"] == active }

// about reports whether the matcher or selector of a change is one.
func (c change) about(matcher string) bool {
	return c.text("match") == matcher || c.text("topic") == matcher
}

// An observer follows subscription events. Other cases subscribe at the same
// time, so it looks only at those whose document names the run, and at those of
// subscribers it has seen there. As EventSource does, it comes back when its
// stream ends.
type observer struct {
	t        *T
	stream   *Stream
	request  Request
	sentinel string
	last     string   // id of the last event
	waiting  []change // that nobody asked for yet
}

// observe opens an observer of all subscriptions with a token that may read
// everything.
func (t *T) observe() *observer { return t.observeWith(t.SubscriberToken()) }

// observeWith is observe with another token.
func (t *T) observeWith(token string) *observer { return t.observeBy(Request{Token: token}) }

// observeAfter is observe from a cursor on.
func (t *T) observeAfter(cursor string) *observer {
	return t.observeBy(Request{Token: t.SubscriberToken(), Header: http.Header{"Last-Event-Id": {cursor}}})
}

func (t *T) observeBy(r Request) *observer {
	// Its topic must not name the run: the observer would take itself for
	// somebody observed.
	o := &observer{t: t, sentinel: "https://example.com/sentinel/" + reversed(t.run)}
	o.request = r
	o.request.Query = t.allSubscriptions() + "&" + t.Topics(o.sentinel)
	o.stream = t.Open(o.request)
	return o
}

// allSubscriptions is the query that subscribes to the events of all.
func (t *T) allSubscriptions() string {
	if t.Legacy() {
		return Form("topic", t.hubPath()+"/subscriptions/{topic}/{subscriber}", "topic", t.hubPath()+"/subscriptions/{+rest}")
	}
	return Form("match_urlpattern", t.hubPath()+"/subscriptions/*")
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// add notes an event, if it is one of a subscription.
func (o *observer) add(e Event) {
	o.last = e.ID
	c := change{Event: e}
	if json.Unmarshal([]byte(e.Data), &c.doc) != nil {
		c.doc = nil
	}
	if c.doc != nil || strings.Contains(e.Data, o.t.run) {
		o.waiting = append(o.waiting, c)
	}
}

// await returns the next n changes of a kind, and ends the run when they do not
// come.
func (o *observer) await(what string, n int, of func(change) bool) []change {
	var found []change
	deadline := time.After(o.t.Patience)
	for {
		rest := o.waiting[:0]
		for _, c := range o.waiting {
			if len(found) < n && of(c) {
				found = append(found, c)
			} else {
				rest = append(rest, c)
			}
		}
		o.waiting = rest
		if len(found) == n {
			return found
		}
		select {
		case e, ok := <-o.stream.events:
			if ok {
				o.add(e)
				break
			}
			if o.last == "" {
				o.t.Fatalf("%s: the observer's stream ended before an event", what)
			}
			again := o.request
			again.Header = http.Header{"Last-Event-Id": {o.last}}
			o.stream = o.t.Open(again)
		case <-deadline:
			o.t.Fatalf("%s: %d subscription events came within %v, want %d", what, len(found), o.t.Patience, n)
		}
	}
}

// began awaits the events of n subscriptions of the run that begin.
func (o *observer) began(what string, n int) []change {
	return o.await(what, n, func(c change) bool { return strings.Contains(c.Data, o.t.run) && !c.is(false) })
}

// ended awaits the events of n subscriptions of the run that end.
func (o *observer) ended(what string, n int) []change {
	return o.await(what, n, func(c change) bool { return strings.Contains(c.Data, o.t.run) && c.is(false) })
}

// begins opens a stream and returns it with the event of its one subscription.
func (o *observer) begins(r Request) (*Stream, change) {
	s := o.t.Open(r)
	return s, o.began("opening a stream with "+short(r.Query+r.Form), 1)[0]
}

// subscribes opens a stream on topics and returns the events of its
// subscriptions.
func (o *observer) subscribes(topics ...string) (*Stream, []change) {
	s := o.t.Subscribe(o.t.SubscriberToken(), topics...)
	return s, o.began("opening a stream on "+strings.Join(topics, " and "), len(topics))
}

// matching opens a stream by a 1.0 matcher beside one that names the run, and
// returns the event of the first.
func (o *observer) matching(name, matcher string) change {
	beside := o.t.Topic("beside")
	o.t.Open(Request{Token: o.t.SubscriberToken(), Query: Form(name, matcher, "match", beside)})
	what := "opening a stream with " + name + "=" + short(matcher)
	by := o.await(what, 1, func(c change) bool { return c.about(beside) && c.is(true) })[0].text("subscriber")
	return o.await(what, 1, func(c change) bool {
		return c.text("subscriber") == by && c.is(true) && !c.about(beside)
	})[0]
}

// ofRun returns the waiting changes that name the run.
func (o *observer) ofRun() (all []change) {
	for _, c := range o.waiting {
		if strings.Contains(c.Data, o.t.run) {
			all = append(all, c)
		}
	}
	return all
}

// none asserts that no subscription event that names the run comes before a
// sentinel.
func (o *observer) none(what string) {
	for _, e := range o.stream.Until(o.sentinel) {
		o.add(e)
	}
	for _, c := range o.ofRun() {
		o.t.Errorf("%s: there is the subscription event %s, want none", what, short(c.Data))
	}
}

// expanded encodes a variable as RFC 6570 does in simple expansion.
func expanded(s string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// subscriptionPath is the path that a subscription of the judged generation
// should have. matchType is for 1.0 alone.
func (t *T) subscriptionPath(matchType, matcher, subscriber string) string {
	path := t.hubPath() + "/subscriptions/"
	if !t.Legacy() {
		path += matchType + "/"
	}
	return path + expanded(matcher) + "/" + expanded(subscriber)
}
