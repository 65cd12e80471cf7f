package wronghub

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A subscription is one matcher of one connection.
type subscription struct {
	gen        generation // by which it was asked for
	kind       string     // exact, urlPattern, or template
	match      string
	subscriber string
	payload    any
	hasPayload bool
}

// template is the type of a 0.x selector that has expressions; there is no such
// type in 1.0, where it is not shown.
const template = "template"

// A change is the beginning or the end of a subscription.
type change struct {
	*subscription
	active bool
	hidden bool // from 0.x: its connection has another one on the same string
}

// rendered returns an update as observers of a generation see it: what was
// published is the same for both, a change is a document of their own. It is
// nil where there is nothing to see.
func (h *Hub) rendered(u *update, gen generation) *update {
	if u.change == nil {
		return u
	}
	if !u.change.visible(gen) {
		return nil
	}
	r := &update{topics: []string{h.subscriptionTopic(u.change, gen)}, id: u.id, private: !h.is(AnnouncesToEverybody)}
	document := h.document(u.change, gen)
	if h.is(NamesEventInDocument) {
		document["id"] = u.id
	}
	r.data = encode(document)
	if h.is(WritesDocumentsAsForms) {
		r.data = fmt.Sprintf("match=%s&active=%t", u.change.match, u.change.active)
	}
	if gen == current && !h.is(OmitsMercureType) || gen == legacy && h.is(TypesLegacyEvents) {
		r.kind = "mercure"
	}
	return r
}

func encode(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was decoded from JSON, or is made of strings
	}
	return string(raw)
}

// visible reports whether a generation has a document for it.
func (c *change) visible(gen generation) bool {
	if gen == legacy {
		return !c.hidden
	}
	return c.kind != template
}

// subscriptionTopic is the path that a subscription has in a generation.
func (h *Hub) subscriptionTopic(c *change, gen generation) string {
	root := h.resource.path
	if h.is(AnnouncesAtDefaultPath) {
		root = "/.well-known/mercure"
	}
	if h.is(AnnouncesAbsoluteTopics) {
		root = strings.TrimSuffix(h.config.Resource, h.resource.path) + root
	}
	root += "/subscriptions/"
	if gen == current {
		kind := c.kind
		if kind == exact && h.is(CallsExactMatch) {
			kind = "match"
		}
		root += kind + "/"
	}
	return root + h.expand(c.match) + "/" + h.expand(c.subscriber)
}

// expand encodes a variable as RFC 6570 has it.
func (h *Hub) expand(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case isUnreserved(c),
			strings.IndexByte(":@", c) >= 0 && h.is(KeepsColonsInTopics),
			strings.IndexByte("{}", c) >= 0 && h.is(KeepsBracesInTopics),
			c == '%' && h.is(KeepsPercentsInTopics):
			b.WriteByte(c)
		case c == ' ' && h.is(EncodesTopicsAsForms):
			b.WriteByte('+')
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	if h.is(EncodesTopicsTwice) {
		return strings.ReplaceAll(b.String(), "%", "%25")
	}
	return b.String()
}

// document describes a subscription to a generation.
func (h *Hub) document(c *change, gen generation) object {
	if gen == legacy {
		return h.legacyDocument(c)
	}
	o := object{
		"id": h.subscriptionTopic(c, current), "type": "subscription",
		"match_type": c.kind, "match": c.match, "subscriber": c.subscriber, "active": c.active,
	}
	if _, ok := c.payload.(object); ok || c.hasPayload && c.gen == current {
		o["payload"] = c.payload
	}
	switch {
	case h.is(CapitalizesTypes):
		o["type"] = "Subscription"
	case h.is(OmitsDefaultMatchType) && c.kind == exact:
		delete(o, "match_type")
	}
	h.spoil(o, "match")
	return o
}

func (h *Hub) legacyDocument(c *change) object {
	o := object{
		"@context": "https://mercure.rocks/", "id": h.subscriptionTopic(c, legacy), "type": "Subscription",
		"topic": c.match, "subscriber": c.subscriber, "active": c.active,
	}
	if _, ok := c.payload.(object); ok || c.hasPayload && !h.is(ShowsLegacyObjectsOnly) {
		o["payload"] = c.payload
	}
	switch {
	case h.is(OmitsContext):
		delete(o, "@context")
	case h.is(LowersLegacyTypes):
		o["type"] = "subscription"
	}
	h.spoil(o, "topic")
	return o
}

// spoil makes a document as wrong as the hub is, in either generation.
func (h *Hub) spoil(o object, match string) {
	switch {
	case h.is(EncodesMatchInDocuments):
		o[match] = h.expand(o[match].(string))
	case h.is(EncodesSubscriberInDocuments):
		o["subscriber"] = h.expand(o["subscriber"].(string))
	case h.is(WritesActiveAsText):
		o["active"] = fmt.Sprint(o["active"])
	case h.is(CallsAllActive):
		o["active"] = true
	case h.is(OmitsPayloads):
		delete(o, "payload")
	case h.is(WritesNullPayloads) && o["payload"] == nil:
		o["payload"] = nil
	}
}
