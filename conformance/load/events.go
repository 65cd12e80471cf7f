package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// An EventReader reads the ids and data of a stream whose events have one line
// of data.
type EventReader struct{ lines *bufio.Reader }

// NewEventReader reads a stream.
func NewEventReader(stream io.Reader) *EventReader {
	return &EventReader{bufio.NewReaderSize(stream, 64<<10)}
}

// Next returns the id and the data of the next event, valid until the next
// call.
func (r *EventReader) Next(e *Event) error {
	e.ID, e.Data = e.ID[:0], e.Data[:0]
	for {
		line, err := r.lines.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("reading the stream: %w", err)
		}
		line = line[:len(line)-1]
		if len(line) == 0 && len(e.Data) > 0 {
			return nil
		}
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			e.Data = append(e.Data, data...)
		} else if id, ok := bytes.CutPrefix(line, []byte("id: ")); ok {
			e.ID = append(e.ID, id...)
		}
	}
}

// An Event is what counts of one: its fields are reused.
type Event struct{ ID, Data []byte }
