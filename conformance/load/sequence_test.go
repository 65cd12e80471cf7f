package load

import (
	"slices"
	"testing"
)

func TestSequence(t *testing.T) {
	for name, c := range map[string]struct {
		numbers  []uint32
		outcomes []outcome
		last     uint32
		lost     int64
	}{
		"all in order":      {[]uint32{1, 2, 3}, []outcome{inOrder, inOrder, inOrder}, 3, 0},
		"one lost":          {[]uint32{1, 3}, []outcome{inOrder, early}, 3, 1},
		"the last ones":     {[]uint32{1}, []outcome{inOrder}, 4, 3},
		"nothing at all":    {nil, nil, 2, 2},
		"one twice":         {[]uint32{1, 1, 2}, []outcome{inOrder, repeated, inOrder}, 2, 0},
		"two changed about": {[]uint32{2, 1, 3}, []outcome{early, late, inOrder}, 3, 0},
		"late, and again":   {[]uint32{2, 1, 1}, []outcome{early, late, repeated}, 2, 0},
		"from nowhere":      {[]uint32{1, 1 << 30}, []outcome{inOrder, foreign}, 1, 0},
	} {
		s := sequence{series: 5, next: 1}
		var got []outcome
		for _, n := range c.numbers {
			got = append(got, s.see(payload{series: 5, number: n}))
		}
		if lost := s.lost(c.last); !slices.Equal(got, c.outcomes) || lost != c.lost {
			t.Errorf("%s: outcomes %v and %d lost, want %v and %d", name, got, lost, c.outcomes, c.lost)
		}
	}
	s := sequence{series: 5, next: 1}
	if s.see(payload{series: 6, number: 1}) != foreign {
		t.Error("an update of another series passes")
	}
}
