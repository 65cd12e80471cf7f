package spec

// A Kind is how a [Selector] looks at a topic.
type Kind uint8

const (
	Any      Kind = iota + 1 // the wildcard: every topic
	Exact                    // byte for byte
	Template                 // RFC 6570 URI template: an expansion of it, or the template itself
	Pattern                  // WHATWG URL pattern on the hub's base
)

// A Selector decides which topics a subscriber gets and which a token grants;
// one type for both, so that delivery and permission cannot disagree. It is
// parsed once and immutable. Expensive parts are compiled on first use into a
// bounded cache.
type Selector struct{}

// A SelectorKey identifies what a selector matches: equal keys match the same
// topics on one hub. It is what an index shares compiled selectors by.
type SelectorKey struct {
	Kind Kind
	Text string
}

// ParseMatcher reads a 1.0 matcher: a type ("" and "exact", "urlpattern",
// "uritemplate") and its value, relative patterns resolved on base. "*" is the
// wildcard under every supported type. The error is a *[Fault].
func ParseMatcher(matchType, value string, base *Base) (*Selector, error) {
	panic("spec: being written")
}

// ParseTopicSelector reads a 0.x selector: "*", or any string, compared for
// equality and, where it is a valid URI template with expressions, as a
// template too. Only the limits can refuse it.
func ParseTopicSelector(value string) (*Selector, error) { panic("spec: being written") }

// Match reports whether the selector matches a topic.
func (s *Selector) Match(topic string) bool { panic("spec: being written") }

// Key returns the identity described at [SelectorKey].
func (s *Selector) Key() SelectorKey { panic("spec: being written") }

// MatchType returns the 1.0 name of its type: exact, urlpattern, uritemplate.
func (s *Selector) MatchType() string { panic("spec: being written") }

// String returns the text it was parsed from.
func (s *Selector) String() string { panic("spec: being written") }
