// Tally reads what go test -json writes and says what people want to know:
// each package with its result, the whole output of what failed, what was left
// out and why, and how many tests passed.
//
//	go test -json ./... | tally [-sum FILE]
//
// Tests and subtests count alike. With CI=true a test left out is a failure.
// The exit code is 1 after any failure.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	sum := flag.String("sum", "", "file to write the numbers of passed and failed tests to")
	flag.Parse()
	t := tally{strict: os.Getenv("CI") == "true", running: map[test]*strings.Builder{}, failures: map[string]int{}}
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	t.print()
	if *sum != "" {
		if err := os.WriteFile(*sum, fmt.Appendf(nil, "%d %d\n", t.passed, t.failed), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "tally: writing the sum:", err)
			os.Exit(1)
		}
	}
	if t.failed > 0 {
		os.Exit(1)
	}
}

// A test is named by its package and itself; the package as a whole has no
// name of its own.
type test struct{ pkg, name string }

// An event is a line of go test -json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of what failed to build
	Test       string
	Elapsed    float64 // seconds
	Output     string
}

type tally struct {
	strict   bool
	running  map[test]*strings.Builder // what has no result yet, and its output
	failures map[string]int            // by package
	leftOut  []string

	passed, failed int
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Printf("%s", line) // go's own words, about the build
			} else {
				t.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the results: %w", err)
		}
	}
}

func (t *tally) take(e event) {
	what := test{e.Package, e.Test}
	switch e.Action {
	case "output":
		t.output(what).WriteString(e.Output)
	case "build-output":
		fmt.Print(e.Output)
	case "pass":
		if e.Test != "" {
			t.passed++
		} else {
			fmt.Printf("ok  \t%s\t%.3fs\n", e.Package, e.Elapsed)
		}
		delete(t.running, what)
	case "skip":
		if e.Test != "" {
			t.skip(what)
		}
		delete(t.running, what)
	case "fail":
		t.fail(what)
	}
}

func (t *tally) output(what test) *strings.Builder {
	if t.running[what] == nil {
		t.running[what] = new(strings.Builder)
	}
	return t.running[what]
}

func (t *tally) skip(what test) {
	reason := strings.TrimSpace(t.output(what).String())
	for line := range strings.Lines(reason) {
		if _, why, ok := strings.Cut(line, "left out: "); ok {
			reason = strings.TrimSpace(why)
		}
	}
	t.leftOut = append(t.leftOut, fmt.Sprintf("%s %s: %s", what.pkg, what.name, reason))
	if t.strict {
		t.failed++
		t.failures[what.pkg]++
	}
}

func (t *tally) fail(what test) {
	if what.name != "" {
		t.failed++
		t.failures[what.pkg]++
		fmt.Print(t.output(what))
		delete(t.running, what)
		return
	}
	if t.failures[what.pkg] == 0 {
		t.failed++ // a panic, a time-out, a package that does not build
	}
	for unfinished, output := range t.running {
		if unfinished.pkg == what.pkg && unfinished.name != "" {
			fmt.Print(output)
			delete(t.running, unfinished)
		}
	}
	fmt.Print(t.output(what)) // ends with go's own line, FAIL and the package
	delete(t.running, what)
}

func (t *tally) print() {
	if len(t.leftOut) > 0 {
		fmt.Printf("\nleft out:\n")
		for _, line := range t.leftOut {
			fmt.Println(" ", line)
		}
		if t.strict {
			fmt.Println("CI=true leaves nothing out: these are failures.")
		}
	}
	fmt.Printf("%d passed, %d failed, %d left out\n", t.passed, t.failed, len(t.leftOut))
}
