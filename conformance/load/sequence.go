package load

// A sequence is what a stream has seen of the series it has to get. Its zero
// value expects nothing: any event will do.
type sequence struct {
	series  uint32
	next    uint32              // the number that has to come
	missing map[uint32]struct{} // smaller ones that were skipped
}

// An outcome is what an update means to the sequence it comes to.
type outcome uint8

const (
	inOrder  outcome = iota
	early            // others before it were skipped
	late             // it was skipped before
	repeated         // it came before
	foreign          // it is another stream's, or from nowhere
)

// furthest is how many updates may be skipped at a time before that is no
// loss but nonsense.
const furthest = 1 << 16

// see takes note of an update.
func (s *sequence) see(p payload) outcome {
	switch n := p.number; {
	case p.series != s.series || n-s.next > furthest && n > s.next:
		return foreign
	case n == s.next:
		s.next++
		return inOrder
	case n > s.next:
		if s.missing == nil {
			s.missing = make(map[uint32]struct{})
		}
		for ; s.next < n; s.next++ {
			s.missing[s.next] = struct{}{}
		}
		s.next++
		return early
	}
	if _, skipped := s.missing[p.number]; skipped {
		delete(s.missing, p.number)
		return late
	}
	return repeated
}

// lost returns how many updates of the series, of which last is the newest,
// did not come.
func (s *sequence) lost(last uint32) int64 {
	n := int64(len(s.missing))
	if last >= s.next {
		n += int64(last - s.next + 1)
	}
	return n
}
