// Package cli is the program: it reads flags, variables and files, runs a hub
// or talks to one, and turns what happens into lines for people and exit
// codes for scripts.
//
// Standard output holds what a command was asked for, standard error what
// else there is to say. The exit code is 0 for success, 1 when something went
// wrong, 2 when the command was not understood. A fault is one line that says
// what to do about it.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// A program is one run of the binary.
type program struct {
	engines        []Engine
	environ        environment
	stdin          io.Reader
	stdout, stderr io.Writer
}

// A command is something the program does.
type command struct {
	name    string // one or two words
	operand string // what follows the flags, in the help
	about   string
	run     func(p *program, args []string) error
	// options document the flags, and note what they cannot.
	options func() []option
	note    string
}

const settingsNote = `Every flag is also a variable (--publisher-jwt-key: MERCURE_PUBLISHER_JWT_KEY)
and a key of the file (publisher_jwt_key). Flags win over variables, variables
over the file. Lists are comma-separated. A key on the command line shows in
process lists: prefer a variable or @FILE.`

func commands() []command {
	return []command{
		{"dev", "", "run a throwaway hub on loopback and print how to try it", (*program).dev, devOptions, "It reads no variables and no file: nothing configured for production reaches it."},
		{"serve", "", "run a hub in production", (*program).serve, settingOptions, settingsNote},
		{"token mint", "", "make a token", (*program).tokenMint, mintOptions, ""},
		{"token check", "[TOKEN]", "say which rules a token, given or on standard input, passes and fails", (*program).tokenCheck, checkOptions, ""},
		{"publish", "TOPIC [DATA]", "publish an update and print its id; data may come on standard input", (*program).publish, publishOptions, ""},
		{"subscribe", "TOPIC...", "print updates as they come, resuming after every cut", (*program).subscribe, subscribeOptions, ""},
		{"config check", "", "check the settings serve would run with", (*program).configCheck, settingOptions, settingsNote},
		{"config print", "", "print the settings serve would run with and where they come from", (*program).configPrint, settingOptions, settingsNote},
		{"history stat", "", "describe the history of a hub, also of one that runs", (*program).historyStat, statOptions, settingsNote},
		{"history retention", "", "show what each retention rule holds and what the settings would remove: a dry run", (*program).historyRetention, statOptions, retentionNote},
		{"history export", "[FILE]", "write a history's updates as lines of JSON", (*program).historyExport, exportOptions, exportNote},
		{"history import", "FILE", "take over an export, or the reference hub's history from its bolt file", (*program).historyImport, importOptions, importNote},
		{"history backup", "FILE", "copy a history, also of a hub that runs", (*program).historyBackup, backupOptions, backupNote},
		{"history compact", "", "give back the space that a history's file does not need, also of a hub that runs", (*program).historyCompact, compactOptions, compactNote},
		{"verify", "[-- FLAGS OF SERVE]", "kill a hub, fill its disk, stall its subscribers, and judge what it lost", (*program).verify, verifyOptions, verifyNote},
		{"bench", "[SCENARIO...] [-- FLAGS OF SERVE]", "measure what a hub costs its machine, beside yardsticks and budgets", (*program).bench, benchOptions, benchNote},
		{"version", "", "print the version", (*program).version, nil, ""},
	}
}

// usageError marks a fault of the command line, which exits with 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exit ends a command with a code and nothing more to say.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Main runs the program with the process's arguments, environment and
// streams, for a binary that ships the engines, and returns its exit code.
func Main(engines ...Engine) int {
	p := &program{
		engines: engines,
		environ: readEnvironment(os.Environ()),
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
	}
	return p.main(os.Args[1:])
}

func (p *program) main(args []string) int {
	err := p.dispatch(args)
	var code exit
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(p.stderr, "cinnabar:", line)
	}
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

func (p *program) dispatch(args []string) error {
	all := commands()
	if len(args) == 0 {
		return usageError{errors.New("which command? " + strings.Join(commandNames(all), ", ") + "; \"cinnabar help\" explains them")}
	}
	if slices.Contains([]string{"help", "-h", "--help"}, args[0]) {
		p.overview(all)
		return nil
	}
	for _, words := range []int{2, 1} {
		if len(args) < words {
			continue
		}
		for _, c := range all {
			if c.name == strings.Join(args[:words], " ") {
				err := c.run(p, args[words:])
				if errors.Is(err, errHelp) {
					p.explain(&c)
					return nil
				}
				return err
			}
		}
	}
	name := args[0]
	if len(args) > 1 && slices.Contains([]string{"token", "config", "history"}, name) {
		name += " " + args[1]
	}
	return usageError{unknown("command", name, commandNames(all))}
}

func commandNames(all []command) []string {
	words := make([]string, len(all))
	for i, c := range all {
		words[i] = c.name
	}
	return words
}

func (p *program) overview(all []command) {
	fmt.Fprint(p.stdout, "Cinnabar, a hub for the Mercure protocol.\n\n")
	for _, c := range all {
		fmt.Fprintf(p.stdout, "  cinnabar %-14s %s\n", c.name, c.about)
	}
	fmt.Fprint(p.stdout, "\n\"cinnabar COMMAND --help\" lists its flags.\n")
}

func (p *program) explain(c *command) {
	fmt.Fprintf(p.stdout, "cinnabar %s: %s\n\n", strings.TrimSpace(c.name+" "+c.operand), c.about)
	if c.options != nil {
		describe(p.stdout, c.options())
	}
	if c.note != "" {
		fmt.Fprintf(p.stdout, "\n%s\n", c.note)
	}
}
