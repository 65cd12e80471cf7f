package spec

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestBinaryForm(t *testing.T) {
	u := mustUpdate(t, Fields{
		Topics: []string{"a", "é"}, Data: "x\x00y", Private: true, ID: "urn:1", Type: "t", Retry: "15",
	})
	const want = "\x01\x0f\x02\x01\x02\x05\x01\x02" + "aé" + "urn:1" + "t" + "15" + "x\x00y"
	got := u.AppendBinary([]byte("before"))
	if string(got) != "before"+want {
		t.Errorf("got  %q\nwant %q: histories already on disk are in this form", got, want)
	}
}

func TestParseUpdateRefuses(t *testing.T) {
	for name, b := range map[string]string{
		"nothing":                       "",
		"version alone":                 "\x01",
		"another version":               "\x02\x00\x01\x01a",
		"unknown flag":                  "\x01\x10\x01\x01a",
		"no topics":                     "\x01\x00\x00",
		"no count":                      "\x01\x00",
		"more topics than bytes":        "\x01\x00\xff\xff\xff\xff\x0f\x01a",
		"huge count":                    "\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a",
		"topic longer than the rest":    "\x01\x00\x01\x02a",
		"lengths that would overflow":   "\x01\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff\x7fa",
		"lengths cut short":             "\x01\x00\x01\x80",
		"length not minimal":            "\x01\x00\x01\x81\x00a",
		"count not minimal":             "\x01\x00\x81\x00\x01a",
		"flagged id is empty":           "\x01\x02\x01\x01\x00a",
		"flagged id is missing":         "\x01\x02\x01\x01",
		"id with a line break":          "\x01\x02\x01\x01\x03ax\ny",
		"id starting with a hash":       "\x01\x02\x01\x01\x02a#x",
		"type with a line break":        "\x01\x04\x01\x01\x03ax\ry",
		"retry that is no number":       "\x01\x08\x01\x01\x02a1\n",
		"topic that is not UTF-8":       "\x01\x00\x01\x01\xff",
		"data that is not UTF-8":        "\x01\x00\x01\x01a\x80",
		"cut within a character":        "\x01\x00\x01\x01\xc3\xa9",
		"type cut within a character":   "\x01\x04\x01\x01\x01a\xc3\xa9",
		"topics cut within a character": "\x01\x00\x02\x01\x01\xc3\xa9",
	} {
		t.Run(name, func(t *testing.T) {
			if u, err := ParseUpdate([]byte(b)); err == nil {
				t.Errorf("ParseUpdate(%q) = %+v, want an error", b, u)
			}
		})
	}
}

func TestParseUpdateKeepsNoReference(t *testing.T) {
	want := mustUpdate(t, Fields{Topics: []string{"topic"}, Data: "data", ID: "urn:1"})
	b := want.AppendBinary(nil)
	got, err := ParseUpdate(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("overwriting the bytes changed the update to %+v", got)
	}
}

// An accepted update comes back the same.
func FuzzBinaryRoundTrip(f *testing.F) {
	f.Add("a", "b", "data", true, "urn:1", "t", "15")
	f.Add("é", "", "\r\n", false, "", "", "")
	f.Fuzz(func(t *testing.T, topic, alternate, data string, private bool, id, kind, retry string) {
		for _, generations := range []Generations{Both, Only(Legacy)} {
			u, err := NewUpdate(Fields{
				Topics: []string{topic, alternate}, Data: data, Private: private, ID: id, Type: kind, Retry: retry,
			}, Rules{Base: UnnamedBase(), Generations: generations})
			if err != nil {
				continue
			}
			got, err := ParseUpdate(u.AppendBinary(nil))
			if err != nil {
				t.Fatalf("%+v does not come back: %v", u, err)
			}
			if !reflect.DeepEqual(got, u) {
				t.Fatalf("%+v came back as %+v", u, got)
			}
		}
	})
}

// Any bytes that are accepted are the one form of what they were read as, and
// cannot break a stream.
func FuzzParseUpdate(f *testing.F) {
	f.Add([]byte("\x01\x0f\x02\x01\x02\x05\x01\x02aéurn:1t15x\x00y"))
	f.Add([]byte("\x01\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := ParseUpdate(b)
		if err != nil {
			return
		}
		if again := u.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Errorf("%q is also written %q", b, again)
		}
		events, oddities := parseStream(string(AppendEvent(nil, mustID(t, "urn:1"), u)))
		if len(events) != 1 || len(oddities) > 0 {
			t.Errorf("%q is dispatched as %q, with %q", b, events, oddities)
		}
	})
}

func BenchmarkParseUpdate(b *testing.B) {
	for name, edit := range map[string]func(*Fields){
		"hub's id":      func(*Fields) {},
		"publisher's":   id("urn:uuid:0d5c2c8e-7f4b-4a5e-9d36-3a6d2f0f7a11"),
		"three topics":  topics("https://example.com/1", "https://example.com/2", "https://example.com/3"),
		"outside ASCII": data(strings.Repeat("日", 160)),
	} {
		f := valid(data(strings.Repeat("x", 500)))
		edit(&f)
		form := mustUpdate(b, f).AppendBinary(nil)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(form)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseUpdate(form); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendBinary(b *testing.B) {
	u := mustUpdate(b, valid(data(strings.Repeat("x", 500))))
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		u.AppendBinary(dst)
	}
}
