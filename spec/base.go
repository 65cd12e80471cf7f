package spec

// A Base is the URL a hub is known by: its resource identifier. Relative
// topics and patterns are resolved on it and its path is reserved for what the
// hub itself publishes. It comes from the configuration alone, never from a
// Host or forwarded header, which a subscriber could choose.
type Base struct{}

// ParseBase accepts an absolute http or https URL without query and fragment.
func ParseBase(url string) (*Base, error) { panic("spec: being written") }

// UnnamedBase stands in where no resource identifier is configured: relative
// references still resolve, on a host that no topic can name by accident.
func UnnamedBase() *Base { panic("spec: being written") }

// String returns the URL as configured.
func (b *Base) String() string { panic("spec: being written") }

// Path returns the path of the URL, by default [WellKnownPath].
func (b *Base) Path() string { panic("spec: being written") }

// Reserves reports whether a topic, resolved on b, lies in the hub's own
// namespace (PUB-reserved-resolve and its companions).
func (b *Base) Reserves(topic string) bool { panic("spec: being written") }
