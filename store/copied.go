package store

import "time"

// A Copied is how much of a history has been copied.
type Copied struct {
	Updates  int64 // so many of
	Total    int64 // so many, as far as is known
	Presence int64 // entries about subscriptions
	Bytes    int64 // of the records of both
}

// A Backup is what a copy was found to hold when it was read back.
type Backup struct {
	Copied
	Newest Position // the copy is of the history up to here
	File   int64    // its size in bytes
	Digest [32]byte // SHA-256 of positions and records, in order
}

// A Compaction is what became of a file.
type Compaction struct {
	Copied
	Before, After int64 // size of the file in bytes
	Paused        time.Duration
}
