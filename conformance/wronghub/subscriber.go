package wronghub

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
)

// subscriber makes the identifier of a connection.
func (h *Hub) subscriber(r *http.Request, f form, t *token) string {
	n := h.subscribers.Add(1)
	suggested, _ := f.lookup("subscriber")
	switch {
	case suggested != "" && h.is(TakesSubscribersFromURLs):
		return suggested
	case r.Header.Get("Subscriber") != "" && h.is(TakesSubscribersFromHeaders):
		return r.Header.Get("Subscriber")
	case h.is(NumbersSubscribers):
		return fmt.Sprintf("urn:x:subscriber:%d", n)
	case h.is(CallsEveryoneTheSame):
		return "urn:x:subscriber"
	case t != nil && h.is(NamesSubscribersByToken):
		return fmt.Sprintf("urn:x:%x", sha256.Sum256([]byte(t.raw)))
	case t != nil && h.is(NamesSubscribersBySubject):
		return fmt.Sprintf("urn:x:%v", t.subject)
	case h.is(GivesNoIRIs):
		return strings.ReplaceAll(strings.TrimPrefix(newID(), "urn:uuid:"), "-", "")
	}
	return newID()
}

// arrive appends that the subscriptions of a connection begin.
func (h *Hub) arrive(subscriptions []*subscription) {
	if h.is(AnnouncesFirstMatcherOnly) && len(subscriptions) > 0 {
		subscriptions = subscriptions[:1]
	}
	h.announce(subscriptions, true)
	if h.is(AnnouncesTwice) {
		h.announce(subscriptions, true)
	}
}

// depart appends that they end.
func (h *Hub) depart(subscriptions []*subscription, left bool) {
	switch {
	case h.is(AnnouncesNoEnd), !left && h.is(AnnouncesWhoLeftOnly):
		return
	case h.is(AnnouncesFirstMatcherOnly) && len(subscriptions) > 0:
		subscriptions = subscriptions[:1]
	}
	h.announce(subscriptions, false)
}

func (h *Hub) announce(subscriptions []*subscription, active bool) {
	if !h.config.Subscriptions {
		return
	}
	seen := make(map[string]bool)
	for _, s := range subscriptions {
		h.history.append(&update{id: newID(), change: &change{subscription: s, active: active, hidden: seen[s.match]}})
		seen[s.match] = true
	}
}

// subscriptions names what a connection asks for, each once.
func (h *Hub) subscriptionsOf(r *http.Request, f form, gen generation, t *token) []*subscription {
	id := h.subscriber(r, f, t)
	var all []*subscription
	seen := make(map[[2]string]bool)
	for _, field := range f {
		var kind string
		switch {
		case gen == legacy && field.name == "topic":
			if kind = exact; strings.Contains(field.value, "{") {
				kind = template
			}
		case gen == current && hasMatchPrefix(field.name):
			kind, _ = h.matcherType(field.name)
		default:
			continue
		}
		key := [2]string{kind, field.value}
		if h.is(MergesByString) {
			key[0] = ""
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if h.is(NamesEachMatcherAnew) {
			id = newID()
		}
		s := &subscription{gen: gen, kind: kind, match: field.value, subscriber: id}
		if t != nil {
			s.payload, s.hasPayload = h.payload(t, s)
		}
		all = append(all, s)
	}
	return all
}

// A payload is what a detail assigns to the subscriptions it matches.
type payload struct {
	matches []selector
	texts   []string // of the matchers
	value   any      // nil for none
}

// payload returns what the token assigns to a subscription: of the first detail
// that matches its matcher, as if that were a topic.
func (h *Hub) payload(t *token, s *subscription) (value any, ok bool) {
	if !t.current {
		return t.legacyPayload, t.hasLegacyPayload
	}
	for _, p := range t.payloads {
		switch {
		case p.value == nil && h.is(SkipsDetailsWithoutPayload):
			continue
		case h.is(ComparesPayloadMatchers):
			p.matches = nil
			for _, text := range p.texts {
				p.matches = append(p.matches, func(topic string) bool { return topic == text || text == "*" })
			}
		}
		if _, parses := parseAddress(s.match, h.resource); !parses && h.is(AssignsPayloadsToURLsOnly) {
			continue
		}
		if anyMatches(p.matches, s.match) {
			value = p.value
			if !h.is(TakesLastPayload) {
				break
			}
		}
	}
	return value, value != nil
}
