package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"cinnabar/store"
	"cinnabar/store/boltfile"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// create makes a new history, and the folder above it, for their owner alone;
// an existing file is left as it is. The file gets its name when it is
// complete and flushed, and never in place of another, so that neither kill -9
// nor power loss leaves half a history, nor can two processes make one each.
func create(path string) error {
	folder := filepath.Dir(path)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, filepath.Base(path)+".new") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(draft.Name(), 0o600, &bbolt.Options{NoFreelistSync: true, NoStatistics: true})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(createHistory), db.Close()); err != nil {
		return err
	}
	err = os.Link(draft.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(draft.Name(), path) // not every file system has links
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed
	}
	return errors.Join(flushFolder(folder), flushFolder(filepath.Dir(folder)))
}

func flushFolder(path string) error {
	d, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil // not ours, hence not new
	}
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openFile opens a file for writing, after a look at it that writes nothing.
func openFile(path string, keep retention) (*bbolt.DB, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.Size() > 0 {
		if err := inspect(path); err != nil {
			return nil, err
		}
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: boltfile.LockTimeout, // a second time: the file was inspected before
		// The list of free pages is rebuilt when the file is opened. Written
		// with each commit it would cost more than the entries do.
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize(keep),
		NoStatistics:    true,
	})
	if err != nil {
		return nil, explain(err)
	}
	return db, nil
}

// mapSize is the address space set aside for the file, as far as limits say how
// large it gets. When the file outgrows its map, the writer waits for every reader
// and readers wait for the writer.
func mapSize(keep retention) int {
	if runtime.GOOS == "windows" || bits.UintSize < 64 {
		return 0 // on Windows the file would take that size at once
	}
	forKeys := keySize * min(keep.updates.Keys.MaxCount, 1<<24)
	updates := min(keep.updates.MaxBytes, 1<<40)
	for _, rule := range keep.updates.Rules {
		updates += min(max(0, rule.MaxBytes), 1<<40)
	}
	return int(max(1<<30, 2*updates+2*PresenceBytes+2*forKeys+1<<28))
}

// explain says what to do about an error of opening.
func explain(err error) error {
	var damage *boltfile.Damage
	switch {
	case errors.As(err, &damage):
		return fmt.Errorf("%w (%s)", errDamaged, damage.What)
	case errors.Is(err, berrors.ErrTimeout):
		return errors.New("another process has it open: stop that one first, or name another file")
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch):
		return errForeign
	case errors.Is(err, berrors.ErrChecksum):
		return errDamaged
	}
	return err
}

// inspect judges a file without writing to it.
func inspect(path string) error {
	f, err := boltfile.Open(path)
	if err != nil {
		return explain(err)
	}
	err = f.View(func(tx *bbolt.Tx) error {
		_, err := readHistory(tx)
		return err
	})
	return errors.Join(explain(err), f.Close())
}

// recoverDamage turns a panic of bbolt on a page that makes no sense, and the
// fault of reading one that the file or the disk no longer has, into an error.
// It is deferred by whoever reads the map.
func recoverDamage(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w (%v)", errDamaged, p)
	}
}

// A start is what a writable life of a history begins with.
type start struct {
	epochs *store.Epochs
	ends   ends
	tx     int // id of the last transaction
}

// begin starts a new epoch, in a new file a new history, and in one of an earlier
// format this one. What the last life left open is ended.
func begin(db *bbolt.DB, keep retention) (s start, err error) {
	defer boltfile.FaultsPanic()()
	defer recoverDamage(&err)
	err = db.Update(func(tx *bbolt.Tx) error {
		if first, _ := tx.Cursor().First(); first == nil {
			if err := createHistory(tx); err != nil {
				return err
			}
		}
		h, err := readHistory(tx)
		if err != nil {
			return err
		}
		s = start{epochs: store.NewEpochs(h.key, h.past, h.ends.head+1), ends: h.ends, tx: tx.ID()}
		if err := dropRoom(tx); err != nil {
			return err
		}
		if h.outdated {
			if err := updateFormat(tx); err != nil {
				return err
			}
		}
		if err := addEpoch(tx, h.past, s.epochs.Current(), min(h.ends.gone(), beforeKeys(tx))); err != nil {
			return err
		}
		if err := s.ends.endOpen(tx, time.Now()); err != nil {
			return err
		}
		s.ends.shares = readShares(tx, keep.classes, &s.ends)
		return s.ends.put(tx)
	})
	if err != nil {
		err = fmt.Errorf("starting an epoch: %w", err)
	}
	return s, err
}
