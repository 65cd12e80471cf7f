package cli

import (
	"regexp"
	"slices"
	"strings"
)

// variable returns the environment variable of a setting.
func variable(name string) string {
	return "MERCURE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// An environment holds variables by name. An empty variable counts as unset:
// container files declare them all and fill in some.
type environment map[string]string

func readEnvironment(environ []string) environment {
	e := make(environment)
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); name != "" && value != "" {
			e[name] = value
		}
	}
	return e
}

// layer returns what the variables say about the options.
func (e environment) layer(options []option) layer {
	l := make(layer)
	for _, o := range options {
		if value, ok := e[o.env]; ok {
			values := o.split(value, ", \t\r\n")
			if o.repeat {
				values = linesOf(value)
			}
			l[o.name] = given{values: values, from: o.env}
		}
	}
	return l
}

// linesOf returns the lines of a text that are not blank.
func linesOf(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Variables of ours that are no settings of serve.
var otherVariables = []string{envURL, envToken, envDirectives}

// linked are variables that container platforms make up for a service called
// mercure; they are nobody's mistake.
var linked = regexp.MustCompile(`^MERCURE_(NAME|SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)$`)

// strays describes the MERCURE_ variables that mean nothing, in order.
func (e environment) strays(options []option) []string {
	known := append(names(options, variable), otherVariables...)
	var warnings []string
	for name := range e {
		if strings.HasPrefix(name, "MERCURE_") && !slices.Contains(known, name) && !linked.MatchString(name) {
			warnings = append(warnings, unknown("variable", name, known).Error())
		}
	}
	slices.Sort(warnings)
	return warnings
}
