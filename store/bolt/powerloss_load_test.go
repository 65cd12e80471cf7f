package bolt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"cinnabar/spec"
	"cinnabar/store"
)

// What the traced process does. Its retention is tight, so that pages are
// freed and used again: there a flush too few shows.
const (
	powerLives      = 3
	powerPublishers = 8
	powerAppends    = 24 // of each publisher in each life
	powerRetained   = 200
)

var powerOptions = Options{MaxBytes: -1, MaxCount: powerRetained}

const (
	poweredEnv    = "CINNABAR_TEST_POWERED_HISTORY"
	powerWantsEnv = "CINNABAR_TEST_POWERED_WANTS"
)

// poweredChild is the process whose power is going to fail. It tells what was
// acknowledged on its standard output, which is traced like its history.
func poweredChild() bool {
	path := os.Getenv(poweredEnv)
	if path == "" {
		return false
	}
	want := store.Disk
	if os.Getenv(powerWantsEnv) == store.OS.String() {
		want = store.OS
	}
	for life := range powerLives {
		if err := publishUnderPower(path, life, want); err != nil {
			fmt.Fprintln(os.Stderr, "failed:", err)
			os.Exit(1)
		}
	}
	return true
}

func publishUnderPower(path string, life int, want store.Durability) error {
	l, err := Open(path, powerOptions)
	if err != nil {
		return err
	}
	faults := make(chan error, powerPublishers)
	var publishing sync.WaitGroup
	for publisher := range powerPublishers {
		publishing.Go(func() {
			for n := range powerAppends {
				if err := l.publishUnderPower(life, publisher, n, want); err != nil {
					faults <- err
					return
				}
			}
		})
	}
	publishing.Wait()
	close(faults)
	if err := <-faults; err != nil {
		return err
	}
	return l.Close()
}

// publishUnderPower appends one batch and tells what was acknowledged.
func (l *Log) publishUnderPower(life, publisher, n int, want store.Durability) error {
	if n%12 == 11 {
		want = store.Memory
	}
	var batch []*spec.Update
	for part := range 1 + n%3 {
		u, err := spec.NewUpdate(poweredFields(life, publisher, 3*n+part), spec.Rules{Base: spec.UnnamedBase(), Generations: spec.Both})
		if err != nil {
			return err
		}
		batch = append(batch, u)
	}
	var receipt store.Receipt
	var err error
	if once := powerOnce(batch[0].Data()); once != nil {
		receipt, err = l.AppendOnce(background, want, *once, batch[0])
	} else {
		receipt, err = l.Append(background, want, batch...)
	}
	if err != nil {
		return err
	}
	var lines strings.Builder
	for i, e := range receipt.Entries {
		fmt.Fprintln(&lines, ack{
			durable: receipt.Reached != store.Memory, position: e.Position, id: e.ID.String(),
			place: l.placeName(e.Position), data: batch[i].Data(),
		})
	}
	_, err = os.Stdout.WriteString(lines.String()) // one call: it is traced as one
	return err
}

// poweredFields make the n-th update of a publisher, told apart by its data.
func poweredFields(life, publisher, n int) spec.Fields {
	name := fmt.Sprintf("%d/%d/%d", life, publisher, n)
	f := spec.Fields{Topics: []string{"t"}, Data: name + strings.Repeat(" "+name, (publisher*31+n*17)%400)}
	if n%8 == 0 {
		f.ID = "urn:power:" + name
	}
	return f
}

// powerOnce is the key of an update, nil for one without: not all have one, and
// none does that shares its append with others.
func powerOnce(data string) *store.Once {
	var life, publisher, n int
	if _, err := fmt.Sscanf(data, "%d/%d/%d", &life, &publisher, &n); err != nil || n%9 > 0 {
		return nil
	}
	once := onceOf(data, data)
	return &once
}

// placeName names a pair of epoch and position, whatever id the entry there
// has: it is the id of an entry that brought none.
func (l *Log) placeName(p store.Position) string {
	return l.epochs.ID(p, spec.EventID{}).String()
}

// An ack is an entry that a publisher was told of.
type ack struct {
	durable  bool // as opposed to: it asked for nothing
	position store.Position
	id       string
	place    string
	data     string
	at       int // in the trace
}

const ackWord = "acknowledged"

func (a ack) String() string {
	name, _, _ := strings.Cut(a.data, " ")
	return fmt.Sprint(ackWord, " ", a.durable, " ", uint64(a.position), " ", a.id, " ", a.place, " ", name)
}

// readAcks reads the lines of acks.
func readAcks(lines string, at int) (acks []ack, err error) {
	for line := range strings.Lines(lines) {
		a := ack{at: at}
		var position uint64
		var name string
		if _, err := fmt.Sscanf(line, ackWord+" %t %d %s %s %s", &a.durable, &position, &a.id, &a.place, &name); err != nil {
			return nil, fmt.Errorf("reading %q: %w", line, err)
		}
		var life, publisher, n int
		if _, err := fmt.Sscanf(name, "%d/%d/%d", &life, &publisher, &n); err != nil {
			return nil, fmt.Errorf("reading %q: %w", line, err)
		}
		a.position, a.data = store.Position(position), poweredFields(life, publisher, n).Data
		acks = append(acks, a)
	}
	return acks, nil
}

// poweredPath is where the history of a test lies, without symbolic links: so
// the trace names it.
func poweredPath(folder string) (string, error) {
	folder, err := filepath.EvalSymlinks(folder)
	return filepath.Join(folder, "hub.db"), err
}
