// Package reference reads the history that the reference hub keeps with its
// bolt transport, of 0.x and of the 1.0 previews alike. The file is a bbolt
// one:
//
//	updates  sequence (8 bytes, big-endian), then the id → the update as JSON:
//	         Topics, Data, Private, ID, Type, Retry (milliseconds), Debug
//
// It says nothing about when an update was published.
package reference

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// DefaultBucket is where the reference hub keeps updates unless configured
// otherwise.
const DefaultBucket = "updates"

// A File is a history of the reference hub, open for reading and never
// written to. It is safe for concurrent use.
type File struct {
	path   string
	file   *boltfile.File
	bucket []byte
}

// Open opens a history that no hub has open, and looks at the whole file. Its
// error is one line that says what to do.
func Open(path, bucket string) (*File, error) {
	f, err := open(path, bucket)
	if err != nil {
		return nil, fmt.Errorf("opening the reference hub's history %s: %w", path, err)
	}
	return f, nil
}

func open(path, bucket string) (*File, error) {
	file, err := boltfile.Open(path)
	if err != nil {
		return nil, explain(err)
	}
	f := &File{path: path, file: file, bucket: []byte(bucket)}
	if err := file.View(f.checkBucket); err != nil {
		return nil, errors.Join(explain(err), file.Close())
	}
	return f, nil
}

// explain says what to do about an error of opening.
func explain(err error) error {
	var damage *boltfile.Damage
	switch {
	case errors.As(err, &damage):
		return fmt.Errorf("%w: take another copy of it", err)
	case errors.Is(err, berrors.ErrTimeout):
		return errors.New("another process has it open: stop that hub first, or name a copy")
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch):
		return errors.New("this is no bolt file: name the one in the hub's transport setting")
	}
	return err
}

func (f *File) checkBucket(tx *bbolt.Tx) error {
	if tx.Bucket(f.bucket) != nil {
		return nil
	}
	var there []string
	err := tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		there = append(there, fmt.Sprintf("%q", name))
		return nil
	})
	if err != nil {
		return err
	}
	if there == nil {
		return errors.New("it is an empty bolt file")
	}
	return fmt.Errorf("it has no bucket %q, only %s: name the one in the hub's transport setting", f.bucket, strings.Join(there, ", "))
}

// Entries returns every entry in the order of sequences, or ends with an
// error.
func (f *File) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var next []byte
		for {
			entries, err := f.read(&next)
			if err != nil {
				yield(Entry{}, fmt.Errorf("reading %s: %w", f.path, err))
				return
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if next == nil {
				return
			}
		}
	}
}

// Bounds of what is read at once.
const (
	chunkEntries = 1024
	chunkSize    = 4 << 20 // bytes of values
)

// read returns entries from a key on, nil being the first, and moves the key
// to the one after them, nil when there is none.
func (f *File) read(from *[]byte) (entries []Entry, err error) {
	err = f.file.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(f.bucket).Cursor()
		key, content := c.Seek(*from)
		for size := 0; key != nil && len(entries) < chunkEntries && size < chunkSize; key, content = c.Next() {
			entries = append(entries, parseEntry(key, content))
			size += len(content)
		}
		*from = slices.Clone(key)
		return nil
	})
	return entries, err
}

// Close releases the file.
func (f *File) Close() error { return f.file.Close() }
