package spec

// An EventID identifies an update and is a cursor into the hub's history. It
// never starts with '#', is never empty or [Earliest], and holds no control
// or format characters, so it can be written to a stream and a header as is.
type EventID struct{ s string }

// ParseEventID applies those rules.
func ParseEventID(s string) (EventID, error) { panic("spec: being written") }

// String returns the id; "" for the zero EventID, which means "none".
func (id EventID) String() string { return id.s }

// IsZero reports whether no id was given.
func (id EventID) IsZero() bool { return id.s == "" }

// An EventType is the SSE event type of an update; the zero value means the
// default type, for which no field is written.
type EventType struct{ s string }

// String returns the type as written.
func (t EventType) String() string { return t.s }

// Fields are what a publish request carries, decoded and not yet judged.
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
	// publisher, because 1.0 subscribers share the stream (differences C4);
	// a 0.x-only hub refuses only what would break the stream or forge the
	// hub's subscription events.
	Generations Generations
	// MaxTopics and MaxField bound the number of topics and the bytes of
	// topic, id and type. Zero means the default.
	MaxTopics, MaxField int
}

// An Update is what a publisher sent, valid and immutable.
type Update struct{}

// NewUpdate judges fields; the error is a *[Fault].
func NewUpdate(f Fields, r Rules) (*Update, error) { panic("spec: being written") }

// Topics returns the canonical topic and its alternates, at least one. The
// slice is shared: do not change it.
func (u *Update) Topics() []string { panic("spec: being written") }

// Data returns the content, as published.
func (u *Update) Data() string { panic("spec: being written") }

// Private reports whether only subscribers with a read grant may have it.
func (u *Update) Private() bool { panic("spec: being written") }

// ID returns the id the publisher brought, or the zero id.
func (u *Update) ID() EventID { panic("spec: being written") }

// Type returns the event type, zero for the default.
func (u *Update) Type() EventType { panic("spec: being written") }

// Retry returns the reconnection time in digits, or "".
func (u *Update) Retry() string { panic("spec: being written") }

// AppendBinary appends the form in which histories keep an update. It holds
// everything but an id the hub makes itself.
func (u *Update) AppendBinary(dst []byte) []byte { panic("spec: being written") }

// ParseUpdate reads what AppendBinary wrote. It keeps no reference to b. It
// refuses anything that could not have been built by NewUpdate of some hub,
// so that a damaged history cannot inject fields into a stream.
func ParseUpdate(b []byte) (*Update, error) { panic("spec: being written") }
