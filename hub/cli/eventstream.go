package cli

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// maxEventSize bounds what one event may hold in memory.
const maxEventSize = 64 << 20

var errEventTooLarge = fmt.Errorf("an event is larger than %d MiB", maxEventSize>>20)

// An event is what arrived, as the WHATWG event-stream format reads it.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data string `json:"data"`
}

// An eventStream reads text/event-stream. It remembers the cursor and the
// reconnection time from one connection to the next.
type eventStream struct {
	lastEventID string
	retry       time.Duration
}

// read calls emit with every event of a body until the body ends or emit
// returns an error. An event cut off by the end is dropped, as the format
// demands: it comes again after reconnecting.
func (s *eventStream) read(body io.Reader, emit func(event) error) error {
	lines := lineReader{r: bufio.NewReader(body)}
	var data []string
	var typ string
	id, length := s.lastEventID, 0
	for first := true; ; first = false {
		line, err := lines.next(maxEventSize - length)
		if err != nil {
			return err
		}
		length += len(line)
		if first {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" {
			s.lastEventID = id
			if data != nil {
				if err := emit(event{ID: id, Type: typ, Data: strings.Join(data, "\n")}); err != nil {
					return err
				}
			}
			data, typ, length = nil, "", 0
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "data":
			data = append(data, value)
		case "event":
			typ = value
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				s.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

// A lineReader ends lines at CR LF, LF or CR. A CR ends its line at once, so
// that the event it completes is not held back until the next byte comes.
type lineReader struct {
	r       *bufio.Reader
	afterCR bool
}

func (l *lineReader) next(limit int) (string, error) {
	var line []byte
	for {
		b, err := l.r.ReadByte()
		if err != nil {
			return "", err
		}
		restOfEnd := b == '\n' && l.afterCR
		l.afterCR = b == '\r'
		switch {
		case restOfEnd:
			continue
		case b == '\n' || b == '\r':
			return string(line), nil
		case len(line) >= limit:
			return "", errEventTooLarge
		}
		line = append(line, b)
	}
}
