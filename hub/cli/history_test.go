package cli

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/bolt"
	"cinnabar/store/reference"

	"github.com/rogpeppe/go-internal/testscript"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

// A line is an update as the reference hub keeps it.
type line struct {
	sequence uint64
	id       string
	value    []byte
}

// writeFile makes a history of the reference hub.
func writeFile(path string, content []line) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(reference.DefaultBucket))
		for _, l := range content {
			key := append(binary.BigEndian.AppendUint64(nil, l.sequence), l.id...)
			err = errors.Join(err, b.Put(key, l.value))
		}
		return err
	})
	return errors.Join(err, db.Close())
}

// writeReference is the command of scripts.
func writeReference(ts *testscript.TestScript, _ bool, args []string) {
	var content []line
	for text := range strings.Lines(ts.ReadFile(args[1])) {
		parts := strings.SplitN(strings.TrimSuffix(text, "\n"), " ", 3)
		sequence, err := strconv.ParseUint(parts[0], 10, 64)
		ts.Check(err)
		id, err := strconv.Unquote(`"` + parts[1] + `"`)
		ts.Check(err)
		content = append(content, line{sequence, id, []byte(parts[2])})
	}
	ts.Check(writeFile(ts.MkAbs(args[0]), content))
}

func newTransfer(t testing.TB, content []line) *transfer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mercure.db")
	if err := writeFile(path, content); err != nil {
		t.Fatal(err)
	}
	source, err := reference.Open(path, reference.DefaultBucket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	return &transfer{
		source:   source,
		rules:    spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both},
		progress: progress{w: io.Discard},
	}
}

// TestTransfer: whatever a file holds, what our rules accept of it is
// afterwards in the history, with every field, in order, and the rest was
// reported.
func TestTransfer(t *testing.T) {
	type stored struct {
		Topics  []string `json:",omitempty"`
		Data    string   `json:",omitempty"`
		Private bool     `json:",omitempty"`
		ID      string   `json:",omitempty"`
		Type    string   `json:",omitempty"`
		Retry   uint64   `json:",omitempty"`
	}
	rapid.Check(t, func(rt *rapid.T) {
		var content []line
		var want []spec.Fields
		refused := 0
		sequence := uint64(0)
		for range rapid.IntRange(1, 30).Draw(rt, "entries") {
			sequence += rapid.Uint64Range(1, 3).Draw(rt, "gap")
			v := stored{
				Topics:  rapid.SliceOfN(rapid.SampledFrom([]string{"a", "https://example.com/b", "*", "/.well-known/mercure/subscriptions/x", "c\u200bd"}), 0, 3).Draw(rt, "topics"),
				Data:    rapid.String().Draw(rt, "data"),
				Private: rapid.Bool().Draw(rt, "private"),
				ID:      rapid.SampledFrom([]string{"urn:a", "urn:b", "ü", "#1", "earliest"}).Draw(rt, "id"),
				Type:    rapid.SampledFrom([]string{"", "changed", "mercure"}).Draw(rt, "type"),
				Retry:   rapid.SampledFrom([]uint64{0, 1, 1<<64 - 1}).Draw(rt, "retry"),
			}
			value, err := json.Marshal(v)
			if err != nil {
				rt.Fatal(err)
			}
			content = append(content, line{sequence, v.ID, value})
			bad := slices.ContainsFunc(v.Topics, func(s string) bool {
				return s == "*" || s == "/.well-known/mercure/subscriptions/x" || s == "c\u200bd"
			})
			if bad || len(v.Topics) == 0 || v.ID == "#1" || v.ID == "earliest" || v.Type == "mercure" {
				refused++
				continue
			}
			f := spec.Fields{Topics: v.Topics, Data: v.Data, Private: v.Private, ID: v.ID, Type: v.Type}
			if v.Retry > 0 {
				f.Retry = strconv.FormatUint(v.Retry, 10)
			}
			want = append(want, f)
		}

		tr := newTransfer(t, content)
		reported := 0
		found, err := tr.judge(func(reference.Entry, error) { reported++ })
		if err != nil || found.entries != len(content) || found.accepted != len(want) || reported != refused {
			rt.Fatalf("%+v, %d reported, error %v; want %d accepted and %d refused", found, reported, err, len(want), refused)
		}
		log, err := bolt.Open(filepath.Join(t.TempDir(), "hub.db"), bolt.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer log.Close()
		after, err := tr.copy(t.Context(), log, 0, found.accepted)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := tr.compare(t.Context(), log, after, found.accepted); err != nil {
			rt.Fatal(err)
		}
		c, err := log.Read(t.Context(), after, 1<<30)
		if err != nil || len(c.Entries) != len(want) {
			rt.Fatalf("%d entries, error %v; want %d", len(c.Entries), err, len(want))
		}
		for i, e := range c.Entries {
			u := e.Update
			got := spec.Fields{Topics: u.Topics(), Data: u.Data(), Private: u.Private(), ID: u.ID().String(), Type: u.Type().String(), Retry: u.Retry()}
			if w := want[i]; e.ID.String() != w.ID || !slices.Equal(got.Topics, w.Topics) ||
				got.Data != w.Data || got.Private != w.Private || got.ID != w.ID || got.Type != w.Type || got.Retry != w.Retry {
				rt.Fatalf("entry %d: %+v, want %+v", i, got, w)
			}
		}
	})
}

// numbered are n good entries.
func numbered(n int) []line {
	content := make([]line, n)
	for i := range content {
		id := "urn:" + strconv.Itoa(i)
		content[i] = line{uint64(i + 1), id, []byte(`{"ID":"` + id + `","Topics":["a"],"Data":"` + strconv.Itoa(i) + `"}`)}
	}
	return content
}

// TestCompare: a history that differs from the file is told apart.
func TestCompare(t *testing.T) {
	const n = batchEntries + 10
	tr := newTransfer(t, numbered(n))
	for name, tt := range map[string]struct {
		there []line
		want  string // "" for none
	}{
		"equal":              {numbered(n), ""},
		"the last lost":      {numbered(n - 1), "it ends before urn:" + strconv.Itoa(n-1)},
		"one more":           {numbered(n + 1), "urn:" + strconv.Itoa(n) + " at position"},
		"one in the middle":  {slices.Delete(numbered(n), 7, 8), "position 8 holds urn:8, which is not urn:7"},
		"two out of order":   {exchange(numbered(n), 3, 4), "position 4 holds urn:4, which is not urn:3"},
		"another field":      {alter(numbered(n), 5, `{"ID":"urn:5","Topics":["a"],"Data":"5","Private":true}`), "position 6 holds urn:5, which is not urn:5 as it was"},
		"another alternate":  {alter(numbered(n), 5, `{"ID":"urn:5","Topics":["a","b"],"Data":"5"}`), "position 6 holds urn:5"},
		"different end data": {alter(numbered(n), n-1, `{"ID":"urn:`+strconv.Itoa(n-1)+`","Topics":["a"]}`), "position " + strconv.Itoa(n)},
	} {
		t.Run(name, func(t *testing.T) {
			log, err := bolt.Open(filepath.Join(t.TempDir(), "hub.db"), bolt.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			after, err := newTransfer(t, tt.there).copy(t.Context(), log, 0, len(tt.there))
			if err != nil {
				t.Fatal(err)
			}
			_, err = tr.compare(t.Context(), log, after, n)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// exchange swaps the sequences of two entries.
func exchange(content []line, i, j int) []line {
	content[i].sequence, content[j].sequence = content[j].sequence, content[i].sequence
	return content
}

func alter(content []line, i int, value string) []line {
	content[i].value = []byte(value)
	return content
}

// TestCopyStops: an import that the history cannot take says how far it got.
func TestCopyStops(t *testing.T) {
	log, err := bolt.Open(filepath.Join(t.TempDir(), "hub.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log.Close()
	_, err = newTransfer(t, numbered(3)).copy(t.Context(), log, 0, 3)
	if !errors.Is(err, store.ErrClosed) || !strings.Contains(err.Error(), "after 0 of 3 entries") {
		t.Errorf("%v, want %v after 0 of 3", err, store.ErrClosed)
	}
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		g := progress{w: &out}
		g.tell("judged", 1, 0)
		g.tell("judged", 2, 0)
		if out.Len() > 0 {
			t.Errorf("%q was said at once", out.String())
		}
		time.Sleep(progressPause)
		g.tell("judged", 1000, 0)
		g.tell("judged", 1001, 0)
		time.Sleep(progressPause)
		g.tell("imported", 500, 2000)
		if want := "judged 1000 entries\nimported 500 of 2000 entries (25%)\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}

func TestBytesOf(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1023: "1023", 1536: "1536 (1.5 KiB)", 1 << 20: "1048576 (1.0 MiB)", 3 << 30: "3221225472 (3.0 GiB)"} {
		if got := bytesOf(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
