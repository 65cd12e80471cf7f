package faults

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Call is one system call of a traced process.
type Call struct {
	Name   string
	File   string // what its first argument, a descriptor, stands for
	Text   string // its arguments, as strace prints them
	Result int64  // negative for a failure, and for a call that never returned
	// Begin and End order the calls: one that ends before another begins did
	// so in time, whatever their threads.
	Begin, End int
}

// TraceCommand is the tracer to run a hub under, for [ReadTrace]. Strings are
// printed long enough to hold a page of a history.
func TraceCommand(output string) []string {
	return []string{"strace", "-f", "-yy", "-s", "65536", "-e", "signal=none", "-o", output,
		"-e", "trace=" + strings.Join(slices.Concat(readCalls, writeCalls, flushCalls), ",")}
}

var (
	readCalls  = []string{"read", "readv", "recvfrom", "recvmsg"}
	writeCalls = []string{"write", "writev", "sendto", "sendmsg", "pwrite64", "pwritev", "pwritev2"}
	// sync_file_range and msync are no flushes here: the first does not reach
	// the device, and neither says which file it was for.
	flushCalls = []string{"fsync", "fdatasync"}
)

var (
	wholeCall   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)`)
	callBegins  = regexp.MustCompile(`^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$`)
	callResumes = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?)`)
	descriptor  = regexp.MustCompile(`^\d+<((?:->|[^>])*)>`)
)

// ReadTrace reads what strace wrote, in the order calls began.
func ReadTrace(r io.Reader) ([]Call, error) {
	var calls []Call
	open := make(map[string]int) // by thread: its unfinished call
	lines := bufio.NewReader(r)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return calls, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the trace: %w", err)
		}
		line = strings.TrimSuffix(line, "\n")
		if m := callBegins.FindStringSubmatch(line); m != nil {
			open[m[1]] = len(calls)
			calls = append(calls, newCall(m[2], m[3], "?", n))
		} else if m := callResumes.FindStringSubmatch(line); m != nil {
			i, begun := open[m[1]]
			if !begun || calls[i].Name != m[2] {
				return nil, fmt.Errorf("reading the trace, line %d: %s resumes and never began", n+1, m[2])
			}
			begin := calls[i].Begin
			calls[i] = newCall(m[2], calls[i].Text+m[3], m[4], n)
			calls[i].Begin = begin
			delete(open, m[1])
		} else if m := wholeCall.FindStringSubmatch(line); m != nil {
			calls = append(calls, newCall(m[2], m[3], m[4], n))
		}
	}
}

// newCall makes a call that begins and ends at one line. A result of "?" is
// that of a call that has not returned.
func newCall(name, text, result string, line int) Call {
	c := Call{Name: name, Text: text, Result: -1, Begin: line, End: line}
	if m := descriptor.FindStringSubmatch(text); m != nil {
		c.File = m[1]
	}
	if n, err := strconv.ParseInt(result, 10, 64); err == nil {
		c.Result = n
	}
	return c
}
