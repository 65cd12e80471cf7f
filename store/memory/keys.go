package memory

import (
	"time"

	"cinnabar/store"
)

// keys are those of appends that are to have their effect once, as long as the
// window holds them. The log's mutex guards them.
type keys struct {
	window store.Window
	rows   map[[32]byte]keyRow
	order  [][32]byte // oldest first
}

// A keyRow is what a key was used for.
type keyRow struct {
	content [32]byte
	entry   store.Entry // without its update, which retention may have removed
}

// find returns the entry of an earlier append with a key, without its update;
// that of none has the position 0.
func (k *keys) find(once store.Once, now time.Time) (store.Entry, error) {
	if k.window.Off() {
		return store.Entry{}, store.ErrKeysOff
	}
	for len(k.order) > 0 && k.window.Past(k.rows[k.order[0]].entry.At, now) {
		k.forget()
	}
	row := k.rows[once.Key]
	if row.entry.Position > 0 && row.content != once.Content {
		return store.Entry{}, store.ErrKeyReused
	}
	return row.entry, nil
}

// add remembers a key that is not known, and in its place forgets the oldest.
func (k *keys) add(once store.Once, entry store.Entry) {
	entry.Update = nil
	if k.rows == nil {
		k.rows = make(map[[32]byte]keyRow)
	}
	k.rows[once.Key] = keyRow{once.Content, entry}
	k.order = append(k.order, once.Key)
	k.shrink()
}

// retain sets another window.
func (k *keys) retain(w store.Window) {
	k.window = w
	k.shrink()
}

func (k *keys) shrink() {
	for int64(len(k.order)) > k.window.MaxCount {
		k.forget()
	}
}

// forget forgets the oldest key.
func (k *keys) forget() {
	delete(k.rows, k.order[0])
	k.order = k.order[1:]
}
