package spec

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
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

// Only what a hub may do can be declined, and with a reason. TOPIC-later-cf is,
// so the Unicode that Go brings must not know more of Cf than the drafts'.
func TestOnlyPermissionsAreDeclined(t *testing.T) {
	catalogue, err := os.ReadFile("requirements.yaml")
	if err != nil {
		t.Fatal(err)
	}
	declined := 0
	for _, entry := range strings.Split(string(catalogue), "\n- id: ")[1:] {
		id, fields, _ := strings.Cut(entry, "\n")
		_, reason, ok := strings.Cut(fields, "\n  declined:")
		if !ok {
			continue
		}
		declined++
		if !strings.Contains(fields, "\n  level: MAY\n") || !strings.Contains(fields, "\n  party: hub\n") {
			t.Errorf("%s is declined, but is nothing that a hub MAY do", id)
		}
		if len(strings.Fields(reason)) < 5 {
			t.Errorf("%s is declined without a reason: %q", id, reason)
		}
	}
	if declined == 0 {
		t.Error("nothing is declined: has the field another name?")
	}
	if major, _, _ := strings.Cut(unicode.Version, "."); len(major) != 2 || major > "17" {
		t.Errorf("TOPIC-later-cf is declined, but Go classifies by Unicode %s: keep to the Cf of 17 in text.go, or implement it", unicode.Version)
	}
}
