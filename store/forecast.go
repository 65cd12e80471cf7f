package store

import "time"

// A Share is what a history holds of the updates that one rule is about, or none,
// and what of it retention would remove.
type Share struct {
	Rule           string // the selector, "" for what no rule is about
	Entries, Bytes int64
	Oldest         time.Time // zero for none

	Goes, GoesBytes int64     // of these
	GoesUpTo        time.Time // when the newest of them was appended, zero for none
}

// Foresee tells what a retention would leave of a history, class by class, the one
// that no rule is about first. scan goes over all updates in order, and is called
// twice.
func Foresee(r Retention, now time.Time, scan func(visit func(at time.Time, topics []string, size int)) error) ([]Share, error) {
	limits := []Retention{r}
	classes := NewClasses(r)
	if classes != nil {
		limits = classes.limits
	}
	shares := make([]Share, len(limits))
	total := 0
	err := scan(func(at time.Time, topics []string, size int) {
		s := &shares[classes.Of(topics)]
		if s.Entries == 0 {
			s.Oldest = at
		}
		s.Entries++
		s.Bytes += int64(size)
		total++
	})
	if err != nil {
		return nil, err
	}
	stays := make([]bool, len(shares))
	seen := 0
	err = scan(func(at time.Time, topics []string, size int) {
		seen++
		class := classes.Of(topics)
		s := &shares[class]
		if stays[class] || seen == total || !limits[class].Exceeded(s.Bytes-s.GoesBytes, s.Entries-s.Goes, at, now) {
			stays[class] = true
			return
		}
		s.Goes++
		s.GoesBytes += int64(size)
		s.GoesUpTo = at
	})
	if err != nil {
		return nil, err
	}
	for class := range shares {
		if sel := classes.Selector(class); sel != nil {
			shares[class].Rule = sel.String()
		}
	}
	return shares, nil
}
