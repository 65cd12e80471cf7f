package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// An Event is one dispatched event of a stream.
type Event struct {
	ID, Type, Data string
}

// ofHub reports whether the hub made the event itself, to tell of a subscription:
// in 1.0 by its type, which nobody else may use, in 0.x by its document
// (SUBS-event-type, SUBS-0x-doc-jsonld).
func (e Event) ofHub() bool {
	if e.Type == "mercure" {
		return true
	}
	var document struct {
		Context string `json:"@context"`
		Type    string `json:"type"`
	}
	return len(e.Data) > 0 && e.Data[0] == '{' && json.Unmarshal([]byte(e.Data), &document) == nil &&
		document.Context == "https://mercure.rocks/" && document.Type == "Subscription"
}

// errMalformed is the cause of every error about what a hub sent, as opposed
// to how the connection ended.
var errMalformed = errors.New("malformed stream")

// maxLine bounds a line of a stream, in bytes.
const maxLine = 8 << 20

// An eventReader parses text/event-stream as browsers do, and is stricter than
// they are: what a browser would ignore but a hub never has reason to send is
// an error.
type eventReader struct {
	lines   *bufio.Scanner
	started bool
	afterCR bool // a line ended in CR: an LF that follows belongs to it
}

func newEventReader(body io.Reader) *eventReader {
	r := &eventReader{lines: bufio.NewScanner(body)}
	r.lines.Buffer(make([]byte, 0, 16<<10), maxLine)
	r.lines.Split(r.splitLine)
	return r
}

// next returns the next event. An unterminated one at the end of the stream is
// dropped (SSE-sub-parse-crlf); a stream that ended by itself gives io.EOF.
func (r *eventReader) next() (Event, error) {
	var (
		e    Event
		data []byte
	)
	for r.lines.Scan() {
		line := r.lines.Bytes()
		if !r.started {
			line, r.started = bytes.TrimPrefix(line, []byte("\ufeff")), true
		}
		if len(line) > 0 {
			if err := e.addField(line, &data); err != nil {
				return Event{}, err
			}
			continue
		}
		switch {
		case data == nil && e == (Event{}): // retry: or a comment by itself
		case data == nil:
			return Event{}, fmt.Errorf("%w: event %q has no data field (SSE-data-empty)", errMalformed, e.ID)
		case e.ID == "":
			return Event{}, fmt.Errorf("%w: event without id (SSE-id)", errMalformed)
		default:
			e.Data = string(data[:len(data)-1])
			return e, nil
		}
	}
	switch err := r.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return Event{}, fmt.Errorf("%w: line of more than %d bytes", errMalformed, maxLine)
	case err != nil:
		return Event{}, err
	}
	return Event{}, io.EOF
}

// addField reads one line that is not blank. Data gathers its lines, each
// with its line end.
func (e *Event) addField(line []byte, data *[]byte) error {
	if !utf8.Valid(line) {
		return fmt.Errorf("%w: line %.80q is not UTF-8 (SSE-utf8)", errMalformed, line)
	}
	field, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(field) {
	case "": // a comment
	case "data":
		*data = append(append(*data, value...), '\n')
	case "event":
		e.Type = string(value)
	case "id":
		if bytes.IndexByte(value, 0) >= 0 {
			return fmt.Errorf("%w: id %q holds NUL (SSE-sub-id-null)", errMalformed, value)
		}
		e.ID = string(value)
	case "retry":
		if len(value) == 0 || len(bytes.Trim(value, "0123456789")) > 0 {
			return fmt.Errorf("%w: retry %q is not digits (SSE-retry-field)", errMalformed, value)
		}
	default:
		return fmt.Errorf("%w: line %.80q has no known field (SSE-format)", errMalformed, line)
	}
	return nil
}

// splitLine is a bufio.SplitFunc for lines ended by LF, CR or CRLF. It does
// not wait after a CR for the LF that may follow: the event would be late.
func (r *eventReader) splitLine(data []byte, atEOF bool) (advance int, line []byte, err error) {
	rest := data
	if r.afterCR {
		rest = bytes.TrimPrefix(data, []byte("\n"))
	}
	end := bytes.IndexByte(rest, '\n')
	before := rest
	if end >= 0 {
		before = rest[:end]
	}
	cr := bytes.IndexByte(before, '\r')
	if cr >= 0 {
		end = cr
	}
	switch {
	case end >= 0:
		r.afterCR = cr >= 0
		return len(data) - len(rest) + end + 1, rest[:end], nil
	case atEOF:
		return len(data), nil, nil // no line end, no line
	}
	return 0, nil, nil
}
