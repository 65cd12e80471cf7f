package main

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// writeTable writes results for people: what failed and why, then counts.
func writeTable(w io.Writer, results []Result) {
	for _, r := range results {
		if r.Status != Failed {
			continue
		}
		fmt.Fprintf(w, "FAILED %s (%s, %s, section %q)\n  %s\n", r.Case, r.Generation, r.Level, r.Section, r.Requires)
		for _, why := range r.Why {
			fmt.Fprintf(w, "  - %s\n", why)
		}
		for _, step := range r.Steps {
			fmt.Fprintf(w, "      %s\n", step)
		}
	}
	lacking := make(map[string]int)
	counts := make(map[string]map[Status]int)
	for _, r := range results {
		key := r.Generation + " " + r.Level
		if counts[key] == nil {
			counts[key] = make(map[Status]int)
		}
		counts[key][r.Status]++
		if r.Status == Needs {
			lacking[strings.Join(r.Why, " and ")]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(lacking)) {
		fmt.Fprintf(w, "%d not judged: needs %s\n", lacking[what], what)
	}
	fmt.Fprintf(w, "\n%-14s %8s %8s %8s %16s\n", "", Passed, Failed, Needs, NotApplicable)
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		c := counts[key]
		fmt.Fprintf(w, "%-14s %8d %8d %8d %16d\n", key, c[Passed], c[Failed], c[Needs], c[NotApplicable])
	}
}

// A Report is what a program reads of a run.
type Report struct {
	Given     string    `json:"given"`
	Protocols []string  `json:"protocols"`
	At        time.Time `json:"at"` // when it was written
	Results   []Result  `json:"results"`
}

// writeJSON writes results for programs.
func writeJSON(w io.Writer, target *Target, results []Result) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(Report{target.given(), target.Protocols, time.Now().UTC(), results})
}

// writeJUnit writes results in the format that CI services read. What was not
// judged is a skipped test with its reason.
func writeJUnit(w io.Writer, results []Result) error {
	type failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type skipped struct {
		Message string `xml:"message,attr"`
	}
	type test struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Seconds float64  `xml:"time,attr"`
		Failure *failure `xml:"failure,omitempty"`
		Skipped *skipped `xml:"skipped,omitempty"`
	}
	type suite struct {
		XMLName  xml.Name `xml:"testsuite"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Cases    []test   `xml:"testcase"`
	}
	s := suite{Name: "mercure conformance", Tests: len(results)}
	for _, r := range results {
		c := test{Class: r.Generation, Name: r.Case, Seconds: r.Took.Seconds()}
		switch r.Status {
		case Failed:
			s.Failures++
			c.Failure = &failure{Message: cmp.Or(strings.Join(r.Why[:min(1, len(r.Why))], ""), "failed"), Text: strings.Join(append(r.Why, r.Steps...), "\n")}
		case Needs, NotApplicable:
			s.Skipped++
			c.Skipped = &skipped{Message: strings.TrimSpace(string(r.Status) + " " + strings.Join(r.Why, ", "))}
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	return e.Encode(s)
}

// writeList lists the cases, and what of the catalogue has none.
func writeList(w io.Writer, catalogue Catalogue, all []Case) {
	covered := make(map[string]bool)
	for _, c := range all {
		covered[c.ID] = true
		e := catalogue.entry(c.ID)
		if e == nil {
			fmt.Fprintf(w, "%-40s is in no catalogue\n", c.ID)
			continue
		}
		fmt.Fprintf(w, "%-40s %-4s %-10s %s\n", c.ID, e.Protocol, e.Level, short(e.Requirement))
	}
	var uncovered, invisible, postponed int
	fmt.Fprintln(w, "\nWithout a case:")
	for _, e := range catalogue {
		switch why := later[e.ID]; {
		case covered[e.ID] || e.Party != "hub":
		case !e.observable():
			invisible++
		case why != "":
			postponed++
			fmt.Fprintf(w, "%-40s %-4s %-10s later: %s\n", e.ID, e.Protocol, e.Level, why)
		default:
			uncovered++
			fmt.Fprintf(w, "%-40s %-4s %-10s uncovered\n", e.ID, e.Protocol, e.Level)
		}
	}
	fmt.Fprintln(w, "\nDeclined by the hub of this repository:")
	for _, e := range catalogue {
		if e.Declined != "" {
			fmt.Fprintf(w, "%-40s %-4s %-10s %s\n", e.ID, e.Protocol, e.Level, e.Declined)
		}
	}
	fmt.Fprintf(w, "\n%d cases; of a hub's entries without one: %d not observable, %d later, %d uncovered\n", len(all), invisible, postponed, uncovered)
}
