package spec

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every obligation that code, tests and vectors of this package name is in the
// catalogue.
func TestRulesAreInTheCatalogue(t *testing.T) {
	catalogue, err := os.ReadFile("requirements.yaml")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^- id: (\S+)$`).FindAllStringSubmatch(string(catalogue), -1) {
		if known[m[1]] {
			t.Errorf("%s is in the catalogue twice", m[1])
		}
		known[m[1]] = true
	}
	sources, _ := filepath.Glob("*.go")
	vectors, _ := filepath.Glob("testdata/vectors/*.txt")
	rule := regexp.MustCompile(`\b(TOPIC|PUB|SUB|MATCH|LIMIT|SSE|SEC|REPLAY)-[a-z0-9][a-zA-Z0-9-]*`)
	found := 0
	for _, path := range append(sources, vectors...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range rule.FindAllString(string(text), -1) {
			found++
			if !known[strings.TrimSuffix(id, "-")] {
				t.Errorf("%s names %s, which is not in the catalogue", path, id)
			}
		}
	}
	if found == 0 {
		t.Error("no rule is named anywhere")
	}
}
