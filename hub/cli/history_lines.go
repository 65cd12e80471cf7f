package cli

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/reference"
)

// An exported line is an update as JSON, or the end of an export. The names are
// final.
type exported struct {
	Position store.Position `json:"position,omitempty"`
	ID       string         `json:"id,omitempty"`
	Time     time.Time      `json:"time,omitzero"`
	Topics   []string       `json:"topics,omitempty"`
	Data     string         `json:"data"`
	Private  bool           `json:"private,omitempty"`
	Type     string         `json:"type,omitempty"`
	Retry    string         `json:"retry,omitempty"`
}

// An exportEnd closes a stretch of lines. After the position it names another
// export goes on, and both files may be put together.
type exportEnd struct {
	Through  store.Position `json:"through"`
	Updates  int            `json:"updates"`
	SHA256   string         `json:"sha256"` // of the lines since the last end, line breaks included
	Trimmed  store.Position `json:"trimmed,omitempty"`
	Complete bool           `json:"complete"`
}

func exportedOf(e *store.Entry) exported {
	u := e.Update
	return exported{
		Position: e.Position, ID: e.ID.String(), Time: e.At.UTC(),
		Topics: u.Topics(), Data: u.Data(), Private: u.Private(), Type: u.Type().String(), Retry: u.Retry(),
	}
}

// A lineWriter writes an export.
type lineWriter struct {
	w       *bufio.Writer
	line    bytes.Buffer
	encoder *json.Encoder
	digest  hash.Hash
	updates int // since the last end
}

func newLineWriter(w io.Writer) *lineWriter {
	l := &lineWriter{w: bufio.NewWriterSize(w, 64<<10), digest: sha256.New()}
	l.encoder = json.NewEncoder(&l.line)
	l.encoder.SetEscapeHTML(false)
	return l
}

func (l *lineWriter) update(e *store.Entry) error {
	if err := l.write(exportedOf(e)); err != nil {
		return err
	}
	l.digest.Write(l.line.Bytes())
	l.updates++
	return nil
}

// end closes the stretch and hands everything on.
func (l *lineWriter) end(e exportEnd) error {
	e.Updates, e.SHA256 = l.updates, hex.EncodeToString(l.digest.Sum(nil))
	if err := l.write(map[string]exportEnd{"end": e}); err != nil {
		return err
	}
	if err := l.w.Flush(); err != nil {
		return fmt.Errorf("writing the export: %w", err)
	}
	return nil
}

func (l *lineWriter) write(v any) error {
	l.line.Reset()
	if err := l.encoder.Encode(v); err != nil {
		return fmt.Errorf("encoding an update: %w", err)
	}
	if _, err := l.w.Write(l.line.Bytes()); err != nil {
		return fmt.Errorf("writing the export: %w", err)
	}
	return nil
}

// An exportFile is an export to be read again.
type exportFile struct {
	file *os.File

	// Of the last pass.
	last   store.Position // of the last update
	open   bool           // lines follow the last end, or there is none
	whole  int64          // bytes of whole lines
	cut    bool           // the last line is not whole
	digest hash.Hash      // of lines since the last end
	count  int            // of updates since
}

func (f *exportFile) Close() error { return f.file.Close() }

var errCutLine = errors.New("the last line is cut off: complete the file with \"cinnabar history export --resume\", or remove that line")

// Entries goes over the updates. The error is that of a line that is none, or
// of an end that does not fit the lines before it.
func (f *exportFile) Entries() iter.Seq2[reference.Entry, error] {
	return func(yield func(reference.Entry, error) bool) {
		fail := func(n int, err error) {
			yield(reference.Entry{}, fmt.Errorf("reading %s: line %d: %w", f.file.Name(), n, err))
		}
		if _, err := f.file.Seek(0, io.SeekStart); err != nil {
			fail(0, err)
			return
		}
		f.last, f.open, f.whole, f.cut, f.digest, f.count = 0, true, 0, false, sha256.New(), 0
		r := bufio.NewReaderSize(f.file, 1<<20)
		at := int64(0)
		for n := 1; ; n++ {
			line, err := readLine(r)
			if err == io.EOF {
				return
			}
			if err != nil {
				f.cut = errors.Is(err, errCutLine)
				fail(n, err)
				return
			}
			at += int64(len(line))
			var found struct {
				exported
				End *exportEnd `json:"end"`
			}
			if err := json.Unmarshal(line, &found); err != nil {
				fail(n, fmt.Errorf("it is no line of an export: %w", err))
				return
			}
			if end := found.End; end != nil {
				if end.Updates != f.count || end.SHA256 != hex.EncodeToString(f.digest.Sum(nil)) {
					fail(n, errors.New("the lines before it are not those that were exported"))
					return
				}
				f.last, f.open, f.count, f.whole = max(f.last, end.Through), !end.Complete, 0, at
				f.digest.Reset()
				continue
			}
			f.open, f.last, f.whole = true, found.Position, at
			f.digest.Write(line)
			f.count++
			if !yield(found.entry(), nil) {
				return
			}
		}
	}
}

// maxLine is how long a line may be: the largest record with every byte escaped.
const maxLine = 6*store.MaxRecordSize + 1<<10

// readLine returns a line with its break.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case err == io.EOF && len(line) > 0:
			return nil, errCutLine
		case err != bufio.ErrBufferFull:
			return nil, err
		case len(line) > maxLine:
			return nil, fmt.Errorf("it is longer than %d MiB", maxLine>>20)
		}
	}
}

func (x *exported) entry() reference.Entry {
	e := reference.Entry{
		Sequence: uint64(x.Position), ID: x.ID,
		Fields: spec.Fields{Topics: x.Topics, Data: x.Data, Private: x.Private, ID: x.ID, Type: x.Type, Retry: x.Retry},
	}
	if x.ID == "" {
		e.Fault = errors.New("it has no id")
	}
	return e
}

// isExport reports whether a file looks like an export.
func isExport(f *os.File) bool {
	var first [1]byte
	_, err := f.ReadAt(first[:], 0)
	return err == nil && first[0] == '{'
}
