package wronghub

// A selector reports whether it matches a topic.
type selector func(topic string) bool

func everything(string) bool { return true }

// Matcher types of 1.0.
const (
	exact      = "exact"
	urlPattern = "urlpattern"
)

// matcher makes the selector of a 1.0 matcher.
func (h *Hub) matcher(kind, match string) (selector, error) {
	if kind != exact && kind != urlPattern {
		return nil, malformed("there is no matcher type " + kind)
	}
	if !isText(match) {
		return nil, malformed("a matcher holds characters it may not")
	}
	if match == "*" {
		return everything, nil
	}
	if kind == exact {
		return func(topic string) bool { return topic == match }, nil
	}
	pattern, err := h.parsePattern(match)
	if err != nil {
		return nil, malformed("the URL pattern " + match + ": " + err.Error())
	}
	return func(topic string) bool {
		a, ok := parseAddress(topic, h.resource)
		return ok && pattern.matches(a)
	}, nil
}

// legacySelector makes the selector of 0.x: everything, the same string, or
// what a URI template expands to.
func (h *Hub) legacySelector(s string) selector {
	if s == "*" {
		return everything
	}
	template, ok := h.parseTemplate(s)
	return func(topic string) bool {
		return topic == s || ok && template.MatchString(topic)
	}
}
