package main

import (
	"slices"
	"strings"
	"testing"
)

// TestCombine: what cases asserted together comes to.
func TestCombine(t *testing.T) {
	whole := Case{ID: "WHOLE", By: []string{"A", "B"}}
	part := func(id string, s Status, why ...string) Result {
		return Result{Case: id, Generation: current, Status: s, Why: why}
	}
	for name, test := range map[string]struct {
		parts []Result
		want  Status
		why   []string
	}{
		"all passed":        {[]Result{part("A", Passed), part("B", Passed)}, Passed, nil},
		"one failed":        {[]Result{part("A", Needs, "a key"), part("B", Failed, "why")}, Failed, []string{"B failed"}},
		"one needs":         {[]Result{part("A", Passed), part("B", Needs, "a key")}, Needs, []string{"a key"}},
		"both need one":     {[]Result{part("A", Needs, "a key"), part("B", Needs, "a key")}, Needs, []string{"a key"}},
		"another's failure": {[]Result{part("A", Passed), part("C", Failed, "why")}, Passed, nil},
	} {
		r, judged := combine(test.parts, &whole, current)
		if !judged || r.Status != test.want || !slices.Equal(r.Why, test.why) {
			t.Errorf("%s: %v, %s because of %q; want %s because of %q", name, judged, r.Status, r.Why, test.want, test.why)
		}
	}
	if r, judged := combine([]Result{part("A", Failed)}, &whole, legacy); judged {
		t.Errorf("no part was judged in %s, yet it is %s", legacy, r.Status)
	}
}

func TestSelectCases(t *testing.T) {
	all := []Case{{ID: "A-one"}, {ID: "A-two"}, {ID: "AB-one"}, {ID: "B-one", By: []string{"A-two"}}}
	for words, want := range map[string][]string{
		"A":       {"A-one", "A-two"},
		"A-one":   {"A-one"},
		"B":       {"A-two", "B-one"},
		"A-two B": {"A-two", "B-one"},
	} {
		chosen, err := selectCases(all, strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range chosen {
			got = append(got, c.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s chooses %q, want %q", words, got, want)
		}
	}
	if _, err := selectCases(all, []string{"C"}); err == nil {
		t.Error("C chooses something, want an error")
	}
}

func TestStepsToFailures(t *testing.T) {
	m := new(minutes)
	steps := func(n int) {
		for range n {
			m.step("step %d", len(m.steps)+1)
		}
	}
	want := func(what string, want ...string) {
		t.Helper()
		if got := m.stepsToFailures(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	steps(3)
	m.Errorf("wrong")
	want("few", "step 1", "step 2", "step 3")
	steps(20)
	m.Errorf("wrong")
	m.Errorf("wrong again")
	steps(2)
	m.Errorf("wrong")
	steps(5)
	want("many", "step 1", "step 2", "step 3", "… 16 steps without a failure", "step 20", "step 21",
		"step 22", "step 23", "step 24", "step 25", "… 5 steps without a failure")
}
