package load

import (
	"fmt"
	"strings"
	"testing"
)

// What a replay gets wrong is told.
func TestAuditNoticesFaults(t *testing.T) {
	event := func(publisher string, n int, id string) *Event {
		return &Event{ID: []byte(id), Data: []byte(entry(publisher, n, 20))}
	}
	l := newLedger()
	l.told["f0"] = []uint64{l.hash([]byte("a")), l.hash([]byte("c"))}
	l.order = []uint64{l.hash([]byte("a")), l.hash([]byte("b")), l.hash([]byte("c"))}
	good := []*Event{event("f0", 0, "a"), event("f1", 0, "b"), event("f0", 1, "c"), event("f1", 1, "new")}
	for name, events := range map[string][]*Event{
		"one missing":      {good[0], good[2]},
		"one twice":        {good[0], good[0]},
		"out of order":     {good[1], good[0]},
		"under another id": {event("f0", 0, "x")},
	} {
		r := l.audit()
		var err error
		for _, e := range events {
			if err == nil {
				err = r.check(e)
			}
		}
		if err == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
	r := l.audit()
	for i, e := range good {
		if err := r.check(e); err != nil {
			t.Errorf("good event %d: %v", i, err)
		}
	}
	if fmt.Sprint(r.next) != "map[f0:2 f1:2]" {
		t.Errorf("counted %v", r.next)
	}
}

func TestEventReader(t *testing.T) {
	r := NewEventReader(strings.NewReader("retry: 2000\n\n:\nid: 1\ndata: a b\n\nevent: x\nid: 2\ndata: c\n\nid: 3\ndata: cut"))
	var e Event
	for _, want := range []string{"1=a b", "2=c"} {
		if err := r.Next(&e); err != nil || string(e.ID)+"="+string(e.Data) != want {
			t.Errorf("read %s=%s (%v), want %s", e.ID, e.Data, err, want)
		}
	}
	if err := r.Next(&e); err == nil {
		t.Errorf("an event cut short is read as %s", e.Data)
	}
}
