package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"cinnabar/conformance/load"
)

// A run in small, and a second one of the same file: every figure is there.
// What they are is not judged.
func TestMeasuresEverything(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: only Linux tells what a process takes")
	}
	program, err := load.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := settings{
		hub: program, history: filepath.Join(t.TempDir(), "hub.db"), n: 3000, size: 200, fillers: 16, publishers: 2,
		resumes: 5, rounds: 2, slow: 100 * time.Millisecond, json: true, progress: io.Discard,
	}
	for run := range 2 {
		var out bytes.Buffer
		if err := s.run(t.Context(), &out); err != nil {
			t.Fatalf("run %d: %v", run+1, err)
		}
		var r result
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Events < s.n || len(r.Resumes) != 12 || len(r.Replays) != 6 {
			t.Errorf("run %d: %d events, %d resumes, %d replays; want at least %d, 12 and 6", run+1, r.Events, len(r.Resumes), len(r.Replays), s.n)
		}
		var table bytes.Buffer
		r.print(&table)
		t.Logf("\n%s", &table)
	}
}

// What a replay gets wrong is told.
func TestReadingNoticesFaults(t *testing.T) {
	event := func(publisher string, n int, id string) *load.Event {
		return &load.Event{ID: []byte(id), Data: []byte(data(publisher, n, 20))}
	}
	l := newLedger()
	l.told["f0"] = []uint64{l.hash([]byte("a")), l.hash([]byte("c"))}
	l.order = []uint64{l.hash([]byte("a")), l.hash([]byte("b")), l.hash([]byte("c"))}
	good := []*load.Event{event("f0", 0, "a"), event("f1", 0, "b"), event("f0", 1, "c"), event("f1", 1, "new")}
	for name, events := range map[string][]*load.Event{
		"one missing":      {good[0], good[2]},
		"one twice":        {good[0], good[0]},
		"out of order":     {good[1], good[0]},
		"under another id": {event("f0", 0, "x")},
	} {
		r := l.read()
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
	r := l.read()
	for i, e := range good {
		if err := r.check(e); err != nil {
			t.Errorf("good event %d: %v", i, err)
		}
	}
	if fmt.Sprint(r.next) != "map[f0:2 f1:2]" {
		t.Errorf("counted %v", r.next)
	}
}
