package spec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The stored form of an update, version 1:
//
//	version  one byte
//	flags    one byte, see below
//	count    uvarint, number of topics
//	lengths  uvarint each: every topic, then id, type and retry where flagged
//	text     topics, id, type and retry, then the data up to the end
//
// An update has exactly one such form: uvarints are minimal, and a flagged
// field is not empty. The text comes last and together, so that reading it back
// makes one string and slices it.
const binaryVersion = 1

const (
	flagPrivate = 1 << iota
	flagID
	flagType
	flagRetry
	flagsKnown = flagPrivate | flagID | flagType | flagRetry
)

// AppendBinary appends the form in which histories keep an update. It holds
// everything but an id the hub makes itself.
func (u *Update) AppendBinary(dst []byte) []byte {
	optional := [...]string{u.id.s, u.typ.s, u.retry}
	var flags byte
	if u.private {
		flags = flagPrivate
	}
	for i, value := range optional {
		if value != "" {
			flags |= flagID << i
		}
	}
	dst = append(dst, binaryVersion, flags)
	dst = binary.AppendUvarint(dst, uint64(len(u.topics)))
	for _, topic := range u.topics {
		dst = binary.AppendUvarint(dst, uint64(len(topic)))
	}
	for _, value := range optional {
		if value != "" {
			dst = binary.AppendUvarint(dst, uint64(len(value)))
		}
	}
	for _, topic := range u.topics {
		dst = append(dst, topic...)
	}
	for _, value := range optional {
		dst = append(dst, value...)
	}
	return append(dst, u.data...)
}

var errTruncated = errors.New("it ends too early")

// ParseUpdate reads what AppendBinary wrote. It keeps no reference to b. It
// refuses anything that could not have been built by NewUpdate of some hub,
// so that a damaged history cannot inject fields into a stream.
func ParseUpdate(b []byte) (*Update, error) {
	u, err := parseUpdate(b)
	if err != nil {
		return nil, fmt.Errorf("reading a stored update: %w", err)
	}
	return u, nil
}

func parseUpdate(b []byte) (*Update, error) {
	if len(b) < 2 {
		return nil, errTruncated
	}
	if b[0] != binaryVersion {
		return nil, fmt.Errorf("its version is %d, not %d", b[0], binaryVersion)
	}
	flags := b[1]
	if flags&^flagsKnown != 0 {
		return nil, fmt.Errorf("its flags %#x are not all known", flags)
	}
	lengths := lengthReader{rest: b[2:]}
	count := lengths.next()
	if count == 0 && lengths.err == nil {
		return nil, errors.New("it has no topic")
	}
	if count > len(lengths.rest) { // one byte each, at least
		return nil, errTruncated
	}
	topicLengths := lengths // read twice, so that they need no slice
	total := 0
	for range count {
		total += lengths.next()
	}
	var optional [3]int
	for i := range optional {
		if flags&(flagID<<i) == 0 {
			continue
		}
		if optional[i] = lengths.next(); optional[i] == 0 && lengths.err == nil {
			return nil, errors.New("a field it flags as present is empty")
		}
		total += optional[i]
	}
	if lengths.err != nil {
		return nil, lengths.err
	}
	text := slicer{rest: string(lengths.rest)}
	if total > len(text.rest) {
		return nil, errTruncated
	}
	text.broken = !utf8.ValidString(text.rest)

	u := newUpdate(count)
	u.private = flags&flagPrivate != 0
	for i := range u.topics {
		u.topics[i] = text.cut(topicLengths.next())
	}
	id := text.cut(optional[0])
	u.typ = EventType{text.cut(optional[1])}
	u.retry = text.cut(optional[2])
	u.data = text.rest
	switch {
	case text.broken:
		return nil, errors.New("it is not UTF-8")
	case strings.ContainsAny(u.typ.s, "\r\n"):
		return nil, errors.New("its event type holds a line break")
	case !isDigits(u.retry):
		return nil, errors.New("its retry is not made of digits")
	}
	if id != "" {
		parsed, err := ParseEventID(id)
		if err != nil {
			return nil, err
		}
		u.id = parsed
	}
	return u, nil
}

// ParseTopics reads the topics alone of what AppendBinary wrote, none if it is
// damaged. It is for those who decide about an update by its topics, and costs
// nothing for its data.
func ParseTopics(b []byte) []string {
	if len(b) < 2 || b[0] != binaryVersion {
		return nil
	}
	flags := b[1]
	lengths := lengthReader{rest: b[2:]}
	count := lengths.next()
	if lengths.err != nil || count > len(lengths.rest) {
		return nil
	}
	sizes := make([]int, count)
	total := 0
	for i := range sizes {
		sizes[i] = lengths.next()
		total += sizes[i]
	}
	for flag := byte(flagID); flag <= flagRetry; flag <<= 1 {
		if flags&flag != 0 {
			lengths.next()
		}
	}
	if lengths.err != nil || total > len(lengths.rest) {
		return nil
	}
	text := string(lengths.rest[:total])
	topics := make([]string, count)
	for i, size := range sizes {
		topics[i], text = text[:size], text[size:]
	}
	return topics
}

// A lengthReader reads uvarints that count bytes. After an error it returns
// zeros.
type lengthReader struct {
	rest []byte
	err  error
}

func (r *lengthReader) next() int {
	n, size := binary.Uvarint(r.rest)
	switch {
	case r.err != nil:
		return 0
	case size <= 0 || n > 1<<40: // sums of such lengths fit an int
		r.err = errTruncated
		return 0
	case size > 1 && r.rest[size-1] == 0:
		r.err = errors.New("a length in it is not minimal")
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

// A slicer cuts a text of known length into fields; broken tells that the text
// is not UTF-8, or that a cut went through a character.
type slicer struct {
	rest   string
	broken bool
}

func (s *slicer) cut(n int) string {
	field := s.rest[:n]
	s.rest = s.rest[n:]
	if s.rest != "" && !utf8.RuneStart(s.rest[0]) {
		s.broken = true
	}
	return field
}
