// Package boltfile opens files of bbolt that may be damaged, another program's
// or in use, for reading alone. What bbolt would answer by ending the process
// is an error here.
package boltfile

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// LockTimeout is how long another process may hold on to a file before it
// counts as in use.
const LockTimeout = 450 * time.Millisecond

// A Damage says where a file makes no sense.
type Damage struct{ What string }

func (d *Damage) Error() string { return "the file is damaged (" + d.What + ")" }

// A File is open for reading, and nothing is ever written to it. While it is
// open nobody can open it for writing. It is safe for concurrent use.
type File struct{ db *bbolt.DB }

// Open opens an existing file and looks at every page of it. The errors are
// those of the file system, a *[Damage], and of bbolt: ErrTimeout for a file
// that another process has open for writing, ErrInvalid or ErrVersionMismatch
// for one that bbolt did not write.
func Open(path string) (_ *File, err error) {
	defer FaultsPanic()()
	defer recoverDamage(&err)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil {
		return nil, err
	} else if info.Size() == 0 || info.IsDir() {
		return nil, berrors.ErrInvalid // bbolt would make a file of it
	}
	db, err := bbolt.Open(path, 0, &bbolt.Options{Timeout: LockTimeout, ReadOnly: true, NoStatistics: true})
	if errors.Is(err, berrors.ErrChecksum) {
		return nil, &Damage{"the meta pages"}
	}
	if err != nil {
		return nil, err
	}
	f := &File{db}
	size := db.Info().PageSize
	err = f.View(func(tx *bbolt.Tx) error {
		c := checker{file: file, pageSize: size, reached: make([]bool, tx.Size()/int64(size))}
		_, err := c.tree(uint64(tx.Cursor().Bucket().Root()), 0, nil, nil)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return f, nil
}

// View runs one read transaction.
func (f *File) View(read func(*bbolt.Tx) error) (err error) {
	defer FaultsPanic()()
	defer recoverDamage(&err)
	return f.db.View(read)
}

// Size returns how large the file is, in bytes.
func (f *File) Size() (int64, error) {
	info, err := os.Stat(f.db.Path())
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Close releases the file, for other processes too.
func (f *File) Close() error { return f.db.Close() }

// recoverDamage turns a panic of bbolt on a page that makes no sense, and the
// fault of reading one that the file or the disk no longer has, into an error.
func recoverDamage(err *error) {
	if p := recover(); p != nil {
		*err = &Damage{fmt.Sprint(p)}
	}
}

// FaultsPanic makes a panic of what would end the process: the fault of
// reading a mapped page that the file or the disk no longer has. It concerns
// this goroutine, until what it returns is called.
func FaultsPanic() (back func()) {
	old := debug.SetPanicOnFault(true)
	return func() { debug.SetPanicOnFault(old) }
}
