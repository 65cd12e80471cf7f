package reference

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cinnabar/spec"

	"go.etcd.io/bbolt"
)

// all returns the entries of a file.
func all(t *testing.T, path string) []Entry {
	t.Helper()
	f, err := Open(path, DefaultBucket)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var entries []Entry
	for e, err := range f.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

// TestRealFiles reads what the reference hub wrote. The ids beside each file
// are those its subscribers saw, in order.
func TestRealFiles(t *testing.T) {
	for _, name := range []string{"0.24", "1.0-alpha"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".db")
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			list, err := os.ReadFile(filepath.Join("testdata", name+".ids"))
			if err != nil {
				t.Fatal(err)
			}
			ids := strings.Fields(string(list))
			entries := all(t, path)
			if len(entries) != len(ids) || len(ids) == 0 {
				t.Fatalf("%d entries, want %d", len(entries), len(ids))
			}
			for i, e := range entries {
				if e.Fault != nil || e.Foreign != nil || e.ID != ids[i] || e.Fields.ID != ids[i] || e.Sequence != uint64(i+1) {
					t.Errorf("entry %d: %+v, want id %s", i, e, ids[i])
				}
			}
			for i, want := range map[int]spec.Fields{
				0: {
					Topics: []string{"https://example.com/books/0", "https://example.com/users/0/books/0"}, Private: true,
					Data: `{"@id": "/books/0", "title": "Title 0"}`, ID: ids[0], Type: "book-changed", Retry: "2500",
				},
				11: {Topics: []string{"https://example.com/books/11"}, Data: "line one\nline two\r\nline three\rend\n", ID: ids[11]},
				12: {Topics: []string{"https://example.com/books/12"}, ID: ids[12], Type: "book-changed"},
				13: {Topics: []string{"https://example.com/books/13"}, Data: "héllo – 日本 🙂", ID: ids[13]},
			} {
				if got := entries[i].Fields; !reflect.DeepEqual(got, want) {
					t.Errorf("entry %d: %+v, want %+v", i, got, want)
				}
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("reading the file changed it (%v)", err)
			}
		})
	}
}

// write makes a file with a bucket.
func write(t *testing.T, bucket string, fill func(*bbolt.Bucket) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mercure.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(bucket))
		if err != nil {
			return err
		}
		return fill(b)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func key(sequence uint64, id string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, sequence), id...)
}

func TestManyEntries(t *testing.T) {
	const n = 2*chunkEntries + 1
	path := write(t, DefaultBucket, func(b *bbolt.Bucket) error {
		for i := range uint64(n) {
			// Ids that sort the other way round, and gaps.
			id := fmt.Sprintf("urn:%d", n-i)
			if err := b.Put(key(3*i, id), fmt.Appendf(nil, `{"ID":%q,"Topics":["a"]}`, id)); err != nil {
				return err
			}
		}
		return nil
	})
	entries := all(t, path)
	if len(entries) != n {
		t.Fatalf("%d entries, want %d", len(entries), n)
	}
	for i, e := range entries {
		if want := fmt.Sprintf("urn:%d", n-i); e.Sequence != uint64(3*i) || e.Fields.ID != want || e.Fault != nil {
			t.Fatalf("entry %d: %+v, want sequence %d and id %s", i, e, 3*i, want)
		}
	}
}

func TestValues(t *testing.T) {
	for name, tt := range map[string]struct {
		content string
		want    spec.Fields
		foreign []string
		fault   string
	}{
		"every field": {
			content: `{"Data":"d","ID":"urn:a","Type":"t","Retry":18446744073709551615,"Topics":["a","b"],"Private":true,"Debug":true}`,
			want:    spec.Fields{Topics: []string{"a", "b"}, Data: "d", Private: true, ID: "urn:a", Type: "t", Retry: "18446744073709551615"},
		},
		"set fields alone": {
			content: `{"ID":"urn:a","Topics":["a"]}`,
			want:    spec.Fields{Topics: []string{"a"}, ID: "urn:a"},
		},
		"absent topics are for the rules to judge": {content: `{"ID":"urn:a","Topics":null}`, want: spec.Fields{ID: "urn:a"}},
		"foreign fields": {
			content: `{"ID":"urn:a","Topics":["a"],"Time":7,"Name":"x"}`,
			want:    spec.Fields{Topics: []string{"a"}, ID: "urn:a"}, foreign: []string{"Name", "Time"},
		},
		"another id":      {content: `{"ID":"urn:b","Topics":["a"]}`, fault: `its key names it "urn:a", its value "urn:b"`},
		"no JSON":         {content: `Dear diary`, fault: "its value is no update"},
		"nothing":         {content: ``, fault: "its value is no update"},
		"cut short":       {content: `{"ID":"urn:a","Topics":["a"]`, fault: "its value is no update"},
		"two values":      {content: `{"ID":"urn:a","Topics":["a"]}{}`, fault: "more than one JSON value"},
		"null":            {content: `null`, fault: `its value ""`},
		"another type":    {content: `{"ID":"urn:a","Topics":"a"}`, fault: "its value is no update: Topics holds a JSON string"},
		"negative retry":  {content: `{"ID":"urn:a","Topics":["a"],"Retry":-1}`, fault: "its value is no update: Retry holds a JSON number -1"},
		"broken encoding": {content: "{\"ID\":\"urn:a\",\"Topics\":[\"\xff\"]}", fault: "not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, DefaultBucket, func(b *bbolt.Bucket) error { return b.Put(key(7, "urn:a"), []byte(tt.content)) })
			e := all(t, path)[0]
			if e.Sequence != 7 || e.ID != "urn:a" {
				t.Errorf("%+v, want sequence 7 and id urn:a whatever the value", e)
			}
			if tt.fault != "" {
				if e.Fault == nil || !strings.Contains(e.Fault.Error(), tt.fault) {
					t.Errorf("fault %v, want %q", e.Fault, tt.fault)
				}
				return
			}
			if e.Fault != nil || !reflect.DeepEqual(e.Fields, tt.want) || !reflect.DeepEqual(e.Foreign, tt.foreign) {
				t.Errorf("%+v, want %+v and foreign %q", e, tt.want, tt.foreign)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	path := write(t, DefaultBucket, func(b *bbolt.Bucket) error {
		_, err := b.CreateBucket(key(1, "urn:bucket"))
		return errors.Join(err, b.Put(key(2, ""), []byte(`{"Topics":["a"]}`)), b.Put([]byte("short"), []byte(`{}`)))
	})
	entries := all(t, path)
	for i, want := range []string{"it is a bucket", "it has no id", "its key 73686f7274 is no sequence"} {
		if i >= len(entries) || entries[i].Fault == nil || !strings.Contains(entries[i].Fault.Error(), want) {
			t.Fatalf("%+v, want entry %d to say %q", entries, i, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	some := func(b *bbolt.Bucket) error { return b.Put([]byte("k"), []byte("v")) }
	for name, tt := range map[string]struct {
		path string
		want string
	}{
		"no file":        {filepath.Join(t.TempDir(), "nothing.db"), "nothing.db"},
		"another bucket": {write(t, "events", some), `it has no bucket "updates", only "events"`},
		"text":           {"reference_test.go", "this is no bolt file"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(tt.path, DefaultBucket)
			if err == nil {
				f.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want one line with the file's name and %q", err, tt.want)
			}
		})
	}

	path := write(t, "events", some)
	if f, err := Open(path, "events"); err != nil {
		t.Errorf("a bucket of another name: %v", err)
	} else {
		f.Close()
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := Open(path, "events"); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("a file in use: %v, want that said", err)
	}
}

// TestDamage: a damaged file is an error or is read, and does not end the
// process.
func TestDamage(t *testing.T) {
	good, err := os.ReadFile("testdata/0.24.db")
	if err != nil {
		t.Fatal(err)
	}
	page := 4096
	path := filepath.Join(t.TempDir(), "mercure.db")
	refused := 0
	for at := 0; at < len(good); at += page {
		bad := bytes.Clone(good)
		for i := at; i < at+page; i++ {
			bad[i] ^= 0x5a
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path, DefaultBucket)
		if err != nil {
			refused++
			continue
		}
		for _, err := range f.Entries() {
			if err != nil {
				refused++
			}
		}
		f.Close()
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}
