package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows is who may import whom inside the module, tests apart. They only go
// down: a package missing here, or an import missing from its list, fails.
//
//	main ─► hub/cli ─► hub ─► auth ─► spec
//	                    └──► hub/fanout ─► store ─► spec
//	                             └──► hub/presence ─► spec
//	main ─► store/* ─► store
//
// What reads the reference hub's history is no engine: hub/cli imports from it.
//
// The conformance programs judge hubs from outside and import nothing of ours.
var arrows = map[string][]string{
	"cinnabar":        {"hub/cli", "store", "store/bolt", "store/memory"},
	"hub/cli":         {"hub", "auth", "store", "store/reference", "spec", "conformance/load", "conformance/faults"},
	"hub":             {"auth", "hub/fanout", "store", "spec"},
	"hub/fanout":      {"hub/presence", "store", "spec"},
	"hub/hubtest":     {"hub", "auth", "store", "store/memory", "spec"},
	"hub/presence":    {"spec"},
	"auth":            {"spec"},
	"spec":            {},
	"store":           {"spec"},
	"store/bolt":      {"store", "store/boltfile", "spec"},
	"store/boltfile":  {},
	"store/memory":    {"store", "spec"},
	"store/reference": {"store/boltfile", "spec"},
	"store/storetest": {"store", "spec"},
}

func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	inside := func(path string) (string, bool) {
		rest, ok := strings.CutPrefix(path, "cinnabar/")
		return rest, ok || path == "cinnabar"
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		name, _ := inside(p.ImportPath)
		if name == "" {
			name = p.ImportPath
		}
		seen++
		outsider := strings.HasPrefix(name, "conformance")
		allowed, known := arrows[name]
		if !known && !outsider {
			t.Errorf("package %s is not in the picture: say in arrows what it may import", name)
			continue
		}
		for _, path := range p.Imports {
			to, ours := inside(path)
			if !ours {
				continue
			}
			if outsider && strings.HasPrefix(to, "conformance") {
				continue // its programs may share its own packages
			}
			if !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: that arrow is not in the picture", name, to)
			}
		}
	}
	if seen < len(arrows) {
		t.Errorf("go list shows %d packages, arrows names %d: remove what is gone", seen, len(arrows))
	}
}
