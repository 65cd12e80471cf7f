package hub

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// originOf serializes the origin of a URL as browsers do: lower case, without
// the port that its scheme implies.
func originOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host
}

// checkOrigin accepts an origin exactly as a browser would send it, because it
// will be compared byte for byte (CORS-allowlist). Schemes other than http and
// https are those of applications that embed a browser.
func checkOrigin(s string) error {
	if s == "null" {
		return errors.New(`"null" is the origin of every sandboxed page, a stranger's too; list real origins`)
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("%q is not an origin; write scheme, host and port, such as https://app.example.com", s)
	}
	if strings.Contains(s, "*") {
		return fmt.Errorf("%q: origins are compared exactly, without wildcards; list each one", s)
	}
	if canonical := originOf(u); s != canonical {
		return fmt.Errorf("%q is not how browsers write it; write %s", s, canonical)
	}
	return nil
}
