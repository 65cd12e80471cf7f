package spec

import (
	"encoding/json"
	"iter"
	"strconv"
	"unicode/utf8"
)

// linkedDataContext is the @context of 0.x documents (SUBS-0x-doc-jsonld).
const linkedDataContext = "https://mercure.rocks/"

// AppendDocument appends the document that the hub with the given path shows of
// the subscription, without a line break: JSON in 1.0, JSON-LD in 0.x (SUBS-doc-*,
// SUBS-0x-doc-*). It is the data of the event and the answer of the API, to
// which 0.x adds a cursor: see AppendSingle.
func (s *Subscription) AppendDocument(dst []byte, g Generation, hub string) []byte {
	dst = append(dst, '{')
	if g == Legacy {
		dst = append(dst, `"@context":"`+linkedDataContext+`",`...)
	}
	dst = s.appendMembers(dst, g, hub)
	return append(dst, '}')
}

// AppendSingle appends the 0.x document of the API, which holds the cursor
// (SUBS-0x-api-single). In 1.0 it is AppendDocument: there the cursor is a
// matter of the Link header (SUBS-api-cursor-not-in-body).
func (s *Subscription) AppendSingle(dst []byte, g Generation, hub, cursor string) []byte {
	dst = s.AppendDocument(dst, g, hub)
	if g == Current {
		return dst
	}
	dst = append(dst[:len(dst)-1], `,"lastEventID":`...)
	dst = appendJSONString(dst, cursor)
	return append(dst, '}')
}

// AppendSubscriptions appends the document of a collection retrieved from a
// relative URL, id, with the subscriptions that the generation is shown. The cursor is
// in the 0.x document alone (SUBS-api-collection-*, SUBS-0x-api-collection-*).
func AppendSubscriptions(dst []byte, g Generation, hub, id, cursor string, subscriptions iter.Seq[*Subscription]) []byte {
	if g == Legacy {
		dst = append(dst, `{"@context":"`+linkedDataContext+`","id":`...)
		dst = appendJSONString(dst, id)
		dst = append(dst, `,"type":"Subscriptions","lastEventID":`...)
		dst = appendJSONString(dst, cursor)
	} else {
		dst = append(dst, `{"id":`...)
		dst = appendJSONString(dst, id)
		dst = append(dst, `,"type":"subscriptions"`...)
	}
	dst = append(dst, `,"subscriptions":[`...)
	first := true
	for s := range subscriptions {
		if !s.Shows(g) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		// Their @context is the one above.
		dst = append(dst, '{')
		dst = s.appendMembers(dst, g, hub)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

func (s *Subscription) appendMembers(dst []byte, g Generation, hub string) []byte {
	// Paths of hubs and expansions hold nothing that JSON escapes.
	dst = append(dst, `"id":"`...)
	dst = s.appendTopic(dst, g, hub)
	if g == Legacy {
		dst = append(dst, `","type":"Subscription","topic":`...)
	} else {
		dst = append(dst, `","type":"subscription","match_type":"`...)
		dst = append(dst, s.matchType...)
		dst = append(dst, `","match":`...)
	}
	dst = appendJSONString(dst, s.match)
	dst = append(dst, `,"subscriber":"`...)
	dst = s.subscriber.append(dst)
	dst = append(dst, `","active":`...)
	dst = strconv.AppendBool(dst, s.active)
	if payload := s.payloadIn(g); payload != "" {
		dst = append(dst, `,"payload":`...)
		dst = append(dst, payload...)
	}
	return dst
}

// appendJSONString appends a JSON string; for the usual ones it needs no memory.
func appendJSONString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic("spec: encoding a string: " + err.Error()) // strings are JSON
			}
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// Size returns how many bytes a document takes at most, about.
func (s *Subscription) Size() int {
	const members, triplet = 300, 3
	return members + (triplet+1)*len(s.match) + len(s.payload)
}
