package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// A Subscription says that a connection listens with one selector, or has
// ceased to. It is what subscription events and the subscription API are about,
// in both generations: [Subscription.Topic] and [Subscription.AppendDocument]
// show it as one of them does.
type Subscription struct {
	subscriber SubscriberID
	matchType  string
	match      string
	payload    string // compact JSON, "" for none
	active     bool
	hidden     bool // from 0.x
}

// NewSubscriptions makes the subscriptions of a connection that begins to
// listen, one for each distinct pair of matcher type and string, active. The
// payload of each, any JSON value, is what payloadFor returns for its string; a
// nil func means none.
//
// Protocol 0.x has no matcher types: of those on the same string it is shown the
// first alone (differences C7).
func NewSubscriptions(id SubscriberID, selectors []*Selector, payloadFor func(match string) (json.RawMessage, bool)) ([]*Subscription, error) {
	type pair struct{ matchType, match string }
	seen := make(map[pair]bool, len(selectors))
	strings := make(map[string]bool, len(selectors))
	made := make([]*Subscription, 0, len(selectors))
	for _, selector := range selectors {
		is := pair{selector.MatchType(), selector.String()}
		if seen[is] {
			continue
		}
		s := &Subscription{subscriber: id, matchType: is.matchType, match: is.match, active: true, hidden: strings[is.match]}
		seen[is], strings[is.match] = true, true
		if payloadFor != nil {
			if payload, ok := payloadFor(is.match); ok {
				compact, err := compactJSON(payload)
				if err != nil {
					return nil, fmt.Errorf("the payload of the subscription to %q: %w", clip(is.match), err)
				}
				s.payload = compact
			}
		}
		made = append(made, s)
	}
	return made, nil
}

func compactJSON(value []byte) (string, error) {
	if !utf8.Valid(value) {
		return "", errors.New("it is not UTF-8")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Ended returns the same subscription when its connection is over.
func (s *Subscription) Ended() *Subscription {
	ended := *s
	ended.active = false
	return &ended
}

// Subscriber returns whose it is.
func (s *Subscription) Subscriber() SubscriberID { return s.subscriber }

// MatchType returns the matcher type in 1.0's words: exact, urlpattern, or
// uritemplate for a 0.x selector with template expressions.
func (s *Subscription) MatchType() string { return s.matchType }

// Match returns the selector as the subscriber wrote it. That of a 0.x
// subscriber is not necessarily UTF-8.
func (s *Subscription) Match() string { return s.match }

// Active reports whether the connection still listens.
func (s *Subscription) Active() bool { return s.active }

// Shows reports whether a generation is shown this subscription at all.
func (s *Subscription) Shows(g Generation) bool { return g == Current || !s.hidden }

// payloadIn returns the payload as one generation may see it: that of 1.0 is an
// object (differences C7).
func (s *Subscription) payloadIn(g Generation) string {
	if g == Current && s.payload != "" && s.payload[0] != '{' {
		return ""
	}
	return s.payload
}
