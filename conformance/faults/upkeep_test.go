//go:build unix

package faults

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The years of a history, in seconds. Whatever it is put through, it holds what
// its rules keep; and what is exported of it cannot be tampered with unnoticed.
func TestUpkeep(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatalf("building the hub: %v", err)
	}
	folder, err := os.MkdirTemp("", "upkeep") // short, since a socket's path has a limit
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	r := Upkeep{
		Binary: binary, Folder: folder, Updates: 20_000, Keep: 400, Publishers: 64, Rate: 800,
		Phase: time.Second, Patience: 30 * time.Second, Limit: time.Minute, FillAs: "os",
	}.prepare()
	err = r.run(t.Context())
	r.finish()
	var table strings.Builder
	if err := r.report.WriteTable(&table); err != nil {
		t.Error(err)
	}
	t.Logf("\n%s", &table)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.report.Err(); err != nil {
		t.Error(err)
	}

	export, err := os.ReadFile(r.exportFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(lines [][]byte, i int) [][]byte
		want   Kind
	}{
		"as it was": {func(lines [][]byte, i int) [][]byte { return lines }, ""},
		"dropped":   {func(lines [][]byte, i int) [][]byte { return slices.Delete(lines, i, i+1) }, Missing},
		"repeated":  {func(lines [][]byte, i int) [][]byte { return slices.Insert(lines, i, lines[i]) }, Duplicated},
		"swapped": {func(lines [][]byte, i int) [][]byte {
			lines[i], lines[i+1] = lines[i+1], lines[i]
			return lines
		}, Reordered},
	} {
		t.Run(name, func(t *testing.T) {
			lines := bytes.SplitAfter(export, []byte("\n"))
			for _, i := range []int{0, len(lines) / 2, len(lines) - 4} {
				again := r.ledger.read(r.exported.stock)
				digest, err := again.export(bytes.NewReader(slices.Concat(c.change(slices.Clone(lines), i)...)))
				if err != nil {
					t.Fatal(err)
				}
				again.end()
				if c.want == "" && len(again.faults) > 0 || c.want != "" && again.counts[c.want] == 0 {
					t.Errorf("line %d of %d: found is %v, want %q", i, len(lines), again.counts, c.want)
				}
				if same := bytes.Equal(digest.Sum(nil), r.digest.Sum(nil)); same != (c.want == "") {
					t.Errorf("line %d of %d: the same digest: %t", i, len(lines), same)
				}
			}
		})
	}
}
