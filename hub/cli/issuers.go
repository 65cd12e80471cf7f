package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cinnabar/auth"

	"github.com/goccy/go-yaml"
)

// An issuerSetting is one of the 1.0 issuers, as a file lists them:
//
//	issuers:
//	  - issuer: https://id.example.com
//	    jwks: https://id.example.com/jwks
//	  - issuer: https://app.example.com
//	    publisher_keys:
//	      - {kid: "2026", key: "@/etc/cinnabar/2026.pem", alg: RS256}
//	    subscriber_keys:
//	      - {key: "@/etc/cinnabar/subscribers.secret"}
type issuerSetting struct {
	Issuer         string       `yaml:"issuer"`
	PublisherKeys  []keySetting `yaml:"publisher_keys"`
	SubscriberKeys []keySetting `yaml:"subscriber_keys"`
	// JWKS is a URL, or a file: keys of both roles.
	JWKS string `yaml:"jwks"`
	// JWKSTolerance is how long the last good set is used while none can be
	// read.
	JWKSTolerance string `yaml:"jwks_tolerance"`
}

// A keySetting is one key of an issuer for a role.
type keySetting struct {
	ID  string `yaml:"kid"`
	Key string `yaml:"key"` // a secret, PEM, JWK, or @FILE holding one
	Alg string `yaml:"alg"`
}

// issuerList reads the list.
func issuerList(to *[]issuerSetting) func([]string) error {
	return func(v []string) error {
		var list []issuerSetting
		if err := yaml.UnmarshalWithOptions([]byte(v[0]), &list, yaml.Strict()); err != nil {
			var e yaml.Error
			if errors.As(err, &e) {
				err = errors.New(e.GetMessage()) // without the lines around it, which may hold a secret
			}
			return fmt.Errorf("%w: give a list of issuers, each with issuer, publisher_keys and subscriber_keys (kid, key, alg), or jwks", err)
		}
		for i, issuer := range list {
			if issuer.Issuer == "" {
				return fmt.Errorf("entry %d names no issuer: set issuer to the iss of its tokens", i+1)
			}
			if issuer.PublisherKeys == nil && issuer.SubscriberKeys == nil && issuer.JWKS == "" {
				return fmt.Errorf("%s has no key: set jwks, or publisher_keys and subscriber_keys", issuer.Issuer)
			}
		}
		if len(list) == 0 {
			return errors.New("the list is empty: give a list of issuers, or leave the setting out")
		}
		*to = list
		return nil
	}
}

// trusted makes the issuers; each fault names whose key is at fault.
func (s *settings) trusted(logger *slog.Logger) ([]auth.Issuer, error) {
	var issuers []auth.Issuer
	var faults []error
	for _, given := range s.issuers {
		issuer, err := given.open(logger)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %s: %w", s.from["issuers"].from, given.Issuer, err))
			continue
		}
		issuers = append(issuers, issuer)
	}
	return issuers, errors.Join(faults...)
}

func (i *issuerSetting) open(logger *slog.Logger) (auth.Issuer, error) {
	publishers, errP := parseKeys("publisher_keys", i.PublisherKeys)
	subscribers, errS := parseKeys("subscriber_keys", i.SubscriberKeys)
	issuer := auth.Issuer{ID: i.Issuer, PublisherKeys: publishers, SubscriberKeys: subscribers}
	if i.JWKS == "" && i.JWKSTolerance != "" {
		errS = errors.Join(errS, errors.New("jwks_tolerance is for keys that are read from elsewhere: set jwks, or leave it out"))
	}
	if i.JWKS == "" {
		return issuer, errors.Join(errP, errS)
	}
	var tolerance time.Duration
	var errT, errJ error
	if i.JWKSTolerance != "" {
		if tolerance, errT = parseDuration(i.JWKSTolerance); errT != nil {
			errT = fmt.Errorf("jwks_tolerance: %w", errT)
		}
	}
	if issuer.KeySet, errJ = auth.OpenKeySet(i.JWKS, tolerance, logger); errJ != nil {
		errJ = fmt.Errorf("jwks: %w", errJ)
	}
	return issuer, errors.Join(errP, errS, errT, errJ)
}

func parseKeys(name string, given []keySetting) ([]auth.Key, error) {
	var keys []auth.Key
	var faults []error
	for i, k := range given {
		var text string
		err := errors.New("key is missing: give a secret, PEM text, a JWK, or @FILE holding one")
		if k.Key != "" {
			err = material(&text)([]string{k.Key})
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s[%d]: %w", name, i, err))
			continue
		}
		key, err := auth.ParseKey(text, k.Alg)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s[%d]: %w", name, i, err))
			continue
		}
		if k.ID != "" {
			key = key.WithID(k.ID) // else a JWK keeps its own
		}
		keys = append(keys, key)
	}
	return keys, errors.Join(faults...)
}
