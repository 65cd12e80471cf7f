package main

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An Event is one dispatched event of a stream, with the lines it was made of.
type Event struct {
	ID    string // as EventSource would know it after the event
	Type  string // "message" without an event field
	Data  string
	Retry string   // of a retry field in the block, "" for none
	Lines []string // of the block, without comments and line ends
}

// A Stream is an open subscription.
type Stream struct {
	t      *T
	Header http.Header
	body   io.ReadCloser
	events chan Event
	notes  chan string // lines outside of events: comments, and retry fields of the hub's own
	ended  chan error  // closed by the reader; holds why the stream ended
	rest   []string    // lines of an event that the end cut off; the reader's until then
}

// maxEvent bounds a line of a stream, in bytes.
const maxEvent = 8 << 20

// Open opens a stream and requires that it is one. It is closed with the run.
func (t *T) Open(r Request) *Stream {
	resp := t.send(r)
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		resp.Body.Close()
		t.Fatalf("opening a stream with %s: status %d, want 200: %s", short(r.Query+" "+r.Form), resp.StatusCode, short(string(body)))
	}
	if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(strings.ToLower(ct), "text/event-stream") {
		resp.Body.Close()
		t.Fatalf("opening a stream: Content-Type %q, want text/event-stream", ct)
	}
	return t.follow(resp)
}

// follow reads a stream, which is closed with the run.
func (t *T) follow(resp *http.Response) *Stream {
	s := &Stream{
		t: t, Header: resp.Header, body: resp.Body,
		events: make(chan Event, 4096), notes: make(chan string, 4096), ended: make(chan error, 1),
	}
	t.Cleanup(s.Close)
	go s.read()
	return s
}

// Subscribe opens a stream on topics, matched exactly, by the judged
// generation's own parameter. token may be "".
func (t *T) Subscribe(token string, topics ...string) *Stream {
	return t.Open(Request{Query: t.Topics(topics...), Token: token})
}

// Topics returns the query that subscribes to topics, matched exactly.
func (t *T) Topics(topics ...string) string {
	var pairs []string
	for _, topic := range topics {
		pairs = append(pairs, t.topicParam(), topic)
	}
	return Form(pairs...)
}

func (t *T) topicParam() string {
	if t.Legacy() {
		return "topic"
	}
	return "match"
}

// CursorParam is the query parameter that carries a cursor, and CursorHeader
// the response field that answers it.
func (t *T) CursorParam() string {
	if t.Legacy() {
		return "lastEventID"
	}
	return "last_event_id"
}

func (t *T) CursorHeader() string {
	if t.Legacy() {
		return "Last-Event-ID"
	}
	return "Mercure-Last-Event-ID"
}

// Close closes the stream from the client's side.
func (s *Stream) Close() { s.body.Close() }

// read parses the stream as the WHATWG standard says until it ends.
func (s *Stream) read() {
	var e Event
	var data []string
	lastID := ""
	in := bufio.NewScanner(s.body)
	in.Buffer(nil, maxEvent)
	in.Split(eventLines())
	for in.Scan() {
		line := in.Text()
		if !utf8.ValidString(line) {
			s.t.Errorf("SSE-utf8: the stream holds %q, which is not UTF-8", short(line))
		}
		if strings.HasPrefix(line, ":") {
			s.note(line) // a comment needs no blank line after it
			continue
		}
		if line != "" {
			e.Lines = append(e.Lines, line)
			name, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch name {
			case "id":
				if !strings.ContainsRune(value, 0) {
					lastID = value
				}
			case "event":
				e.Type = value
			case "data":
				data = append(data, value)
			case "retry":
				e.Retry = value
			}
			continue
		}
		if len(data) == 0 {
			for _, l := range e.Lines {
				s.note(l)
			}
		} else {
			e.ID, e.Data = lastID, strings.Join(data, "\n")
			if e.Type == "" {
				e.Type = "message"
			}
			s.events <- e
		}
		e, data = Event{}, nil
	}
	s.rest = e.Lines
	close(s.events)
	s.ended <- in.Err()
	close(s.ended)
}

func (s *Stream) note(line string) {
	select {
	case s.notes <- line:
	default: // nobody reads thousands of comments
	}
}

// eventLines splits at LF, CR LF and CR, and drops one leading BOM.
func eventLines() bufio.SplitFunc {
	first := true
	return func(data []byte, atEOF bool) (int, []byte, error) {
		skip := 0
		if first && len(data) >= 3 {
			if strings.HasPrefix(string(data[:3]), "\ufeff") {
				skip = 3
			}
			first = false
		}
		i := slices.IndexFunc(data[skip:], func(b byte) bool { return b == '\n' || b == '\r' })
		if i < 0 {
			if atEOF && len(data) > skip {
				return len(data), data[skip:], nil
			}
			return 0, nil, nil
		}
		i += skip
		if data[i] == '\r' {
			if i+1 == len(data) && !atEOF {
				return 0, nil, nil // an LF may follow
			}
			if i+1 < len(data) && data[i+1] == '\n' {
				return i + 2, data[skip:i], nil
			}
		}
		return i + 1, data[skip:i], nil
	}
}

// Next returns the next event, and ends the run when none comes.
func (s *Stream) Next() Event {
	select {
	case e, ok := <-s.events:
		if !ok {
			s.t.Fatalf("the stream ended before an expected event")
		}
		return e
	case <-time.After(s.t.Patience):
		s.t.Fatalf("no event within %v", s.t.Patience)
		return Event{}
	}
}

// Note returns the next line outside of events, such as a comment, and whether
// one came within a time.
func (s *Stream) Note(within time.Duration) (string, bool) {
	select {
	case l := <-s.notes:
		return l, true
	case <-time.After(within):
		return "", false
	}
}

// End waits until the hub ends the stream; ok is false if it does not within a
// time. The error is nil when the response ended as HTTP says it should.
func (s *Stream) End(within time.Duration) (err error, ok bool) {
	select {
	case err := <-s.ended:
		return err, true
	case <-time.After(within):
		return nil, false
	}
}

// over reports whether the stream has ended.
func (s *Stream) over() bool { return len(s.ended) > 0 }

// Want asserts that the next events are those with these ids, in order.
func (s *Stream) Want(what string, ids ...string) {
	for i, id := range ids {
		if e := s.Next(); e.ID != id {
			s.t.Fatalf("%s: event %d of %d has id %q (data %s), want %q", what, i+1, len(ids), e.ID, short(e.Data), id)
		}
	}
}

// Until publishes a public sentinel on a topic that the stream matches, and
// returns the events that came before it. So silence is proved without
// waiting for time to pass.
func (s *Stream) Until(topic string) []Event {
	id := s.t.Publish("topic", topic, "data", "sentinel")
	var before []Event
	for {
		e := s.Next()
		if e.ID == id {
			return before
		}
		before = append(before, e)
	}
}

// OnlyThen asserts that exactly the events with these ids come before a public
// sentinel on the topic.
func (s *Stream) OnlyThen(what, topic string, ids ...string) {
	var got []string
	for _, e := range s.Until(topic) {
		got = append(got, e.ID)
	}
	if !slices.Equal(got, ids) {
		s.t.Errorf("%s: before the sentinel came %q, want %q", what, got, ids)
	}
}

// Silent asserts that nothing comes before a public sentinel on the topic.
func (s *Stream) Silent(what, topic string) { s.OnlyThen(what, topic) }

// Never asserts that none of these ids is among the events before a public
// sentinel on the topic: for a stream of more than the run's own topics.
func (s *Stream) Never(what, topic string, ids ...string) {
	for _, e := range s.Until(topic) {
		if slices.Contains(ids, e.ID) {
			s.t.Errorf("%s: update %s was delivered, want it withheld", what, e.ID)
		}
	}
}
