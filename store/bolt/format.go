package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// The file, format 1. Integers are big-endian.
//
//	meta    format → formatName and a version; key → 32 bytes that ids are
//	        sealed with; ends → see ends
//	epochs  4-byte ordinal → epoch (4) and its first position (8)
//	log     position (8) → record
//	ids     brought id, one zero byte, position (8) → nothing
//	room    scratch space while recovering from a full disk, else absent
//
// An id holds no control characters, so that the zero byte ends it, and the
// earliest retained occurrence of an id is the first key it is a prefix of.
var (
	metaBucket   = []byte("meta")
	epochsBucket = []byte("epochs")
	logBucket    = []byte("log")
	idsBucket    = []byte("ids")
	roomBucket   = []byte("room")

	formatKey = []byte("format")
	keyKey    = []byte("key")
	endsKey   = []byte("ends")
)

const (
	formatName    = "cinnabar history "
	formatVersion = "1"
)

var (
	errForeign = errors.New("this is no history of Cinnabar: name another file, or move this one away")
	errNewer   = errors.New("a later version of Cinnabar wrote this history: run that version")
	errDamaged = errors.New("the history is damaged: restore a backup, or move the file away to start an empty one")
)

// ends are the running totals of the file, kept in it by every commit so that
// nothing has to be counted.
type ends struct {
	head    store.Position // last in log
	trimmed store.Position // largest that retention removed
	count   int64          // records in log
	bytes   int64          // of records in log

	// Read from the records themselves.
	oldest             store.Position // first in log, 0 for none
	oldestAt, newestAt time.Time
}

func (e *ends) bounds() store.Bounds {
	return store.Bounds{Oldest: e.oldest, Newest: e.head, Trimmed: e.trimmed}
}

func (e *ends) encode() []byte {
	b := make([]byte, 0, 32)
	for _, n := range [...]uint64{uint64(e.head), uint64(e.trimmed), uint64(e.count), uint64(e.bytes)} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}

// readTotals reads what encode wrote.
func readTotals(tx *bbolt.Tx) (ends, error) {
	b := tx.Bucket(metaBucket).Get(endsKey)
	if len(b) != 32 {
		return ends{}, fmt.Errorf("%w (totals of %d bytes)", errDamaged, len(b))
	}
	return ends{
		head:    store.Position(binary.BigEndian.Uint64(b)),
		trimmed: store.Position(binary.BigEndian.Uint64(b[8:])),
		count:   int64(binary.BigEndian.Uint64(b[16:])),
		bytes:   int64(binary.BigEndian.Uint64(b[24:])),
	}, nil
}

// readEnds reads the totals and checks them against both ends of the log.
func readEnds(tx *bbolt.Tx) (ends, error) {
	e, err := readTotals(tx)
	if err != nil {
		return ends{}, err
	}
	c := tx.Bucket(logBucket).Cursor()
	first, record := c.First()
	if first == nil {
		if e.count != 0 || e.bytes != 0 || e.head != 0 {
			return ends{}, fmt.Errorf("%w (%d entries counted, none there)", errDamaged, e.count)
		}
		return e, nil
	}
	var ok bool
	e.oldest = position(first)
	if e.oldestAt, ok = store.Record(record).Time(); !ok || e.oldest <= e.trimmed {
		return ends{}, fmt.Errorf("%w (first entry)", errDamaged)
	}
	last, record := c.Last()
	if e.newestAt, ok = store.Record(record).Time(); !ok || position(last) != e.head {
		return ends{}, fmt.Errorf("%w (last entry)", errDamaged)
	}
	return e, nil
}

// maxIndexedID is how long an id may be that a publisher brings, in bytes.
const maxIndexedID = bbolt.MaxKeySize - 9

func positionKey(p store.Position) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(p))
}

// position reads a key of log, 0 for what is none.
func position(key []byte) store.Position {
	if len(key) != 8 {
		return 0
	}
	return store.Position(binary.BigEndian.Uint64(key))
}

// idKey is the key in ids of an occurrence of an id.
func idKey(id string, p store.Position) []byte {
	key := make([]byte, 0, len(id)+9)
	key = append(append(key, id...), 0)
	return binary.BigEndian.AppendUint64(key, uint64(p))
}

// A history is what a file says about itself.
type history struct {
	key  [32]byte
	past []store.Span
	ends ends
}

// readHistory reads and judges a file's description. It is used before
// anything is written.
func readHistory(tx *bbolt.Tx) (history, error) {
	var h history
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return h, errForeign
	}
	version, ours := strings.CutPrefix(string(meta.Get(formatKey)), formatName)
	switch {
	case !ours:
		return h, errForeign
	case version != formatVersion:
		return h, fmt.Errorf("%w (format %q, this one knows %s)", errNewer, version, formatVersion)
	}
	for _, name := range [][]byte{epochsBucket, logBucket, idsBucket} {
		if tx.Bucket(name) == nil {
			return h, fmt.Errorf("%w (no %s)", errDamaged, name)
		}
	}
	key := meta.Get(keyKey)
	if len(key) != len(h.key) {
		return h, fmt.Errorf("%w (key of %d bytes)", errDamaged, len(key))
	}
	copy(h.key[:], key)
	err := tx.Bucket(epochsBucket).ForEach(func(_, v []byte) error {
		if len(v) != 12 {
			return fmt.Errorf("%w (epoch of %d bytes)", errDamaged, len(v))
		}
		h.past = append(h.past, store.Span{
			Epoch: store.Epoch(binary.BigEndian.Uint32(v)),
			First: store.Position(binary.BigEndian.Uint64(v[4:])),
		})
		return nil
	})
	if err != nil {
		return h, err
	}
	h.ends, err = readEnds(tx)
	return h, err
}

// createHistory makes an empty history of an empty file.
func createHistory(tx *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, epochsBucket, logBucket, idsBucket} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	key := store.NewKey()
	meta := tx.Bucket(metaBucket)
	return errors.Join(
		meta.Put(formatKey, []byte(formatName+formatVersion)),
		meta.Put(keyKey, key[:]),
		meta.Put(endsKey, new(ends).encode()),
	)
}

// maxEpochs is how many epochs are listed before trimmed ones are dropped.
const maxEpochs = 1024

// addEpoch lists a new epoch. Of a long list it drops the first ones, as far
// as retention went beyond them: a cursor in there means everything retained,
// with a loss told, listed or not.
func addEpoch(tx *bbolt.Tx, past []store.Span, span store.Span, trimmed store.Position) error {
	b := tx.Bucket(epochsBucket)
	c := b.Cursor()
	for ; len(past) > maxEpochs && past[1].First <= trimmed; past = past[1:] {
		if c.First(); c.Delete() != nil {
			break
		}
	}
	n, err := b.NextSequence()
	if err != nil {
		return err
	}
	value := binary.BigEndian.AppendUint32(nil, uint32(span.Epoch))
	value = binary.BigEndian.AppendUint64(value, uint64(span.First))
	return b.Put(binary.BigEndian.AppendUint32(nil, uint32(n)), value)
}
