package spec

import (
	"fmt"
	"unicode/utf8"
)

// Default limits of a publish (LIMIT-publish-topics, LIMIT-publish-field).
const (
	DefaultMaxTopics = 100
	MaxField         = 8 << 10 // bytes of one topic, id, type or retry; rules may allow less
)

// Fields are what a publish request carries, decoded and not yet judged. Of ID,
// Type and Retry the empty string means the field is absent.
type Fields struct {
	Topics  []string
	Data    string
	Private bool
	ID      string
	Type    string
	Retry   string
}

// Rules say how strictly a publish is judged. The zero value is unusable; a
// hub makes one at start.
type Rules struct {
	// Base resolves topics and owns the reserved namespace.
	Base *Base
	// Generations served by the hub. With 1.0 among them its rules bind every
	// publisher, because 1.0 subscribers share the stream and rely on them;
	// a 0.x-only hub refuses only what would break the stream or forge the
	// hub's subscription events.
	Generations Generations
	// MaxTopics and MaxField bound the number of topics and the bytes of
	// topic, id, type and retry. Zero means the default, which for MaxField is
	// also the most there can be.
	MaxTopics, MaxField int
}

// An Update is what a publisher sent, valid and immutable.
type Update struct {
	topics  []string
	one     [1]string // backs topics when there is one, to save an allocation
	data    string
	id      EventID
	typ     EventType
	retry   string
	private bool
}

// NewUpdate judges fields; the error is a *[Fault]. Every topic is checked,
// alternates included (PUB-topic-each-checked), before anything else of the
// request has an effect (PUB-rejected-not-dispatched).
func NewUpdate(f Fields, r Rules) (*Update, error) {
	if fault := r.checkLimits(f); fault != nil {
		return nil, fault
	}
	for _, topic := range f.Topics {
		if fault := r.checkTopic(topic); fault != nil {
			return nil, fault
		}
	}
	u := newUpdate(len(f.Topics))
	copy(u.topics, f.Topics)
	u.data, u.retry, u.private = f.Data, f.Retry, f.Private
	if f.ID != "" {
		id, err := ParseEventID(f.ID)
		if err != nil {
			return nil, err
		}
		u.id = id
	}
	if fault := r.checkType(f.Type); fault != nil {
		return nil, fault
	}
	u.typ = EventType{f.Type}
	if !isDigits(f.Retry) {
		return nil, &Fault{
			Rule: "PUB-retry-digits-400", Field: FieldRetry, Problem: "is not made of the digits 0-9 alone",
			Fix: "send the reconnection time as a whole number of milliseconds, for example 5000",
		}
	}
	if !utf8.ValidString(f.Data) {
		return nil, &Fault{
			Rule: "PUB-data-utf8", Field: FieldData, Problem: "is not valid UTF-8",
			Fix: "encode the text as UTF-8, and binary content as base64",
		}
	}
	return u, nil
}

func newUpdate(topics int) *Update {
	u := new(Update)
	if topics == 1 {
		u.topics = u.one[:]
	} else {
		u.topics = make([]string, topics)
	}
	return u
}

func (r *Rules) checkLimits(f Fields) *Fault {
	if len(f.Topics) == 0 {
		rule := "PUB-topic-required"
		if !r.Generations.Has(Current) {
			rule = "PUB-0x-topic-required"
		}
		return &Fault{
			Rule: rule, Field: ParamTopic, Problem: "is missing",
			Fix: "send at least one topic field",
		}
	}
	if limit := orDefault(r.MaxTopics, DefaultMaxTopics); len(f.Topics) > limit {
		return &Fault{
			Rule: "LIMIT-publish-topics", Field: ParamTopic,
			Problem: fmt.Sprintf("occurs %d times, more than the %d this hub accepts", len(f.Topics), limit),
			Fix:     "send several updates, or fewer alternate topics", TooLarge: true,
		}
	}
	for _, topic := range f.Topics {
		if fault := r.checkLength(ParamTopic, topic); fault != nil {
			return fault
		}
	}
	for _, field := range [...]Pair{{FieldID, f.ID}, {FieldType, f.Type}, {FieldRetry, f.Retry}} {
		if fault := r.checkLength(field.Name, field.Value); fault != nil {
			return fault
		}
	}
	return nil
}

func (r *Rules) checkLength(field, value string) *Fault {
	limit := orDefault(r.MaxField, MaxField)
	if len(value) <= limit {
		return nil
	}
	return &Fault{
		Rule: "LIMIT-publish-field", Field: field,
		Problem: fmt.Sprintf("is %d bytes long, more than the %d this hub accepts", len(value), limit),
		Fix:     "shorten it; only data may be long", TooLarge: true,
	}
}

var topicRules = textRules{
	illFormed: "TOPIC-utf8",
	lineBreak: "TOPIC-no-c0",
	control0:  "TOPIC-no-c0",
	control1:  "TOPIC-no-del-c1",
	format:    "TOPIC-no-cf",
}

func (r *Rules) checkTopic(topic string) *Fault {
	if !r.Generations.Has(Current) {
		return r.checkLegacyTopic(topic)
	}
	if fault := topicRules.check(ParamTopic, topic); fault != nil {
		return fault
	}
	if topic == Wildcard {
		return &Fault{
			Rule: "PUB-star-topic", Field: ParamTopic, Problem: `is "*", which stands for every topic in selectors`,
			Fix: "name the topics that changed",
		}
	}
	if r.Base.Reserves(topic) {
		return &Fault{
			Rule: "PUB-reserved-resolve", Field: ParamTopic,
			Problem: fmt.Sprintf("%q resolves into %s, the namespace of the hub itself", clip(topic), r.Base.Path()),
			Fix:     `send an absolute URL or a path of your own; a bare name must not be empty, start with "#" or "?", or lead to the hub's path`,
		}
	}
	return nil
}

// Bytes that neither the stream's encoding nor JSON can carry.
var legacyTopicRules = textRules{illFormed: "TOPIC-utf8"}

// checkLegacyTopic refuses what would forge the hub's subscription events.
func (r *Rules) checkLegacyTopic(topic string) *Fault {
	if fault := legacyTopicRules.check(ParamTopic, topic); fault != nil {
		return fault
	}
	if subscriptions := r.Base.Path() + "/subscriptions"; r.Base.holds(topic, subscriptions) {
		return &Fault{
			Rule: "SEC-reserved-namespace", Field: ParamTopic,
			Problem: fmt.Sprintf("%q resolves into %s, where only the hub publishes", clip(topic), subscriptions),
			Fix:     "choose a topic outside of it",
		}
	}
	return nil
}

var typeRules = textRules{
	illFormed: "PUB-utf8-names-values",
	lineBreak: "PUB-type-control-400",
	control0:  "PUB-type-control-400",
	control1:  "PUB-type-control-400",
	format:    "PUB-type-cf-400",
}

// legacyTypeRules are those that protect the stream.
var legacyTypeRules = textRules{
	illFormed: "PUB-utf8-names-values",
	lineBreak: "PUB-no-sse-injection",
}

func (r *Rules) checkType(t string) *Fault {
	if !r.Generations.Has(Current) {
		return legacyTypeRules.check(FieldType, t)
	}
	if t == HubsEvent {
		return &Fault{
			Rule: "PUB-type-mercure-400", Field: FieldType, Problem: `is "mercure", the type of the events that the hub makes`,
			Fix: "choose another event type",
		}
	}
	return typeRules.check(FieldType, t)
}

// Topics returns the canonical topic and its alternates, at least one. The
// slice is shared: do not change it.
func (u *Update) Topics() []string { return u.topics }

// Data returns the content, as published.
func (u *Update) Data() string { return u.data }

// Private reports whether only subscribers with a read grant may have it.
func (u *Update) Private() bool { return u.private }

// ID returns the id the publisher brought, or the zero id.
func (u *Update) ID() EventID { return u.id }

// Type returns the event type, zero for the default.
func (u *Update) Type() EventType { return u.typ }

// Retry returns the reconnection time in milliseconds, in digits and of any
// size (PUB-retry-big), or "".
func (u *Update) Retry() string { return u.retry }

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || '9' < s[i] {
			return false
		}
	}
	return true
}

func orDefault(limit, otherwise int) int {
	if limit == 0 {
		return otherwise
	}
	return limit
}

// clip shortens a value that is quoted back to whoever sent it.
func clip(s string) string {
	const limit = 100
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
