package bolt

import (
	"context"
	"fmt"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"go.etcd.io/bbolt"
)

// PresenceBytes is the limit on what is retained of subscriptions that began
// and ended: some 400,000 entries.
const PresenceBytes = 64 << 20

// Change appends what became of subscriptions. Nobody waits for it, and it
// shares the room of those that do not wait.
func (l *Log) Change(ctx context.Context, changes ...*spec.Subscription) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	items := make([]store.Item, len(changes))
	for i, s := range changes {
		items[i].Subscription = s
	}
	r, err := newRequest(store.Memory, items)
	if err != nil {
		return store.Receipt{}, err
	}
	if err := l.enqueue(ctx, r); err != nil {
		return store.Receipt{}, err
	}
	return r.receipt(store.Memory), nil
}

// openKey is where open has a subscription: its subscriber, its matcher type
// and, after a zero byte, what it matches.
func openKey(s *spec.Subscription) []byte {
	id := s.Subscriber()
	key := make([]byte, 0, len(id)+len(s.MatchType())+1+len(s.Match()))
	key = append(key, id[:]...)
	key = append(append(key, s.MatchType()...), 0)
	return append(key, s.Match()...)
}

// keepOpen notes a subscription that began, and forgets one that ended.
func keepOpen(tx *bbolt.Tx, s *spec.Subscription) error {
	open := tx.Bucket(openBucket)
	if !s.Active() {
		return open.Delete(openKey(s))
	}
	return open.Put(openKey(s), s.AppendBinary(nil))
}

// endOpen ends the subscriptions that an earlier life of the history left open:
// whoever had them went with the process. Their entries are the first of the
// new epoch.
func (e *ends) endOpen(tx *bbolt.Tx, now time.Time) error {
	var ghosts []*spec.Subscription
	err := tx.Bucket(openBucket).ForEach(func(_, v []byte) error {
		s, err := spec.ParseSubscription(v)
		if err != nil {
			return fmt.Errorf("%w (open subscription: %w)", errDamaged, err)
		}
		ghosts = append(ghosts, s.Ended())
		return nil
	})
	if err != nil {
		return err
	}
	at := store.Later(e.headAt, now)
	for _, s := range ghosts {
		entry := store.Entry{Position: e.head + 1, At: at, Subscription: s}
		record, err := store.NewRecord(&entry)
		if err != nil {
			return err
		}
		record.Stamp(at)
		if err := e.add(tx, &entry, record); err != nil {
			return err
		}
	}
	return nil
}
