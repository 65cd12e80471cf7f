package load

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// A stream is one answer of the hub, from its first byte on, whatever it comes
// through.
type stream struct {
	head    []byte // of the answer, as far as it came; nil once it is over
	open    bool   // the head is over
	chunked bool
	chunks  chunks
	lines   lines
	data    eventData

	sequence sequence
	checked  bool // against its sequence
}

// eventData are the lines of data of the event that is coming.
type eventData struct {
	lines   int
	payload payload
	intact  bool
}

// headLimit bounds the head of an answer, in bytes.
const headLimit = 16 << 10

// feed takes in the next piece of the answer, which came at a time.
func (s *stream) feed(piece []byte, at int64, t *Tally) (err error) {
	if !s.open {
		if piece, err = s.readHead(piece); err != nil {
			return err
		}
	}
	for len(piece) > 0 {
		content := piece
		if s.chunked {
			if content, piece, err = s.chunks.next(piece); err != nil {
				return err
			}
		} else {
			piece = nil
		}
		for len(content) > 0 {
			var line []byte
			var length int
			var ended bool
			if line, length, content, ended = s.lines.next(content); ended {
				s.line(line, length, at, t)
			}
		}
	}
	return nil
}

// readHead returns what of piece comes after the head of the answer.
func (s *stream) readHead(piece []byte) (rest []byte, err error) {
	head := piece
	if len(s.head) > 0 {
		s.head = append(s.head, piece...)
		head = s.head
	}
	head, rest, over := bytes.Cut(head, []byte("\r\n\r\n"))
	switch {
	case over:
	case len(head) > headLimit:
		return nil, fmt.Errorf("the answer has a head of more than %d bytes", headLimit)
	default:
		if len(s.head) == 0 {
			s.head = bytes.Clone(piece)
		}
		return nil, nil
	}
	status, fields, _ := bytes.Cut(head, []byte("\r\n"))
	var code int
	if _, err := fmt.Sscanf(string(status), "HTTP/1.1 %d", &code); err != nil || code != http.StatusOK {
		return nil, fmt.Errorf("the answer is %.60q", status)
	}
	s.head, s.open = nil, true
	s.chunked = bytes.Contains(bytes.ToLower(fields), []byte("transfer-encoding: chunked"))
	return rest, nil
}

// line takes in a line of the event stream.
func (s *stream) line(head []byte, length int, at int64, t *Tally) {
	if length == 0 {
		s.dispatch(at, t)
		return
	}
	if data, ok := bytes.CutPrefix(head, []byte("data:")); ok {
		length -= len("data:")
		if value, spaced := bytes.CutPrefix(data, []byte(" ")); spaced {
			data, length = value, length-1
		}
		s.data.lines++
		s.data.payload, s.data.intact = parsePayload(data, length)
	}
}

// dispatch ends an event; one without data is none.
func (s *stream) dispatch(at int64, t *Tally) {
	data := s.data
	s.data = eventData{}
	switch {
	case data.lines == 0:
	case !s.checked:
		t.Events++
	case data.lines > 1 || !data.intact:
		t.Damaged++
	default:
		t.take(s.sequence.see(data.payload))
		t.Latency.add(time.Duration(at - data.payload.sent))
	}
}
