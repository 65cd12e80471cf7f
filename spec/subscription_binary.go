package spec

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// The stored form of a subscription, version 1:
//
//	version     one byte
//	flags       one byte, see below
//	match type  one byte, see below
//	subscriber  16 bytes
//	length      uvarint, of match
//	text        match, then the payload up to the end
//
// A subscription has exactly one such form.
const subscriptionVersion = 1

const (
	flagActive = 1 << iota
	flagHidden
	flagPayload
	subscriptionFlags = flagActive | flagHidden | flagPayload
)

// storedTypes are the matcher types by their number in the stored form.
var storedTypes = [...]string{1: MatchExact, 2: MatchPattern, 3: MatchTemplate}

const subscriptionHead = 3 + len(SubscriberID{}) // before the length

// AppendBinary appends the form in which histories keep a subscription.
func (s *Subscription) AppendBinary(dst []byte) []byte {
	var flags, matchType byte
	if s.active {
		flags |= flagActive
	}
	if s.hidden {
		flags |= flagHidden
	}
	if s.payload != "" {
		flags |= flagPayload
	}
	for i, name := range storedTypes {
		if name == s.matchType {
			matchType = byte(i)
		}
	}
	dst = append(dst, subscriptionVersion, flags, matchType)
	dst = append(dst, s.subscriber[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(s.match)))
	dst = append(dst, s.match...)
	return append(dst, s.payload...)
}

// ParseSubscription reads what AppendBinary wrote. It keeps no reference to b,
// and refuses what would break a document, so that a damaged history does not.
func ParseSubscription(b []byte) (*Subscription, error) {
	s, err := parseSubscription(b)
	if err != nil {
		return nil, fmt.Errorf("reading a stored subscription: %w", err)
	}
	return s, nil
}

func parseSubscription(b []byte) (*Subscription, error) {
	if len(b) < subscriptionHead {
		return nil, errTruncated
	}
	version, flags, matchType := b[0], b[1], int(b[2])
	switch {
	case version != subscriptionVersion:
		return nil, fmt.Errorf("its version is %d, not %d", version, subscriptionVersion)
	case flags&^subscriptionFlags != 0:
		return nil, fmt.Errorf("its flags %#x are not all known", flags)
	case matchType == 0 || matchType >= len(storedTypes):
		return nil, fmt.Errorf("its matcher type %d is not known", matchType)
	}
	lengths := lengthReader{rest: b[subscriptionHead:]}
	length := lengths.next()
	if lengths.err != nil {
		return nil, lengths.err
	}
	if length > len(lengths.rest) {
		return nil, errTruncated
	}
	text := string(lengths.rest)
	s := &Subscription{
		subscriber: SubscriberID(b[3:subscriptionHead]), matchType: storedTypes[matchType],
		match: text[:length], payload: text[length:],
		active: flags&flagActive != 0, hidden: flags&flagHidden != 0,
	}
	if (flags&flagPayload != 0) != (s.payload != "") {
		return nil, errors.New("its payload is not what its flags say")
	}
	if s.payload != "" && (!json.Valid([]byte(s.payload)) || !utf8.ValidString(s.payload)) {
		return nil, errors.New("its payload is not JSON")
	}
	return s, nil
}
