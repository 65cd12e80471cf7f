package bolt

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"go.etcd.io/bbolt"
)

const (
	// maxForgotten is how many keys one commit forgets, at most. A commit cannot
	// add more than that, so their number never grows beyond the window.
	maxForgotten = maxQueued

	// keySize is what a key takes in the file, in bytes, about.
	keySize = 256
)

// keys are the totals of what is remembered of appends with a key.
type keys struct{ count int64 }

// A verdict is what the file said of an append with a key. That of none is that
// the append has its effect.
type verdict struct {
	of      *keyRow // what the key was used for before, nil for nothing
	refused error   // why there is no answer
}

func (v *verdict) appends() bool { return v.of == nil && v.refused == nil }

// A keyRow is what the file has under a key.
type keyRow struct {
	content  [32]byte
	position store.Position // of the entry
	at       time.Time      // when it was appended
}

const keyRowSize = 32 + 8 + 8

func (k *keyRow) encode() []byte {
	b := append(make([]byte, 0, keyRowSize), k.content[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(k.position))
	return binary.BigEndian.AppendUint64(b, uint64(k.at.UnixMilli()))
}

// readKeyRow returns nil for what is none, and that keeps nobody from publishing.
func readKeyRow(b []byte) *keyRow {
	if len(b) != keyRowSize {
		return nil
	}
	return &keyRow{
		content:  [32]byte(b),
		position: store.Position(binary.BigEndian.Uint64(b[32:])),
		at:       time.UnixMilli(int64(binary.BigEndian.Uint64(b[40:]))),
	}
}

// AppendOnce queues an update whose key the writer looks up in the transaction
// that would append it: nobody else can know whether an earlier one with that
// key will be in the file.
func (l *Log) AppendOnce(ctx context.Context, want store.Durability, once store.Once, u *spec.Update) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	if l.keep.Load().updates.Keys.Off() {
		return store.Receipt{}, store.ErrKeysOff
	}
	if want == store.Memory {
		want = store.OS // a key that is not in the file promises nothing
	}
	r, err := newRequest(want, []store.Item{{Entry: store.Entry{Update: u}}})
	if err != nil {
		return store.Receipt{}, err
	}
	r.once = &once
	if err := l.enqueue(ctx, r); err != nil {
		return store.Receipt{}, err
	}
	receipt, err := r.wait(ctx)
	if err != nil {
		return store.Receipt{}, err
	}
	if row := r.verdict.of; row != nil {
		first := store.Entry{Position: row.position, ID: l.epochs.ID(row.position, u.ID()), At: row.at, Update: u}
		receipt.Entries, receipt.Repeated = []store.Entry{first}, true
	}
	return receipt, nil
}

// decide looks the key of a request up. Unless it is taken it now belongs to the
// request, whose entry is about to be put. Of a transaction that proves not to
// be in the file nothing counts, and it is decided anew.
func (k *keys) decide(tx *bbolt.Tx, r *request, w store.Window) (verdict, error) {
	if w.Off() { // since it was queued: what is forgotten now it might repeat
		return verdict{refused: store.ErrKeysOff}, nil
	}
	byKey, byPosition := tx.Bucket(keysBucket), tx.Bucket(keyOrderBucket)
	entry := &r.items[0].Entry
	if found := readKeyRow(byKey.Get(r.once.Key[:])); found != nil {
		if !w.Past(found.at, entry.At) {
			if found.content != r.once.Content {
				return verdict{refused: store.ErrKeyReused}, nil
			}
			return verdict{of: found}, nil
		}
		if err := byPosition.Delete(positionKey(found.position)); err != nil {
			return verdict{}, err
		}
		k.count--
	}
	row := keyRow{r.once.Content, entry.Position, entry.At}
	if err := byKey.Put(r.once.Key[:], row.encode()); err != nil {
		return verdict{}, err
	}
	byPosition.FillPercent = 1 // as in log
	k.count++
	return verdict{}, byPosition.Put(positionKey(entry.Position), r.once.Key[:])
}

// forget removes the oldest keys that the window does not hold at the time of the
// newest entry, as many as one commit may. What it leaves goes with later
// commits; decide goes by the age.
func (k *keys) forget(tx *bbolt.Tx, w store.Window, now time.Time) error {
	if k.count == 0 {
		return nil
	}
	byKey, byPosition := tx.Bucket(keysBucket), tx.Bucket(keyOrderBucket)
	var gone [][]byte
	c := byPosition.Cursor()
	for p, key := c.First(); p != nil && len(gone) < maxForgotten; p, key = c.Next() {
		if row := readKeyRow(byKey.Get(key)); row != nil && row.position == position(p) {
			if k.count <= w.MaxCount && !w.Past(row.at, now) {
				break
			}
			if err := byKey.Delete(key); err != nil {
				return err
			}
		}
		gone = append(gone, slices.Clone(p))
		k.count--
	}
	for _, p := range gone {
		if err := byPosition.Delete(p); err != nil {
			return err
		}
	}
	return nil
}

// save writes the totals.
func (k *keys) save(tx *bbolt.Tx) error {
	return tx.Bucket(metaBucket).Put(keyCountKey, binary.BigEndian.AppendUint64(nil, uint64(k.count)))
}

// readKeys reads what save wrote; before format 3 there was nothing to save.
func readKeys(tx *bbolt.Tx) (keys, error) {
	order := tx.Bucket(keyOrderBucket)
	if order == nil {
		return keys{}, nil
	}
	b := tx.Bucket(metaBucket).Get(keyCountKey)
	if len(b) != 8 {
		return keys{}, fmt.Errorf("%w (count of keys in %d bytes)", errDamaged, len(b))
	}
	k := keys{count: int64(binary.BigEndian.Uint64(b))}
	if first, _ := order.Cursor().First(); (first == nil) != (k.count == 0) {
		return keys{}, fmt.Errorf("%w (%d keys counted)", errDamaged, k.count)
	}
	return k, nil
}

// beforeKeys returns the last position before all that a key was used for:
// epochs after it are still needed, to tell the ids of those entries.
func beforeKeys(tx *bbolt.Tx) store.Position {
	first, _ := tx.Bucket(keyOrderBucket).Cursor().First()
	if first == nil {
		return store.MaxPosition
	}
	return position(first) - 1
}
