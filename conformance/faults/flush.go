package faults

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A FlushReport is what a trace says about durable answers.
type FlushReport struct {
	Answered   int // publishes whose arrival and answer the trace holds
	Writes     int // to the history, between the two
	Flushes    int // of the history, between the two
	Violations []string
}

// JudgeFlushes reads from a trace whether publishes were on the device when
// they were answered. Killing a process cannot tell: what it wrote stays in
// the page cache. The publishes have to have been sent one after the other.
//
// Between the read of a publish from its socket and the write of status 200 to
// the same socket, the history has to have been written with that publish in
// it, and flushed by a call that began after the last such write had returned
// and returned 0 before the answer began. history is the path of the file,
// without symbolic links.
func JudgeFlushes(calls []Call, history string, attempts []Attempt) FlushReport {
	var report FlushReport
	for _, a := range attempts {
		if a.Outcome != Acknowledged {
			continue
		}
		between, found := untilAnswer(calls, a)
		if !found {
			report.violation(a, "its arrival or its answer is not in the trace")
			continue
		}
		report.Answered++
		var holding bool
		var written *Call // the last write to the history
		var flushed bool  // since
		for i := range between {
			switch c := &between[i]; {
			case c.File != history || c.Result < 0:
			case slices.Contains(writeCalls, c.Name):
				report.Writes++
				holding = holding || strings.Contains(c.Text, a.Key)
				written, flushed = c, false
			case slices.Contains(flushCalls, c.Name):
				report.Flushes++
				flushed = written != nil && c.Begin > written.End
			}
		}
		switch {
		case !holding:
			report.violation(a, "answered before it was written")
		case !flushed:
			report.violation(a, "answered before what was written was flushed")
		}
	}
	return report
}

func (r *FlushReport) violation(a Attempt, what string) {
	r.Violations = append(r.Violations, fmt.Sprintf("%s: %s", a.Key, what))
}

// untilAnswer returns the calls that began after a publish had arrived and
// ended before its answer began.
func untilAnswer(calls []Call, a Attempt) (between []Call, found bool) {
	key := url.QueryEscape(a.Key) // as it stands in a form
	arrival := slices.IndexFunc(calls, func(c Call) bool {
		return strings.HasPrefix(c.File, "TCP") && slices.Contains(readCalls, c.Name) && strings.Contains(c.Text, key)
	})
	if arrival < 0 {
		return nil, false
	}
	request := calls[arrival]
	for _, c := range calls[arrival+1:] {
		if c.File == request.File && slices.Contains(writeCalls, c.Name) && strings.Contains(c.Text, `"HTTP/1.1 200 `) && c.Begin > request.End {
			between = slices.DeleteFunc(between, func(b Call) bool { return b.End >= c.Begin })
			return between, true
		}
		if c.Begin > request.End {
			between = append(between, c)
		}
	}
	return nil, false
}
