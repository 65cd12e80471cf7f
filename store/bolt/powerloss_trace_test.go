package bolt

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cinnabar/store"
)

// The calls that change a file, or could: those in the first line are
// understood, of the others only that they concern other files.
var powerCalls = []string{"pwrite64", "ftruncate", "fsync", "fdatasync", "linkat", "write",
	"writev", "pwritev", "pwritev2", "fallocate", "copy_file_range", "sync_file_range", "mmap",
	"link", "rename", "renameat", "renameat2"}

// A trace is what a process did to its history, and what it acknowledged, in
// order.
type trace struct {
	steps []step
	acks  []ack
	end   int // every line is before it
}

// A step is one write to the file, one change of its size, or one flush. One
// that ends before another begins did so in time, whatever their threads.
type step struct {
	begin, end int
	kind       stepKind
	at         int64  // of a write, its offset; of a resize, the size
	data       []byte // of a write
}

type stepKind uint8

const (
	stepWrite stepKind = iota
	stepResize
	stepFlush
	stepName      // the file, until then a draft, gets its name
	stepFlushName // its folder is flushed
)

// tracePowered runs the publishing process under strace.
func tracePowered(t *testing.T, want store.Durability) trace {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path, err := poweredPath(memoryFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(t.TempDir(), "trace")
	// Strings whole and in hexadecimal; only the calls looked at stop.
	cmd := exec.Command("strace", "-f", "--seccomp-bpf", "-xx", "-y", "-s", strconv.Itoa(1<<26),
		"-e", "signal=none", "-e", "trace="+strings.Join(powerCalls, ","), "-o", output, exe)
	cmd.Env = append(os.Environ(), poweredEnv+"="+path, powerWantsEnv+"="+want.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("running the traced process: %v\n%s", err, out[max(0, len(out)-2000):])
	}
	f, err := os.Open(output)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr, err := readPowerTrace(f, path)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// readPowerTrace reads what strace wrote of one file and its acknowledgements.
func readPowerTrace(r io.Reader, path string) (trace, error) {
	var tr trace
	begun := make(map[string]call) // by thread: a call that has not returned
	lines := bufio.NewReaderSize(r, 1<<20)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return tr, fmt.Errorf("reading the trace: %w", err)
		}
		thread, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		rest = strings.TrimLeft(rest, " ")
		c := call{begin: n, end: n, text: rest}
		switch {
		case strings.HasPrefix(rest, "+++"), strings.HasPrefix(rest, "---"):
			continue
		case strings.HasSuffix(rest, "<unfinished ...>"):
			c.text = strings.TrimSuffix(rest, "<unfinished ...>")
			begun[thread] = c
			continue
		case strings.HasPrefix(rest, "<..."):
			_, rest, _ = strings.Cut(rest, "resumed>")
			c.begin, c.text = begun[thread].begin, begun[thread].text+rest
			delete(begun, thread)
		}
		if err := tr.add(c, path); err != nil {
			return tr, fmt.Errorf("reading the trace, line %d: %w", n+1, err)
		}
		tr.end = n + 1
	}
	for _, c := range begun {
		c.end, c.text = math.MaxInt, c.text+") = ?"
		if err := tr.add(c, path); err != nil {
			return tr, fmt.Errorf("reading the trace: %w", err)
		}
	}
	return tr, nil
}

// A call is one line of the trace, or two joined.
type call struct {
	begin, end int
	text       string // name(5<file>, "data", numbers) = result
}

func (tr *trace) add(c call, path string) error {
	called, rest, _ := strings.Cut(c.text, "(")
	equals := strings.LastIndex(rest, " = ") // aligned to a column
	if equals < 0 {
		return fmt.Errorf("%.200q is no call", c.text)
	}
	arguments, result := strings.TrimRight(rest[:equals], " )"), rest[equals+len(" = "):]
	_, file, _ := strings.Cut(arguments, "<")
	file, _, _ = strings.Cut(file, ">")
	file, err := unhex(file)
	if err != nil {
		return err
	}
	_, quoted, _ := strings.Cut(arguments, `"`)
	quoted, numbers, _ := strings.Cut(quoted, `"`)

	s := step{begin: c.begin, end: c.end}
	ours := strings.HasPrefix(file, path) // or its draft
	switch {
	case called == "linkat" && strings.Contains(arguments, tohex(path)+`"`):
		s.kind = stepName
	case called == "fsync" && file == filepath.Dir(path):
		s.kind = stepFlushName
	case called == "write" && !ours:
		text, err := unhex(quoted)
		if err != nil || !strings.HasPrefix(text, ackWord) {
			return err
		}
		acks, err := readAcks(text, c.begin)
		tr.acks = append(tr.acks, acks...)
		return err
	case !ours && !strings.Contains(arguments, tohex(path)):
		return nil
	case called == "mmap" && !(strings.Contains(arguments, "PROT_WRITE") && strings.Contains(arguments, "MAP_SHARED")):
		return nil
	case called == "fsync", called == "fdatasync":
		s.kind = stepFlush
	case called == "ftruncate":
		_, size, _ := strings.Cut(arguments, ", ")
		s.kind = stepResize
		s.at, err = strconv.ParseInt(size, 10, 64)
	case called == "pwrite64":
		data, dataErr := unhex(quoted)
		s.data = []byte(data)
		var length int
		_, err = fmt.Sscanf(numbers, ", %d, %d", &length, &s.at)
		if length != len(data) {
			err = errors.New("the trace does not hold all of it")
		}
		err = errors.Join(dataErr, err)
	default:
		return fmt.Errorf("what %s does to the history cannot be simulated", called)
	}
	if err == nil && strings.HasPrefix(result, "-1") {
		err = errors.New("it failed")
	}
	if err != nil {
		return fmt.Errorf("%s(…%.100s) = %s: %w", called, numbers, result, err)
	}
	tr.steps = append(tr.steps, s)
	return nil
}

// tohex encodes a string as \x00\xff.
func tohex(s string) (encoded string) {
	for _, b := range []byte(s) {
		encoded += fmt.Sprintf(`\x%02x`, b)
	}
	return encoded
}

// unhex is the inverse of tohex.
func unhex(s string) (string, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
	return string(b), err
}
