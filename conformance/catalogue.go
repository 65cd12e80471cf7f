package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// An Entry is one obligation of the catalogue.
type Entry struct {
	ID          string `yaml:"id"`
	Protocol    string `yaml:"protocol"` // "0.x", "1.0" or "both"
	Level       string `yaml:"level"`    // MUST, MUST NOT, SHOULD, SHOULD NOT, MAY
	Party       string `yaml:"party"`
	Section     string `yaml:"section"`
	Requirement string `yaml:"requirement"`
	Observable  string `yaml:"observable"`
	Declined    string `yaml:"declined"` // why the hub of this repository makes no use of a MAY
}

// Must reports whether the entry is an absolute obligation.
func (e *Entry) Must() bool { return strings.HasPrefix(e.Level, "MUST") }

// May reports whether the entry is a permission.
func (e *Entry) May() bool { return e.Level == "MAY" }

// observable reports whether a client can see the entry kept or broken.
func (e *Entry) observable() bool { return !strings.HasPrefix(e.Observable, "not observable") }

// Area is the part of the id before its first dash.
func (e *Entry) Area() string {
	area, _, _ := strings.Cut(e.ID, "-")
	return area
}

// binds returns the generations that the entry binds, among those served.
func (e *Entry) binds(served []string) []string {
	return slices.DeleteFunc(slices.Clone(served), func(gen string) bool {
		return e.Protocol != "both" && e.Protocol != gen
	})
}

// A Catalogue is all obligations, in the order of the file.
type Catalogue []*Entry

// readCatalogue reads the catalogue from a file, or where a checkout has it.
func readCatalogue(path string) (Catalogue, error) {
	if path == "" {
		for _, dir := range []string{".", ".."} {
			path = filepath.Join(dir, "spec", "requirements.yaml")
			if _, err := os.Stat(path); err == nil {
				break
			}
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w; name it with -catalogue", err)
	}
	var c Catalogue
	if err := yaml.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("reading the catalogue %s: %w", path, err)
	}
	return c, nil
}

// entry returns the entry with an id, nil if there is none.
func (c Catalogue) entry(id string) *Entry {
	i := slices.IndexFunc(c, func(e *Entry) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return c[i]
}
