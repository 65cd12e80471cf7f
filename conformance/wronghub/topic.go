package wronghub

import "strings"

// checkTopics checks every topic of an update.
func (h *Hub) checkTopics(u *update) error {
	switch {
	case len(u.topics) == 0 && h.is(AllowsNoTopic):
		u.topics = []string{"urn:x:none"}
	case len(u.topics) == 0:
		return malformed("topic is missing")
	case len(u.topics) > 1 && h.is(RefusesSecondTopic):
		return malformed("topic is there twice")
	}
	for i, topic := range u.topics {
		if i > 0 && h.is(ChecksFirstTopicOnly) {
			break
		}
		switch {
		case !h.isText(topic, asTopic):
			return malformed("topic holds characters it may not")
		case strings.Contains(topic, "*") && h.is(RefusesAsterisks),
			topic == "*" && !h.is(AllowsWildcardTopic):
			return malformed("topic is the wildcard")
		case h.isReserved(topic):
			return malformed("topic is in the hub's own namespace")
		}
		if _, ok := parseAddress(topic, nil); !ok && h.is(WantsTopicsToBeURLs) {
			return malformed("topic is no URL")
		}
	}
	return nil
}

// isReserved reports whether a topic names a resource at or below the hub's
// URL.
func (h *Hub) isReserved(topic string) bool {
	reserved := h.resource.path
	if h.is(ReservesDefaultPath) {
		reserved = "/.well-known/mercure"
	}
	below := func(path string) bool { return path == reserved || strings.HasPrefix(path, reserved+"/") }
	switch {
	case h.is(ReservesNothing):
		return false
	case h.is(ReservesTextAsWritten):
		return below(topic)
	case h.is(TakesBackslashesLiterally):
		topic = strings.ReplaceAll(topic, `\`, "%5C")
	case strings.HasPrefix(topic, " ") && h.is(KeepsSpacesAround):
		return false
	case h.is(KeepsEncodedDots):
		topic = strings.NewReplacer("%2e", "%252e", "%2E", "%252E").Replace(topic)
	}
	a, ok := parseAddress(topic, h.resource)
	if !ok {
		return h.is(RefusesUnparseableTopics) // since it names nothing at all
	}
	path := decodePercent(a.path, isUnreserved)
	switch {
	case h.is(ReservesOwnOriginOnly) && a.origin() != h.resource.origin():
		return false
	case h.is(ComparesEncodedPath):
		path = a.path
	case h.is(DecodesTwice):
		path = decodePercent(decodePercent(a.path, func(byte) bool { return true }), isUnreserved)
	case h.is(DecodesWholePath):
		path = decodePercent(a.path, func(byte) bool { return true })
	case h.is(ReservesInAnyCase):
		path = strings.ToLower(path)
	case h.is(ReservesEveryPrefix):
		return strings.HasPrefix(path, reserved)
	case h.is(ReservesAnywhere):
		return strings.Contains(topic, reserved+"/") || below(path)
	case a.query != "" && h.is(ComparesPathWithQuery):
		path += "?" + a.query
	}
	return below(path)
}

// isUnreserved reports whether a byte means the same encoded or not.
func isUnreserved(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("-._~", c) >= 0
}
