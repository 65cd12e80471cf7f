package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

// checking is what token check needs beside the settings.
type checking struct {
	role auth.Role
}

func (c *checking) options() []option {
	return []option{{name: "role", arg: "WORD", def: "publisher", about: "what the token is presented for: publisher or subscriber", put: choice(&c.role, auth.Publisher, auth.Subscriber)}}
}

func checkOptions() []option { return append(new(checking).options(), settingOptions()...) }

// maxTokenInput is more than any token a hub accepts.
const maxTokenInput = 1 << 20

// tokenCheck judges a token by the settings serve would run with.
func (p *program) tokenCheck(args []string) error {
	var c checking
	var s settings
	operands, err := p.loadInto(&s, c.options(), args)
	if err != nil {
		return asUsage(err)
	}
	token, err := p.token(operands)
	if err != nil {
		return err
	}
	a, err := s.authenticator(slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return usageError{err}
	}
	report := a.Explain(token, c.role, time.Now())
	for _, check := range report.Checks {
		p.printCheck(check)
	}
	if report.Grants == nil {
		fmt.Fprintf(p.stdout, "refused as a %s's token\n", c.role)
		return exit(1)
	}
	fmt.Fprintf(p.stdout, "accepted as a %s's token of protocol %s, %s\n", c.role, report.Grants.Generation(), validity(report.Grants.Expiry()))
	return nil
}

// token is the operand, else standard input.
func (p *program) token(operands []string) (string, error) {
	switch len(operands) {
	case 0:
		b, err := io.ReadAll(io.LimitReader(p.stdin, maxTokenInput))
		if err != nil {
			return "", fmt.Errorf("reading the token: %w", err)
		}
		operands = []string{string(b)}
	case 1:
	default:
		return "", usageError{errors.New("token check takes one token")}
	}
	// People paste tokens with a line break, and with the word before it.
	token := strings.TrimPrefix(strings.TrimSpace(operands[0]), "Bearer ")
	if token == "" {
		return "", usageError{errors.New("no token: cinnabar token check TOKEN, or on standard input")}
	}
	return token, nil
}

func (p *program) printCheck(c auth.Check) {
	switch c.Outcome {
	case auth.Passed:
		fmt.Fprintf(p.stdout, "✓ %s", c.Name)
	case auth.Failed:
		fmt.Fprintf(p.stdout, "✗ %s", c.Name)
	default:
		fmt.Fprintf(p.stdout, "- %s: not reached\n", c.Name)
		return
	}
	if c.Found != "" {
		fmt.Fprintf(p.stdout, ": %s", c.Found)
	}
	fmt.Fprintln(p.stdout)
	if c.Refusal != nil {
		fmt.Fprintf(p.stdout, "    %s (%s, %s)\n", c.Refusal.Detail, c.Refusal.Reason, c.Requirement)
	}
	if c.Hint != "" {
		fmt.Fprintf(p.stdout, "    %s\n", c.Hint)
	}
}

func validity(expiry time.Time) string {
	if expiry.IsZero() {
		return "for ever"
	}
	return fmt.Sprintf("for another %v", time.Until(expiry).Round(time.Second))
}

// authenticator judges tokens as the hub of these settings does.
func (s *settings) authenticator(logger *slog.Logger) (*auth.Authenticator, error) {
	publisher, subscriber, err := s.keys()
	if err != nil {
		return nil, err
	}
	issuers, err := s.trusted(logger)
	if err != nil {
		return nil, err
	}
	if publisher.IsZero() && subscriber.IsZero() && issuers == nil {
		return nil, fmt.Errorf("no key to check with: set %s", alternatives([]string{"publisher-jwt-key", "subscriber-jwt-key", "issuers"}))
	}
	config := auth.Config{
		Generations:        s.generations,
		ResourceIdentifier: s.resourceIdentifier,
		LegacyPublisher:    publisher,
		LegacySubscriber:   subscriber,
		Legacy:             s.legacy,
		CookieName:         s.cookieName,
		LegacyCookieName:   s.legacyCookieName,
		MaxDetails:         s.maxDetails,
		MaxMatcher:         int(s.maxMatcherSize),
		Issuers:            issuers,
	}
	if s.resourceIdentifier != "" {
		if config.Base, err = spec.ParseBase(s.resourceIdentifier); err != nil {
			return nil, err
		}
	}
	if s.trustedIssuer != "" {
		config.Issuers = append(config.Issuers, auth.Issuer{ID: s.trustedIssuer, Publisher: publisher, Subscriber: subscriber})
	}
	return auth.New(config)
}
