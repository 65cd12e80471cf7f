package cli

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestEventStream(t *testing.T) {
	for name, test := range map[string]struct {
		body   string
		want   []event
		cursor string
		retry  time.Duration
	}{
		"fields":                        {body: "id: 1\nevent: t\ndata: a\n\n", want: []event{{"1", "t", "a"}}, cursor: "1"},
		"lines of data":                 {body: "data: a\ndata:  b\ndata\n\n", want: []event{{"", "", "a\n b\n"}}},
		"CR LF":                         {body: "id: 1\r\ndata: a\r\n\r\n", want: []event{{"1", "", "a"}}, cursor: "1"},
		"CR":                            {body: "id: 1\rdata: a\r\r", want: []event{{"1", "", "a"}}, cursor: "1"},
		"byte order mark":               {body: "\ufeffdata: a\n\n", want: []event{{"", "", "a"}}},
		"comments and unknown fields":   {body: ":\n: x\nwhat: ever\ndata: a\n\n", want: []event{{"", "", "a"}}},
		"an id without data is kept":    {body: "id: 1\n\n", cursor: "1"},
		"an id lasts":                   {body: "id: 1\ndata: a\n\ndata: b\n\n", want: []event{{"1", "", "a"}, {"1", "", "b"}}, cursor: "1"},
		"a type does not":               {body: "event: t\ndata: a\n\ndata: b\n\n", want: []event{{"", "t", "a"}, {"", "", "b"}}},
		"an id with NUL is ignored":     {body: "id: 1\x00\ndata: a\n\n", want: []event{{"", "", "a"}}},
		"a cut event comes again later": {body: "id: 1\ndata: a\n\nid: 2\ndata: b\n", want: []event{{"1", "", "a"}}, cursor: "1"},
		"retry":                         {body: "retry: 1500\n\n", retry: 1500 * time.Millisecond},
		"retry that is no number":       {body: "retry: 1.5s\n\n"},
		"retry beyond all measure":      {body: "retry: 99999999999\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var s eventStream
			var got []event
			// One byte at a time: an end must be recognised wherever reads fall.
			err := s.read(iotest.OneByteReader(strings.NewReader(test.body)), func(e event) error {
				got = append(got, e)
				return nil
			})
			if err != io.EOF {
				t.Errorf("got error %v, want EOF", err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if s.lastEventID != test.cursor || s.retry != test.retry {
				t.Errorf("got cursor %q and retry %v, want %q and %v", s.lastEventID, s.retry, test.cursor, test.retry)
			}
		})
	}
}

// endless is an event that never ends.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func TestEventStreamIsBounded(t *testing.T) {
	var s eventStream
	if err := s.read(endless{}, nil); err != errEventTooLarge {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestBackOff(t *testing.T) {
	for _, test := range []struct {
		retry    time.Duration
		failures int
		least    time.Duration
	}{
		{3 * time.Second, 0, 3 * time.Second},
		{3 * time.Second, 2, 12 * time.Second},
		{3 * time.Second, 100, longestWait},
		{2 * time.Hour, 3, 2 * time.Hour},
	} {
		got := backOff(test.retry, test.failures)
		if got < test.least || got > test.least*5/4+1 {
			t.Errorf("after %d failures with retry %v: %v, want %v to a quarter more", test.failures, test.retry, got, test.least)
		}
	}
}
