package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// The file, format 3. Integers are big-endian.
//
//	meta      format → formatName and a version; key → 32 bytes that ids are
//	          sealed with; ends → see ends; shares → see shares, where updates
//	          are kept by rules, or were; keys → the number of key order
//	epochs    4-byte ordinal → epoch (4) and its first position (8)
//	log       position (8) → record of an update
//	ids       brought id, one zero byte, position (8) → nothing
//	presence  position (8) → record of a subscription that began or ended
//	open      see openKey → the subscription in its binary form: those that
//	          began and have not ended, also when their record was trimmed
//	keys      key of an append (32) → hash of what was appended (32), position
//	          (8) and time (8): milliseconds since 1970
//	key order position (8) → key (32): which is the oldest
//	room      scratch space while recovering from a full disk, else absent
//
// An id holds no control characters, so that the zero byte ends it, and the
// earliest retained occurrence of an id is the first key it is a prefix of.
//
// Format 2 had no keys and key order, format 1 no presence and open either, and
// shorter ends. Both are read, and brought up to date when the file is opened
// for writing.
var (
	metaBucket     = []byte("meta")
	epochsBucket   = []byte("epochs")
	logBucket      = []byte("log")
	idsBucket      = []byte("ids")
	presenceBucket = []byte("presence")
	openBucket     = []byte("open")
	keysBucket     = []byte("keys")
	keyOrderBucket = []byte("key order")
	roomBucket     = []byte("room")

	formatKey   = []byte("format")
	keyKey      = []byte("key")
	endsKey     = []byte("ends")
	keyCountKey = []byte("keys")
	sharesKey   = []byte("shares")
)

const (
	formatName    = "cinnabar history "
	formatVersion = "3"
)

// buckets are what a file of each format has beside meta.
var buckets = map[string][][]byte{
	"1":           {epochsBucket, logBucket, idsBucket},
	"2":           {epochsBucket, logBucket, idsBucket, presenceBucket, openBucket},
	formatVersion: {epochsBucket, logBucket, idsBucket, presenceBucket, openBucket, keysBucket, keyOrderBucket},
}

var (
	errForeign = errors.New("this is no history of Cinnabar: name another file, or move this one away")
	errNewer   = errors.New("a later version of Cinnabar wrote this history: run that version")
	errDamaged = errors.New("the history is damaged: restore a backup, or move the file away to start an empty one")
)

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

	outdated bool // of an earlier format
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
	case buckets[version] == nil:
		return h, fmt.Errorf("%w (format %q, this one knows %s)", errNewer, version, formatVersion)
	}
	h.outdated = version != formatVersion
	for _, name := range buckets[version] {
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
	for _, name := range append([][]byte{metaBucket}, buckets[formatVersion]...) {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	key := store.NewKey()
	meta := tx.Bucket(metaBucket)
	return errors.Join(
		new(keys).save(tx),
		meta.Put(formatKey, []byte(formatName+formatVersion)),
		meta.Put(keyKey, key[:]),
		meta.Put(endsKey, new(ends).encode()),
	)
}

// updateFormat makes a history of an earlier format one of this; ends are
// written by whoever opens it.
func updateFormat(tx *bbolt.Tx) error {
	for _, name := range buckets[formatVersion] {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return errors.Join(
		new(keys).save(tx),
		tx.Bucket(metaBucket).Put(formatKey, []byte(formatName+formatVersion)),
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
