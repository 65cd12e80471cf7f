package auth_test

import (
	"strings"
	"testing"

	"cinnabar/auth"
	"cinnabar/spec"
)

func TestNewNamesEveryFault(t *testing.T) {
	for name, test := range map[string]struct {
		configure func(*auth.Config)
		want      []string // part of the error; none: no error
	}{
		"sound":                {func(*auth.Config) {}, nil},
		"nothing but defaults": {func(c *auth.Config) { *c = auth.Config{} }, nil},
		"equal cookies (C9)":   {func(c *auth.Config) { c.CookieName, c.LegacyCookieName = "x", "x" }, []string{`same name "x"`}},
		"equal, 0.x not served": {func(c *auth.Config) {
			c.CookieName, c.LegacyCookieName, c.Generations = "x", "x", spec.Only(spec.Current)
		}, nil},
		"no name for a cookie":     {func(c *auth.Config) { c.CookieName = "a;b" }, []string{`"a;b"`}},
		"an issuer without id":     {func(c *auth.Config) { c.Issuers[0].ID = "" }, []string{"no identifier"}},
		"an issuer without key":    {func(c *auth.Config) { c.Issuers[0] = auth.Issuer{ID: "x"} }, []string{`"x" has no key`}},
		"an issuer twice":          {func(c *auth.Config) { c.Issuers = append(c.Issuers, c.Issuers[0]) }, []string{"listed twice"}},
		"issuers, 1.0 not served":  {func(c *auth.Config) { c.Issuers[0].ID, c.Generations = "", spec.Only(spec.Legacy) }, nil},
		"a negative limit":         {func(c *auth.Config) { c.MaxDetails = -1 }, []string{"negative"}},
		"several faults at a time": {func(c *auth.Config) { c.MaxDetails, c.Issuers[0].ID, c.LegacyCookieName = -1, "", " " }, []string{"negative", "no identifier", `" "`}},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			test.configure(&c)
			_, err := auth.New(c)
			if (err != nil) != (test.want != nil) {
				t.Fatalf("error %v, want faults %q", err, test.want)
			}
			for _, fault := range test.want {
				if !strings.Contains(err.Error(), fault) {
					t.Errorf("error %v, want also %q", err, fault)
				}
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	weak := secretKey(t, "weak")
	for name, test := range map[string]struct {
		configure func(*auth.Config)
		want      []string // part of each, in order
	}{
		"none":                  {func(*auth.Config) {}, nil},
		"shared by generations": {func(c *auth.Config) { c.Issuers[0].Publisher = c.LegacySubscriber }, []string{"0.x and 1.0"}},
		"shared, 0.x not served": {func(c *auth.Config) {
			c.Issuers[0].Publisher, c.Generations = c.LegacySubscriber, spec.Only(spec.Current)
		}, nil},
		"shared by roles":        {func(c *auth.Config) { c.LegacyPublisher = c.LegacySubscriber }, []string{"AUTH-keys-per-role"}},
		"shared by an issuer's":  {func(c *auth.Config) { c.Issuers[0].Publisher = c.Issuers[0].Subscriber }, []string{"AUTH-keys-per-role"}},
		"no resource identifier": {func(c *auth.Config) { c.ResourceIdentifier = "" }, []string{"resource identifier"}},
		"weak 0.x key":           {func(c *auth.Config) { c.LegacyPublisher = weak }, []string{"publisher key of 0.x is weak"}},
		"weak 1.0 key":           {func(c *auth.Config) { c.Issuers[0].Subscriber = weak }, []string{`subscriber key of issuer "https://issuer.example.com" is weak`}},
		"one weak key, all places": {func(c *auth.Config) {
			c.LegacyPublisher, c.LegacySubscriber, c.Issuers = weak, weak, []auth.Issuer{{ID: "x", Publisher: weak}}
		}, []string{"publisher key of 0.x", "AUTH-keys-per-role", "0.x and 1.0"}},
		"no keys": {func(c *auth.Config) { *c = auth.Config{} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			test.configure(&c)
			got := newAuthenticator(t, c).Warnings()
			if len(got) != len(test.want) {
				t.Fatalf("warnings %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("warning %q, want one about %q", got[i], want)
				}
			}
		})
	}
}
