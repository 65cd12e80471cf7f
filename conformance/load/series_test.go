package load

import "testing"

func TestSeries(t *testing.T) {
	s := Series{30, 10, 20}
	if got, want := s.String(), "20.0 (10.0–30.0)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := s.Over(Series{10, 10, 5}).String(), "3.00 (1.00–4.00)"; got != want {
		t.Errorf("ratios by round are %q, want %q", got, want)
	}
	if got := s.Quantile(0.99); got != 30 {
		t.Errorf("the 99th percentile of three is %v, want the largest", got)
	}
	if s[0] != 30 {
		t.Error("asking for the median has sorted the rounds")
	}
}
