package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Two variables of the reference image, read so that replacing the image is
// enough: the address in SERVER_NAME and the directives it would have put
// into its configuration.
const (
	envServerName = "SERVER_NAME"
	envDirectives = "MERCURE_EXTRA_DIRECTIVES"
)

// serverName translates SERVER_NAME, a site address such as ":80",
// "http://localhost" or "hub.example.com", into where to listen. The host
// is not bound to: it names the site, not an interface. As in the
// reference, a host name without scheme or port means HTTPS.
func serverName(value string) (addr string, https bool, err error) {
	var first string
	for site := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		addr, https, err = siteAddress(site)
		if err != nil {
			return "", false, err
		}
		if first != "" && addr != first {
			return "", false, fmt.Errorf("%q asks for more than one port: set %s instead", value, variable("addr"))
		}
		first = addr
	}
	return addr, https, nil
}

func siteAddress(site string) (addr string, https bool, err error) {
	scheme, rest, ok := strings.Cut(site, "://")
	if !ok {
		scheme, rest = "", site
	}
	u, err := url.Parse("//" + rest)
	if err != nil || u.Path != "" && u.Path != "/" || !slices.Contains([]string{"", "http", "https"}, scheme) {
		return "", false, fmt.Errorf("%q is not an address such as :80, http://localhost or https://hub.example.com:8443", site)
	}
	port := u.Port()
	if scheme == "" {
		scheme = "https"
		if port == "80" || u.Hostname() == "" && port != "443" {
			scheme = "http"
		}
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return net.JoinHostPort("", port), scheme == "https", nil
}

// directives translates the reference's directives that equal a setting; any
// other is an error naming it, because dropping it silently could open or
// close the hub to somebody.
func directives(text string, options []option) (layer, error) {
	l := make(layer)
	var faults []error
	for line := range strings.Lines(text) {
		words, err := splitDirective(line)
		if err == nil && len(words) > 0 {
			err = l.direct(words[0], words[1:], options)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", envDirectives, err))
		}
	}
	return l, errors.Join(faults...)
}

func (l layer) direct(name string, args []string, options []option) error {
	set := func(setting string, values ...string) {
		l[setting] = given{values: values, from: envDirectives + ": " + name}
	}
	switch name {
	case "publisher_jwt", "subscriber_jwt":
		role := strings.TrimSuffix(name, "_jwt")
		if len(args) != 1 && len(args) != 2 {
			return fmt.Errorf("%s takes a key and perhaps an algorithm", name)
		}
		set(role+"-jwt-key", args[0])
		if len(args) == 2 {
			set(role+"-jwt-alg", args[1])
		}
		return nil
	case "cookie_name":
		// One name there, one for each generation here: choosing would
		// silently lock out the clients of the other.
		return fmt.Errorf("%s names the cookie of one generation only: set %s for 0.x or %s for 1.0 instead",
			name, variable("legacy-cookie-name"), variable("cookie-name"))
	case "max_request_body_size":
		name = "max_body_size"
	}
	o := find(options, strings.ReplaceAll(name, "_", "-"))
	switch {
	case o == nil || name != key(o.name) || o.name == "config":
		if near, ok := closest(name, names(options, key)); ok {
			return unknown("directive", name, []string{near})
		}
		return fmt.Errorf("%s has no equal here: remove it, and set what you need of it by other means", name)
	case o.arg == "" && len(args) == 0:
		set(o.name, "true")
	case o.list && len(args) > 0, len(args) == 1:
		set(o.name, args...)
	default:
		return fmt.Errorf("%s takes one value", name)
	}
	return nil
}

// splitDirective takes a line of the reference's configuration language apart:
// words, "quoted" or `quoted`, up to a comment. Blocks and placeholders have
// no equal here.
func splitDirective(line string) ([]string, error) {
	var words []string
	for line = strings.TrimSpace(line); line != "" && line[0] != '#'; line = strings.TrimSpace(line) {
		var word string
		switch quote := line[:1]; quote {
		case `"`, "`":
			var closed bool
			word, line, closed = strings.Cut(line[1:], quote)
			if !closed {
				return nil, fmt.Errorf("a quote is not closed after %q", append(words, quote)[0])
			}
		default:
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			word, line = line[:end], line[end:]
			if word[0] == '{' || word[0] == '}' {
				return nil, fmt.Errorf("%q: blocks and placeholders have no equal here", append(words, word)[0])
			}
		}
		words = append(words, word)
	}
	return words, nil
}
