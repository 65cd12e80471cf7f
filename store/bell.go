package store

// A Bell wakes any number of waiters at once, without a goroutine for any of
// them. It is guarded by its owner's mutex: take [Bell.Wait] under the lock
// that showed there is nothing to do yet, and receive from it after unlocking.
type Bell struct{ ch chan struct{} }

// Wait returns a channel that the next Ring closes.
func (b *Bell) Wait() <-chan struct{} {
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

// Ring wakes everybody who waits.
func (b *Bell) Ring() {
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
