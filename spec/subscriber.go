package spec

import (
	"crypto/rand"
	"encoding/hex"
)

// A SubscriberID names one connection in subscription documents. It is random
// and tells nothing about its bearer: not even whether two connections are of
// one (SUBS-subscriber-random, SUBS-subscriber-per-connection).
type SubscriberID [16]byte

// NewSubscriberID makes the id of a new connection, a UUID of version 4.
func NewSubscriberID() SubscriberID {
	var id SubscriberID
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

const (
	uuidPrefix = "urn:uuid:"
	uuidLength = len(uuidPrefix) + 36
)

// String returns the id as an IRI: urn:uuid: and a UUID (SUBS-subscriber-iri).
func (id SubscriberID) String() string { return string(id.append(nil)) }

func (id SubscriberID) append(dst []byte) []byte {
	dst = append(dst, uuidPrefix...)
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst
}

// ParseSubscriberID reads what String wrote; nothing else is the id of a
// connection.
func ParseSubscriberID(s string) (SubscriberID, bool) {
	var id SubscriberID
	if len(s) != uuidLength {
		return id, false
	}
	at := len(uuidPrefix)
	for i := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			at++
		}
		high, low := hexDigit(s[at]), hexDigit(s[at+1])
		if high|low >= 16 {
			return id, false
		}
		id[i] = high<<4 | low
		at += 2
	}
	return id, id.String() == s
}
