package bolt

import (
	"context"
	"fmt"
	"time"

	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// Since finds where a time begins: in the window, else in the file.
func (l *Log) Since(ctx context.Context, t time.Time) (store.Place, error) {
	if err := ctx.Err(); err != nil {
		return store.Place{}, err
	}
	return l.tail.Since(t, func() (last store.Position, err error) {
		err = l.view(func(tx *bbolt.Tx) error {
			last, err = lastBefore(tx, t)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("looking up a time in history %s: %w", l.path, err)
		}
		return last, nil
	})
}

// lastBefore returns the position of the last entry of either kind that was
// appended before a time, 0 for none.
func lastBefore(tx *bbolt.Tx, t time.Time) (last store.Position, err error) {
	for _, name := range [...][]byte{logBucket, presenceBucket} {
		b := tx.Bucket(name)
		if b == nil { // format 1 has no presence
			continue
		}
		p, err := before(b.Cursor(), t)
		if err != nil {
			return 0, err
		}
		last = max(last, p)
	}
	return last, nil
}

// before searches the entries of one kind: times never fall as positions grow.
// Each step is a descent of the tree, and there are as many as the distance
// between the ends has bits, at most 48.
func before(c *bbolt.Cursor, t time.Time) (last store.Position, err error) {
	first, _ := c.First()
	end, _ := c.Last()
	// Whatever is below low is earlier, whatever is at high or above is not.
	for low, high := position(first), position(end)+1; low < high; {
		middle := low + (high-low)/2
		k, v := c.Seek(positionKey(middle))
		if k == nil || position(k) >= high {
			high = middle // nothing there
			continue
		}
		at, ok := store.Record(v).Time()
		switch {
		case !ok:
			return 0, fmt.Errorf("%w (entry %d)", errDamaged, position(k))
		case at.UnixMilli() < t.UnixMilli():
			last = position(k)
			low = last + 1
		default:
			high = middle
		}
	}
	return last, nil
}
