package spec

// An EventID identifies an update and is a cursor into the hub's history. It
// never starts with '#', is never empty or [Earliest], and holds no control
// or format characters, so it can be written to a stream and a header as is.
// It is valid UTF-8, not necessarily ASCII.
type EventID struct{ s string }

var idRules = textRules{
	illFormed: "PUB-utf8-names-values",
	lineBreak: "PUB-id-control-400",
	control0:  "PUB-id-control-400",
	control1:  "PUB-id-control-400",
	format:    "PUB-id-cf-400",
}

// ParseEventID applies those rules, in both generations: what they keep out
// would be lost by clients, cut a header short, or mean something else as a
// cursor. The error is a *[Fault].
func ParseEventID(s string) (EventID, error) {
	switch {
	case s == "":
		return EventID{}, &Fault{
			Rule: "PUB-id-empty", Field: FieldID, Problem: "is empty",
			Fix: "leave the field out and the hub makes an id",
		}
	case s[0] == '#':
		return EventID{}, &Fault{
			Rule: "PUB-id-hash-400", Field: FieldID, Problem: "starts with '#', which is kept for ids that hubs make",
			Fix: "send an IRI such as urn:uuid:…, or leave the field out and the hub makes an id",
		}
	case s == Earliest:
		return EventID{}, &Fault{
			Rule: "PUB-id-earliest-400", Field: FieldID, Problem: `is the reserved word "earliest", which asks for the whole history`,
			Fix: "send another id, or leave the field out and the hub makes one",
		}
	}
	if fault := idRules.check(FieldID, s); fault != nil {
		return EventID{}, fault
	}
	return EventID{s}, nil
}

// String returns the id; "" for the zero EventID, which means "none".
func (id EventID) String() string { return id.s }

// IsZero reports whether no id was given.
func (id EventID) IsZero() bool { return id.s == "" }

// An EventType is the SSE event type of an update; the zero value means the
// default type, for which no field is written. It never holds a line break.
type EventType struct{ s string }

// String returns the type as written.
func (t EventType) String() string { return t.s }
