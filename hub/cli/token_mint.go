package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

// A mint is what a token is made of.
type mint struct {
	role        auth.Role
	generation  spec.Generation
	matchType   string
	expires     time.Duration
	key, alg    string
	issuer, hub string
	payload     json.RawMessage
}

func mintOptions() []option { return new(mint).options() }

func (m *mint) options() []option {
	return []option{
		{name: "role", arg: "WORD", def: "publisher", about: "what the topics are granted for: publisher or subscriber", put: choice(&m.role, auth.Publisher, auth.Subscriber)},
		{name: "key", arg: "KEY", secret: true, about: "secret, PEM private key, or @FILE holding either [" + variable("publisher-jwt-key") + " or the subscriber's, by role]", put: material(&m.key)},
		{name: "alg", arg: "ALG", about: "its algorithm [HS256 for a secret, by key type for a PEM]", put: text(&m.alg)},
		{name: "expires", arg: "DURATION", def: "1h", about: "how long the token is valid; 0, in 0.x: for ever", put: duration(&m.expires)},
		{name: "payload", arg: "JSON", about: "shown to others who may see the subscription", put: rawJSON(&m.payload)},
		{name: "generation", arg: "WORD", def: "0.x", about: "kind of token: 0.x or 1.0", put: choice(&m.generation, spec.Legacy, spec.Current)},
		{name: "match-type", arg: "TYPE", def: "exact", about: "1.0: how topics are compared: exact, urlpattern or uritemplate", put: text(&m.matchType)},
		{name: "issuer", arg: "URL", about: "1.0: who issues the token, one of the hub's trusted issuers", put: text(&m.issuer)},
		{name: "resource-identifier", arg: "URL", about: "1.0: the hub the token is for", put: text(&m.hub)},
	}
}

// tokenMint prints a token and nothing else.
func (p *program) tokenMint(args []string) error {
	var m mint
	topics, err := p.parse(m.options(), args)
	if err != nil {
		return err
	}
	if len(topics) == 0 {
		return usageError{errors.New("which topics? cinnabar token mint TOPIC..., '*' for all of them")}
	}
	if m.key == "" {
		name := variable(m.role.String() + "-jwt-key")
		if err := material(&m.key)([]string{p.environ[name]}); err != nil {
			return usageError{fmt.Errorf("%s: %w", name, err)}
		}
	}
	if m.key == "" {
		return usageError{fmt.Errorf("no key to sign with: set --key or %s", variable(m.role.String()+"-jwt-key"))}
	}
	key, err := auth.ParseSigningKey(m.key, m.alg)
	if err != nil {
		return usageError{fmt.Errorf("the key to sign with: %w", err)}
	}
	token, err := key.Sign(m.claims(topics))
	if err != nil {
		return usageError{err}
	}
	fmt.Fprintln(p.stdout, token)
	return nil
}

func (m *mint) claims(topics []string) auth.Claims {
	if m.generation == spec.Legacy {
		c := legacyClaims(m.role, topics, m.expires)
		c.Payload = m.payload
		return c
	}
	c := auth.CurrentClaims{Issuer: m.issuer, Audience: m.hub, Details: []auth.Detail{{
		Actions: []string{"publish"},
		Payload: m.payload,
	}}}
	if m.role == auth.Subscriber {
		c.Details[0].Actions = []string{"subscribe"}
	}
	for _, t := range topics {
		c.Details[0].Topics = append(c.Details[0].Topics, auth.Matcher{Match: t, MatchType: m.matchType})
	}
	if m.expires > 0 {
		c.Expires = time.Now().Add(m.expires)
	}
	return c
}

// legacyClaims grants topics for a role; zero is for ever.
func legacyClaims(role auth.Role, topics []string, valid time.Duration) auth.LegacyClaims {
	var c auth.LegacyClaims
	if role == auth.Publisher {
		c.Publish = topics
	} else {
		c.Subscribe = topics
	}
	if valid > 0 {
		c.Expires = time.Now().Add(valid)
	}
	return c
}

func rawJSON(to *json.RawMessage) func([]string) error {
	return func(v []string) error {
		if !json.Valid([]byte(v[0])) {
			return fmt.Errorf("%q is not JSON", v[0])
		}
		*to = json.RawMessage(v[0])
		return nil
	}
}
