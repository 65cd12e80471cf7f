package bolt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cinnabar/store"
	"cinnabar/store/storetest"
)

// TestPowerLoss cuts the power again and again while a history is being
// written, and opens what a disk may be left with: everything flushed before
// the cut, and of the rest any part. Nothing acknowledged may be missing.
// Without flushes, or on a disk that does not obey them, the same judge has to
// find that it is.
func TestPowerLoss(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("strace is missing")
		}
		t.Skip("left out: strace is not installed, so nobody records what power loss would take")
	}
	disk, unflushed := tracePowered(t, store.Disk), tracePowered(t, store.OS)
	for name, tt := range map[string]struct {
		trace     trace
		disobeys  bool
		cuts      int
		violation bool
	}{
		"durability disk":                {disk, false, 250, false},
		"a disk that ignores flushes":    {disk, true, 40, true},
		"durability os, without flushes": {unflushed, false, 40, true},
	} {
		t.Run(name, func(t *testing.T) {
			const lowest = powerLives * powerPublishers * powerAppends
			if len(tt.trace.acks) < lowest {
				t.Fatalf("the trace holds %d acknowledgements, want at least %d", len(tt.trace.acks), lowest)
			}
			seed := rand.Uint64()
			random := rand.New(rand.NewPCG(seed, 0))
			var violations []string
			risky, acknowledged := 0, 0
			folder := memoryFolder(t)
			for i := range tt.cuts {
				at := random.IntN(tt.trace.end + 1)
				if i%5 == 0 { // while the file is being made
					at = random.IntN(tt.trace.acks[0].at)
				}
				c := cut{at: at, disobeys: tt.disobeys, keep: somePart(random)}
				image := c.image(tt.trace.steps)
				told := tt.trace.toldBefore(at)
				if c.kept > 0 && c.lost > 0 {
					risky++
				}
				acknowledged += len(told)
				for _, v := range judge(t, folder, image, told) {
					violations = append(violations, fmt.Sprintf("power cut after line %d: %s", at, v))
				}
			}
			t.Logf("seed %d: %d calls, %d acknowledgements; %d cuts, %d of which took a part of what was not flushed, with %d acknowledgements before them, all together; %d violations",
				seed, len(tt.trace.steps), len(tt.trace.acks), tt.cuts, risky, acknowledged, len(violations))
			if risky < tt.cuts/10 {
				t.Errorf("only %d of %d cuts put anything at risk", risky, tt.cuts)
			}
			switch {
			case tt.violation && len(violations) == 0:
				t.Error("nothing is found to be wrong, though nothing was flushed: the judge sees nothing")
			case tt.violation:
				t.Logf("the first: %s", violations[0])
			case len(violations) > 0:
				t.Errorf("%s", strings.Join(violations[:min(len(violations), 10)], "\n"))
			}
		})
	}
}

func (tr trace) toldBefore(at int) (told []ack) {
	for _, a := range tr.acks {
		if a.at <= at {
			told = append(told, a)
		}
	}
	return told
}

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// A cut is a moment at which power fails.
type cut struct {
	at       int  // the line of the trace that was the last
	disobeys bool // the disk does not flush the file when told to
	// keep says whether a step that was not flushed is on the disk all the
	// same; it is asked for each part of a write.
	keep func(step) bool

	kept, lost int // parts
}

// somePart makes a rule by which a disk keeps what was not flushed: all, much,
// little or nothing of it, in whole writes or torn between sectors.
func somePart(random *rand.Rand) func(step) bool {
	share := []float64{0, 0.1, 0.5, 0.9, 1}[random.IntN(5)]
	if random.IntN(2) == 0 {
		return func(step) bool { return random.Float64() < share }
	}
	whole := make(map[int]bool) // by the line of the step
	return func(s step) bool {
		keep, decided := whole[s.begin]
		if !decided {
			keep = random.Float64() < share
			whole[s.begin] = keep
		}
		return keep
	}
}

// image is what is left of the file; nil when not even its name is.
func (c *cut) image(steps []step) []byte {
	flushed, nameFlushed := c.flushed(steps, stepFlush), c.flushed(steps, stepFlushName)
	named, image := false, []byte{}
	for _, s := range steps {
		if s.begin > c.at {
			continue
		}
		switch s.kind {
		case stepName:
			named = named || c.has(s, nameFlushed)
		case stepResize:
			if c.has(s, flushed) {
				image = resized(image, s.at)
			}
		case stepWrite:
			for from := 0; from < len(s.data); from += sector {
				if !c.has(s, flushed) {
					continue
				}
				part, at := s.data[from:min(from+sector, len(s.data))], s.at+int64(from)
				image = resized(image, max(int64(len(image)), at+int64(len(part))))
				copy(image[at:], part)
			}
		}
	}
	if !named {
		return nil
	}
	return image
}

// flushed returns the last line of which it is certain that what ended before
// it is on the disk.
func (c *cut) flushed(steps []step, by stepKind) int {
	last := -1
	for _, s := range steps {
		if s.kind == by && s.end <= c.at && !(c.disobeys && by == stepFlush) {
			last = max(last, s.begin)
		}
	}
	return last
}

// has reports whether a step, or a part of it, is on the disk.
func (c *cut) has(s step, flushed int) bool {
	if s.end < flushed {
		return true
	}
	if c.keep(s) {
		c.kept++
		return true
	}
	c.lost++
	return false
}

func resized(image []byte, size int64) []byte {
	if size <= int64(len(image)) {
		return image[:size]
	}
	return append(image, make([]byte, size-int64(len(image)))...)
}

// judge opens what is left of a history and compares it with what was told.
func judge(t *testing.T, folder string, image []byte, told []ack) (violations []string) {
	t.Helper()
	wrong := func(format string, args ...any) { violations = append(violations, fmt.Sprintf(format, args...)) }
	path := filepath.Join(folder, "hub.db")
	defer os.Remove(path)
	if image != nil {
		if err := writeSparse(path, image); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Open(path, powerOptions)
	if err != nil {
		wrong("%v", err)
		return violations
	}
	defer l.Close()
	before, err := readAll(l)
	if err != nil { // found where it is read, not when the file was opened
		wrong("%v", err)
		return violations
	}
	b, err := l.Bounds(background)
	if err != nil {
		t.Fatal(err)
	}
	if b.Gone.Updates > 0 && len(before) < powerRetained {
		wrong("retention took too much: %d entries are left", len(before))
	}

	at := make(map[store.Position]store.Entry)
	for _, e := range before {
		at[e.Position] = e
	}
	for _, a := range told {
		if !a.durable || a.position <= b.Gone.Updates {
			continue
		}
		e, ok := at[a.position]
		switch {
		case !ok:
			wrong("%s, which was acknowledged at %d, is missing", a.id, a.position)
		case e.ID.String() != a.id || e.Update.Data() != a.data:
			wrong("%s, which was acknowledged at %d, is another entry: %s", a.id, a.position, e.ID)
		default:
			if p, err := l.Find(background, a.id); err != nil || p.After != a.position || p.Found != store.Known || p.After < p.Gone.Updates {
				wrong("%s leads to %+v (%v), not to %d", a.id, p, err, a.position)
			}
		}
	}

	// Whoever asks again is answered as before.
	again := 0
	for _, a := range slices.Backward(told) {
		once := powerOnce(a.data)
		if !a.durable || once == nil || again == 10 {
			continue
		}
		again++
		r, err := l.AppendOnce(background, store.OS, *once, storetest.Update(t, a.data))
		// The ids of this test are brought by fields, which these updates lack.
		if err != nil || !r.Repeated || r.Entries[0].Position != a.position {
			wrong("under the key of %s, which was acknowledged at %d: %+v, %v", a.id, a.position, r, err)
		}
	}

	// New entries must be told apart from everything ever told, also from
	// what asked for nothing and is gone.
	if _, err := add(t, l, store.Disk, "after the power", "came back"); err != nil {
		wrong("appending afterwards: %v", err)
	}
	names := make(map[string]string) // data by pair of epoch and position
	for _, a := range told {
		names[a.place] = a.data
	}
	var last store.Position
	order := make(map[string]int) // publisher → the number of its last update
	after, err := readAll(l)
	if err != nil {
		wrong("reading after the power came back: %v", err)
	}
	for _, e := range after {
		if e.Position <= last {
			wrong("%d comes after %d", e.Position, last)
		}
		last = e.Position
		name := l.placeName(e.Position)
		if data, ok := names[name]; ok && data != e.Update.Data() {
			wrong("epoch and position of %d stand for two entries", e.Position)
		}
		names[name] = e.Update.Data()
		var life, publisher, n int
		if _, err := fmt.Sscanf(e.Update.Data(), "%d/%d/%d", &life, &publisher, &n); err != nil {
			continue // one of the new ones
		}
		who := fmt.Sprintf("%d/%d", life, publisher)
		if previous, ok := order[who]; ok && n <= previous {
			wrong("update %d of publisher %s comes after its update %d", n, who, previous)
		}
		order[who] = n
	}
	return violations
}

// memoryFolder is a folder in memory, where there is one: all flushes of this
// test are simulated, and real ones would only take time.
func memoryFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "cinnabar-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

// writeSparse writes a file and leaves holes where it is zero.
func writeSparse(path string, image []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	const page = 4096
	zero := make([]byte, page)
	for at := 0; at < len(image); at += page {
		part := image[at:min(at+page, len(image))]
		if string(part) == string(zero[:len(part)]) {
			continue
		}
		if _, err := f.WriteAt(part, int64(at)); err != nil {
			return err
		}
	}
	return f.Truncate(int64(len(image)))
}
