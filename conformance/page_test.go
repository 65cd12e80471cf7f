package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// everythingPassed are the reports of three runs in which every case passed.
func everythingPassed(catalogue Catalogue, all []Case, at time.Time) (runs []*Report) {
	for _, protocols := range [][]string{{legacy, current}, {legacy}, {current}} {
		r := &Report{Protocols: protocols, At: at}
		for _, c := range all {
			if e := catalogue.entry(c.ID); e != nil {
				for _, gen := range e.binds(protocols) {
					r.Results = append(r.Results, Result{Case: c.ID, Generation: gen, Level: e.Level, Status: Passed})
				}
			}
		}
		runs = append(runs, r)
	}
	return runs
}

// TestPageAgreesWithCatalogue: the committed page has the areas, counts and
// reasons of the catalogue and the cases there are now, and is of runs in which
// all of these passed.
func TestPageAgreesWithCatalogue(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../spec/README.md")
	if err != nil {
		t.Fatal(err)
	}
	day := regexp.MustCompile(`(?m)^Last run: (\d{4}-\d\d-\d\d)\.`).FindSubmatch(raw)
	if day == nil {
		t.Fatal("spec/README.md does not tell the day of the last run; make compliance writes it")
	}
	at, err := time.Parse(time.DateOnly, string(day[1]))
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(pageOf(t, catalogue, cases(), everythingPassed(catalogue, cases(), at)), "\n")
	got := strings.Split(string(raw), "\n")
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("spec/README.md differs from line %d on: run make compliance\n got %s\nwant %s",
				i+1, strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
		}
	}
}

func pageOf(t *testing.T, catalogue Catalogue, all []Case, runs []*Report) string {
	t.Helper()
	p, err := newPage(catalogue, all, runs)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := p.write(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestPageTellsWhatIsMissing: what failed, what was not run and what has no case
// is on the page by name, and in no count of what passed.
func TestPageTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	catalogue := Catalogue{
		{ID: "SSE-kept", Protocol: "both", Level: "MUST", Party: "hub", Observable: "seen"},
		{ID: "SSE-broken", Protocol: "both", Level: "MUST", Party: "hub", Observable: "seen"},
		{ID: "SSE-old", Protocol: "0.x", Level: "SHOULD NOT", Party: "hub", Observable: "seen"},
		{ID: "SSE-forgotten", Protocol: "1.0", Level: "MUST NOT", Party: "hub", Observable: "seen"},
		{ID: "SSE-unseen", Protocol: "1.0", Level: "MAY", Party: "hub", Observable: "not observable: inside", Declined: "not a|b"},
		{ID: "ENC-other", Protocol: "both", Level: "MUST", Party: "publisher", Observable: "seen"},
	}
	all := []Case{{ID: "SSE-kept"}, {ID: "SSE-broken"}, {ID: "SSE-old"}}
	runs := everythingPassed(catalogue, all, time.Date(2026, 1, 2, 23, 0, 0, 0, time.UTC))
	for i, r := range runs[0].Results {
		if r.Case == "SSE-broken" && r.Generation == current {
			runs[0].Results[i].Status = Failed
		}
	}
	runs[1].Results = slices.DeleteFunc(runs[1].Results, func(r Result) bool { return r.Case == "SSE-old" })
	slices.Reverse(runs)
	text := pageOf(t, catalogue, all, runs)
	for _, line := range []string{
		"Last run: 2026-01-02.",
		"| SSE, event streams | 3 | 1 | 1 | 3 | 1 | 1 | 2 of 3 | 2 of 3 | 2 of 2 |",
		"| both | `SSE-broken` | 1.0 | MUST | failed |",
		"| 0.x only | `SSE-old` | 0.x | SHOULD NOT | not run |",
		"Without a case, though one could be observed: `SSE-forgotten`.",
		`| not a\|b |`,
		"| inside |",
		"| publishers | 1 |",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the page does not say %q:\n%s", line, text)
		}
	}
	if strings.Contains(text, "Everything passed") {
		t.Error("the page says that everything passed")
	}
}

// TestPageOfThreeConfigurations: a page of other runs than the three would
// leave out a configuration, or tell one twice.
func TestPageOfThreeConfigurations(t *testing.T) {
	t.Parallel()
	runs := everythingPassed(nil, nil, time.Time{})
	for name, given := range map[string][]*Report{
		"no report":  nil,
		"1.0 absent": runs[:2],
		"0.x twice":  append(slices.Clone(runs), runs[1]),
	} {
		if _, err := newPage(nil, nil, given); err == nil {
			t.Errorf("%s: want an error that says which reports to give", name)
		}
	}
}

// TestAreasHaveNames: an area without one is a row that nobody understands.
func TestAreasHaveNames(t *testing.T) {
	t.Parallel()
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	for _, area := range catalogue.areas() {
		if abouts[area] == "" {
			t.Errorf("the compliance page has no name for the area %s", area)
		}
	}
}

// TestNothingIsLeftOpen: every obligation of a hub has a case, unless no client
// can see whether it is kept; then it says why.
func TestNothingIsLeftOpen(t *testing.T) {
	t.Parallel()
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPage(catalogue, cases(), everythingPassed(catalogue, cases(), time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Uncovered() {
		t.Errorf("%s (%s) has no case", e.ID, e.Level)
	}
	for _, e := range catalogue.Unseen() {
		if e.WhyUnseen() == "" {
			t.Errorf("%s is not observable, and does not say why", e.ID)
		}
	}
}

// TestPageOfFiles: a page is made of the reports that -format json writes, and
// whoever names none, or other files, is told what to name.
func TestPageOfFiles(t *testing.T) {
	t.Parallel()
	catalogue := Catalogue{{ID: "SSE-kept", Protocol: "both", Level: "MUST", Party: "hub", Observable: "seen"}}
	all := []Case{{ID: "SSE-kept"}}
	dir := t.TempDir()
	var files []string
	for _, r := range everythingPassed(catalogue, all, time.Time{}) {
		var text bytes.Buffer
		if err := writeJSON(&text, &Target{Protocols: r.Protocols}, r.Results); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, r.Configuration()+".json"))
		if err := os.WriteFile(files[len(files)-1], text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(dir, "page.md")
	if err := writePage(to, catalogue, all, files); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if want := "| SSE, event streams | 1 | – | – | 1 | – | – | 1 of 1 | 1 of 1 | 1 of 1 |"; !strings.Contains(string(page), want) {
		t.Errorf("the page does not say %q:\n%s", want, page)
	}
	for name, c := range map[string]struct {
		given []string
		says  string
	}{
		"none":        {[]string{""}, "-reports both.json"},
		"no file":     {[]string{filepath.Join(dir, "absent.json")}, "absent.json"},
		"another one": {[]string{to}, "-format json"},
	} {
		if err := writePage(to, catalogue, all, c.given); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the error is %v, want one that says %q", name, err, c.says)
		}
	}
}
