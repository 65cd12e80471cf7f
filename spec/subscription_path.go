package spec

import (
	"net/url"
	"strings"
)

const subscriptionsSegment = "/subscriptions"

// SubscriptionsPath returns where the hub at a path tells of subscriptions.
func SubscriptionsPath(hub string) string { return hub + subscriptionsSegment }

// Topic returns the topic of the events about the subscription, and the path of
// its document, at the hub with the given path: in 1.0
// hub/subscriptions/{match_type}/{match}/{subscriber}, in 0.x
// hub/subscriptions/{topic}/{subscriber} (SUBS-topic, SUBS-0x-topic).
func (s *Subscription) Topic(g Generation, hub string) string {
	return string(s.appendTopic(nil, g, hub))
}

func (s *Subscription) appendTopic(dst []byte, g Generation, hub string) []byte {
	dst = append(dst, hub...)
	dst = append(dst, subscriptionsSegment...)
	if g == Current {
		dst = append(dst, '/')
		dst = append(dst, s.matchType...)
	}
	dst = append(dst, '/')
	dst = appendExpanded(dst, s.match)
	dst = append(dst, '/')
	var id [uuidLength]byte
	return appendExpanded(dst, s.subscriber.append(id[:0]))
}

const upperHex = "0123456789ABCDEF"

// appendExpanded is RFC 6570's simple expansion of a value: every byte outside
// of the unreserved set becomes a triplet, those that look like one included
// (SUBS-topic-encoding, SUBS-topic-encode-once).
func appendExpanded[S string | []byte](dst []byte, value S) []byte {
	for i := range len(value) {
		if c := value[i]; isUnreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// A SubscriptionQuery is what a path of the subscription API asks for: every
// subscription, those of one selector, or a single one.
type SubscriptionQuery struct {
	// ByMatch narrows it to one selector: Match, and in 1.0 MatchType.
	ByMatch   bool
	MatchType string // "" in 0.x, which has none
	Match     string

	// Single narrows it further, to one subscriber. One that is no
	// [SubscriberID] has no subscriptions.
	Single     bool
	Subscriber string
}

// ParseSubscriptionPath reads a path as it stands in a request line, at the hub
// with the given path and in the words of a generation: none, two or three
// segments below hub/subscriptions in 1.0, none, one or two in 0.x. It is split
// first and decoded then, so that an encoded slash is part of its segment
// (SUBS-api-raw-path).
func ParseSubscriptionPath(g Generation, hub, path string) (q SubscriptionQuery, ok bool) {
	rest, ok := strings.CutPrefix(path, SubscriptionsPath(hub))
	if !ok || rest == "" {
		return q, ok
	}
	if rest[0] != '/' {
		return q, false
	}
	segments := strings.Split(rest[1:], "/")
	for i, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return q, false
		}
		segments[i] = decoded
	}
	if g == Current {
		if len(segments) < 2 {
			return q, false
		}
		q.MatchType, segments = segments[0], segments[1:]
	}
	switch len(segments) {
	case 2:
		q.Single, q.Subscriber = true, segments[1]
	case 1:
	default:
		return SubscriptionQuery{}, false
	}
	q.ByMatch, q.Match = true, segments[0]
	return q, true
}
