package store

import "cinnabar/spec"

// An Epoch is one writable life of a history. It is random, so that a pair of
// epoch and position is never given to two entries, not even after a restored
// backup.
type Epoch uint32

// A Sealer turns (epoch, position) into ids that hide order and count, and
// back.
type Sealer struct{}

// NewSealer makes a sealer from the 32-byte key kept inside a history.
func NewSealer(key [32]byte) *Sealer { panic("store: being written") }

// Seal returns the id of a position: urn:uuid: and a version 8 UUID.
func (s *Sealer) Seal(e Epoch, p Position) spec.EventID { panic("store: being written") }

// Open recovers what was sealed; ok is false for anything this sealer did not
// make.
func (s *Sealer) Open(id string) (e Epoch, p Position, ok bool) { panic("store: being written") }
