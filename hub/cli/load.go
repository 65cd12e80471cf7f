package cli

import (
	"errors"
	"fmt"
	"slices"
)

// load reads the settings of a command that has nothing else.
func (p *program) load(args []string) (*settings, error) {
	s := new(settings)
	operands, err := p.loadInto(s, nil, args)
	if err == nil && len(operands) > 0 {
		err = fmt.Errorf("unexpected %q: settings are flags", operands[0])
	}
	return s, asUsage(err)
}

// loadInto reads the settings, and a command's own flags beside them: flags
// before variables before the file before defaults. Its error holds every
// fault it could find.
func (p *program) loadInto(s *settings, own []option, args []string) (operands []string, err error) {
	options := s.options()
	flags, operands, err := parseArgs(slices.Concat(own, options), args)
	if err != nil {
		return nil, err
	}
	environ := p.environ.layer(options)
	s.warnings = p.environ.strays(options)

	var faults []error
	dropIn, https, err := p.environ.dropIn(options, flags, environ)
	faults = append(faults, err)
	file, err := configFile(options, flags, environ)
	faults = append(faults, err)

	_, err = resolve(own, flags)
	faults = append(faults, err)
	s.from, err = resolve(options, flags, environ, dropIn, file)
	faults = append(faults, err, s.makeRules())
	if https && s.tlsCert == "" {
		faults = append(faults, fmt.Errorf("%s asks for HTTPS, and certificates are not obtained here: set --tls-cert and --tls-key, or %s=:80 behind a proxy that has one", envServerName, envServerName))
	}
	return operands, errors.Join(faults...)
}

// dropIn returns what the reference image's variables say. An address of our
// own makes SERVER_NAME somebody else's.
func (e environment) dropIn(options []option, ours ...layer) (l layer, https bool, err error) {
	l, err = directives(e[envDirectives], options)
	for _, o := range ours {
		if _, ok := o["addr"]; ok {
			return l, false, err
		}
	}
	if site, ok := e[envServerName]; ok {
		addr, wantsTLS, siteErr := serverName(site)
		if siteErr != nil {
			return l, false, errors.Join(err, fmt.Errorf("%s: %w", envServerName, siteErr))
		}
		l["addr"] = given{values: []string{addr}, from: envServerName}
		https = wantsTLS
	}
	return l, https, err
}

// configFile reads the file that a flag or a variable names; it cannot name
// another one itself.
func configFile(options []option, layers ...layer) (layer, error) {
	for _, l := range layers {
		if g, ok := l["config"]; ok {
			return readFile(g.values[0], options[1:])
		}
	}
	return nil, nil
}

// parse reads the flags and variables of a command that has no file, and
// returns its operands.
func (p *program) parse(options []option, args []string) (operands []string, err error) {
	flags, operands, err := parseArgs(options, args)
	if err == nil {
		_, err = resolve(options, flags, p.environ.layer(options))
	}
	return operands, asUsage(err)
}

// asUsage marks every fault of the command line; wanting help is none.
func asUsage(err error) error {
	if err == nil || errors.Is(err, errHelp) {
		return err
	}
	return usageError{err}
}
