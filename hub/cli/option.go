package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// An option is one thing a person can set. A table of them is at once the
// parser, the documentation and the defaults of a command.
type option struct {
	name   string // as in --name; variables and file keys derive from it
	arg    string // what a value is called in the help; a switch has none
	def    string // what holds when nobody says anything
	about  string
	env    string // the variable that sets it too, "" for none
	list   bool   // several values may be given, also comma-separated
	repeat bool   // several values may be given, each by a flag of its own
	secret bool   // never shown
	fixed  bool   // a change applies after a restart alone
	tls    bool   // part of the certificate
	block  bool   // in a file it is written as a list, elsewhere as YAML text
	// put parses the values into the field the option stands for. It is called
	// once, with at least one value, and its error says what is wrong with
	// them without repeating where they came from.
	put func(values []string) error
}

// given is what one source says about one option.
type given struct {
	values []string
	from   string // "--addr", "MERCURE_ADDR", "hub.yaml:3: addr"
}

// A layer is what one source says, by option name.
type layer map[string]given

// resolve gives every option the value of the first layer that has one, else
// its default, and returns where each came from. All faults are joined.
func resolve(options []option, layers ...layer) (layer, error) {
	effective := make(layer, len(options))
	var faults []error
	for _, o := range options {
		g := o.pick(layers)
		effective[o.name] = g
		if len(g.values) == 0 {
			continue
		}
		if err := o.put(g.values); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", g.from, err))
		}
	}
	return effective, errors.Join(faults...)
}

func (o *option) pick(layers []layer) given {
	for _, l := range layers {
		if g, ok := l[o.name]; ok {
			return g
		}
	}
	if o.def == "" {
		return given{from: "default"}
	}
	return given{values: o.split(o.def, ","), from: "default"}
}

// split takes the values of a list apart at any of the separators.
func (o *option) split(value, separators string) []string {
	if !o.list {
		return []string{value}
	}
	var values []string
	for v := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}

// parseArgs reads a command line: --name VALUE, --name=VALUE, a bare --name
// for switches, lists repeated or comma-separated; everything after "--" and
// whatever does not start with a dash is an operand. A value is taken as it
// is, because PEM text starts with dashes too.
func parseArgs(options []option, args []string) (flags layer, operands []string, err error) {
	flags = make(layer)
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return flags, append(operands, args...), nil
		}
		if arg == "-h" || arg == "--help" {
			return nil, nil, errHelp
		}
		if len(arg) < 2 || arg[0] != '-' {
			operands = append(operands, arg)
			continue
		}
		flag, value, inline := strings.Cut(arg, "=")
		name, long := strings.CutPrefix(flag, "--")
		o := find(options, name)
		if o == nil || !long {
			return nil, nil, unknown("flag", flag, names(options, flagName))
		}
		switch {
		case inline:
		case o.arg == "":
			value = "true"
		case len(args) == 0:
			return nil, nil, fmt.Errorf("%s needs a value: %s %s", flag, flag, o.arg)
		default:
			value, args = args[0], args[1:]
		}
		g := given{values: o.split(value, ","), from: flag}
		if o.list || o.repeat {
			g.values = append(flags[name].values, g.values...)
		}
		flags[name] = g
	}
	return flags, operands, nil
}

// errHelp is the wish to read about a command instead of running it.
var errHelp = errors.New("help wanted")

func find(options []option, name string) *option {
	for i := range options {
		if options[i].name == name {
			return &options[i]
		}
	}
	return nil
}

func names(options []option, spell func(string) string) []string {
	spelled := make([]string, len(options))
	for i, o := range options {
		spelled[i] = spell(o.name)
	}
	return spelled
}

func flagName(name string) string { return "--" + name }

// describe writes the options as help text.
func describe(w io.Writer, options []option) {
	width := 0
	for _, o := range options {
		width = max(width, utf8.RuneCountInString(o.usage()))
	}
	for _, o := range options {
		fmt.Fprintf(w, "  %-*s  %s", width, o.usage(), o.about)
		if o.def != "" && !o.secret {
			fmt.Fprintf(w, " [%s]", o.def)
		}
		fmt.Fprintln(w)
	}
}

func (o *option) usage() string {
	return strings.TrimSpace("--" + o.name + " " + o.arg)
}
