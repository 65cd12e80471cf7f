package load

import (
	"bytes"
	"strconv"
	"time"
)

// A payload is the data of an update that the generator publishes:
//
//	load.SERIES.NUMBER.SENT.PADDING.xxxx
//
// No byte of it changes in a form, so nobody has to encode or decode it.
type payload struct {
	series  uint32 // of updates that belong together: one publisher, one topic
	number  uint32 // in the series, from 1
	sent    int64  // when, on the clock of this process
	padding int    // how many bytes follow
}

// payloadHead is the most bytes that the fields of a payload take.
const payloadHead = 64

var payloadMark = []byte("load.")

// append writes the payload, of about size bytes.
func (p payload) append(b []byte, size int) []byte {
	from := len(b)
	b = append(b, payloadMark...)
	for _, field := range [...]int64{int64(p.series), int64(p.number), p.sent} {
		b = append(strconv.AppendInt(b, field, 10), '.')
	}
	padding := max(0, size-(len(b)-from)-len("000."))
	b = append(strconv.AppendInt(b, int64(padding), 10), '.')
	for range padding {
		b = append(b, 'x')
	}
	return b
}

// parsePayload reads the payload that begins with head and has length bytes in
// all. It reports false for anything else, one with bytes too many or too few
// included.
func parsePayload(head []byte, length int) (p payload, ok bool) {
	rest, ok := bytes.CutPrefix(head, payloadMark)
	if !ok {
		return p, false
	}
	var fields [4]int64
	for i := range fields {
		digits := 0
		for digits < len(rest) && digits < 19 && rest[digits]-'0' < 10 {
			fields[i] = 10*fields[i] + int64(rest[digits]-'0')
			digits++
		}
		if digits == 0 || digits == len(rest) || rest[digits] != '.' {
			return p, false
		}
		rest = rest[digits+1:]
	}
	p = payload{uint32(fields[0]), uint32(fields[1]), fields[2], int(fields[3])}
	return p, length == len(head)-len(rest)+p.padding
}

// clock tells the time since the process began: publishers and readers are
// one process, and no adjustment of the wall clock may look like latency.
func clock() int64 { return int64(time.Since(began)) }

var began = time.Now()
