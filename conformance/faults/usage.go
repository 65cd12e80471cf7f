package faults

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is USER_HZ, which Linux fixes for what /proc shows.
const ticksPerSecond = 100

// Usage is what a process takes of the machine, as Linux accounts for it.
type Usage struct {
	RSS  int64 // resident bytes, mapped files included
	Anon int64 // resident bytes that no file backs
	CPU  time.Duration
}

// UsageOf returns the usage of a process. It needs /proc.
func UsageOf(pid int) (Usage, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return Usage{}, fmt.Errorf("reading the memory of a process: %w", err)
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return Usage{}, fmt.Errorf("reading the CPU time of a process: %w", err)
	}
	var u Usage
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		var kilobytes int64
		fmt.Sscan(value, &kilobytes) // other lines hold other things
		switch name {
		case "VmRSS":
			u.RSS = kilobytes << 10
		case "RssAnon":
			u.Anon = kilobytes << 10
		}
	}
	// The second field is the program's name in parentheses and may hold
	// anything; utime and stime are the 14th and 15th.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 || u.RSS == 0 {
		return Usage{}, fmt.Errorf("process %d is no more", pid)
	}
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("reading the CPU time of a process: %w", err)
		}
		u.CPU += time.Duration(ticks) * time.Second / ticksPerSecond
	}
	return u, nil
}
