package load

import (
	"fmt"
	"slices"
)

// A Series is one figure, measured several times.
type Series []float64

// Quantile returns the value that a share q of the series does not exceed; 0
// for an empty series.
func (s Series) Quantile(q float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// Median returns the middle of the series.
func (s Series) Median() float64 { return s.Quantile(0.5) }

// Over returns the series divided by another, round by round, without rounds
// whose yardstick was too small to be measured.
func (s Series) Over(yardstick Series) Series {
	var ratios Series
	for i := range min(len(s), len(yardstick)) {
		if yardstick[i] > 0 {
			ratios = append(ratios, s[i]/yardstick[i])
		}
	}
	return ratios
}

// String writes the median and, of several, the range.
func (s Series) String() string {
	if len(s) == 1 {
		return figure(s[0])
	}
	return fmt.Sprintf("%s (%s–%s)", figure(s.Median()), figure(s.Quantile(0)), figure(s.Quantile(1)))
}

// figure writes three digits at least.
func figure(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
