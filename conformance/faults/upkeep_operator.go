package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// An operator gives the commands of a history.
type operator struct {
	binary string
	config string // file of settings
	limit  time.Duration
}

// storeOf names the history in a file.
func storeOf(path string) string { return "bolt://" + path }

func (o operator) command(ctx context.Context, command, history string, args ...string) *exec.Cmd {
	line := append([]string{"history", command, "--config", o.config, "--store", storeOf(history)}, args...)
	cmd := exec.CommandContext(ctx, o.binary, line...)
	cmd.Env = environ()
	return cmd
}

// environ is that of this process without settings of a hub.
func environ() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MERCURE_") {
			env = append(env, v)
		}
	}
	return env
}

// run runs a command to its end and returns what it printed.
func (o operator) run(ctx context.Context, command, history string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	cmd := o.command(ctx, command, history, args...)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("history %s: %w: %s", command, err, lastOf(problem.String()))
	}
	return string(out), nil
}

// lastOf returns the end of what a program complained of, behind its progress.
func lastOf(text string) string {
	const shown = 500
	text = strings.TrimSpace(text)
	return text[max(0, len(text)-shown):]
}

// A stat is what is told of a history.
type stat struct {
	Entries int64 `json:"entries"`
	Bytes   int64 `json:"bytes"`
	File    int64 `json:"file_bytes"`
}

func (o operator) stat(ctx context.Context, history string) (s stat, err error) {
	out, err := o.run(ctx, "stat", history, "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	return s, err
}

// A backupTold is what a backup says of itself.
type backupTold struct {
	updates int64
	through uint64 // position
	file    int64
}

var backedUp = regexp.MustCompile(`(?s)^backed up +(\d+) updates .* up to position (\d+)\nfile size +(\d+)\b.*\nverified `)

func (o operator) backup(ctx context.Context, history, path string) (c backupTold, err error) {
	out, err := o.run(ctx, "backup", history, "--force", path)
	if err != nil {
		return c, err
	}
	found := backedUp.FindStringSubmatch(out)
	if found == nil {
		return c, fmt.Errorf("history backup: it printed %q, of which nothing can be made", out)
	}
	c.updates, _ = strconv.ParseInt(found[1], 10, 64) // digits, by the expression
	c.through, _ = strconv.ParseUint(found[2], 10, 64)
	c.file, _ = strconv.ParseInt(found[3], 10, 64)
	return c, nil
}

// A compactionTold is what a compaction says of itself.
type compactionTold struct {
	before, after int64
	paused        time.Duration
}

var compactedTo = regexp.MustCompile(`(?s)\nfile size +(\d+)\b.*, before (\d+)\b.*\npublishes +waited for (\S+)\n`)

func (o operator) compact(ctx context.Context, history string) (c compactionTold, err error) {
	out, err := o.run(ctx, "compact", history)
	if err != nil {
		return c, err
	}
	found := compactedTo.FindStringSubmatch(out)
	if found != nil {
		c.after, _ = strconv.ParseInt(found[1], 10, 64) // digits, by the expression
		c.before, _ = strconv.ParseInt(found[2], 10, 64)
		c.paused, err = time.ParseDuration(found[3])
	}
	if found == nil || err != nil {
		return c, fmt.Errorf("history compact: it printed %q, of which nothing can be made", out)
	}
	return c, nil
}
