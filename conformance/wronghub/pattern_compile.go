package wronghub

import (
	"regexp"
	"strings"
)

// A compiler writes the regular expression of one component of a pattern.
type compiler struct {
	rules
	hub     *Hub
	lexemes []lexeme
	i       int
	pending string // fixed text not written yet
	names   map[string]bool
	out     strings.Builder
}

// compileComponent returns the expression of a component, as the standard
// generates it.
func (h *Hub) compileComponent(text string, r rules) (string, error) {
	c := &compiler{rules: r, hub: h, lexemes: lex(text), names: make(map[string]bool)}
	c.out.WriteString("^(?s:")
	for c.lexemes[c.i].kind != end {
		if err := c.part(); err != nil {
			return "", err
		}
	}
	if err := c.writePending(); err != nil {
		return "", err
	}
	c.out.WriteString(")")
	if !h.is(LeavesPatternEndsOpen) {
		c.out.WriteString("$")
	}
	return c.out.String(), nil
}

// take returns the next lexeme's value if it is of a kind.
func (c *compiler) take(k lexemeKind) (string, bool) {
	if c.lexemes[c.i].kind != k {
		return "", false
	}
	c.i++
	return c.lexemes[c.i-1].value, true
}

// part compiles the next character, group or braces.
func (c *compiler) part() error {
	before, _ := c.take(character)
	if expression, ok, err := c.wildcard(); err != nil {
		return err
	} else if ok {
		if before != c.prefix {
			c.pending += before
			before = ""
		}
		return c.write(before, expression, "")
	}
	if before != "" {
		c.pending += before
		return nil
	}
	if fixed, ok := c.take(escaped); ok {
		c.pending += fixed
		return nil
	}
	if _, ok := c.take(open); !ok {
		return errPattern
	}
	prefix := c.text()
	expression, _, err := c.wildcard()
	if err != nil {
		return err
	}
	suffix := c.text()
	if _, ok := c.take(closing); !ok {
		return errPattern
	}
	return c.write(prefix, expression, suffix)
}

// text takes characters as long as there are some.
func (c *compiler) text() string {
	var s string
	for {
		if v, ok := c.take(character); ok {
			s += v
		} else if v, ok := c.take(escaped); ok {
			s += v
		} else {
			return s
		}
	}
}

// wildcard takes a name, a group or an asterisk, or a name with a group.
func (c *compiler) wildcard() (expression string, ok bool, err error) {
	label, named := c.take(name)
	if named && c.names[label] {
		return "", false, errPattern
	}
	c.names[label] = true
	if re, ok := c.take(group); ok {
		return re, true, nil
	}
	if named {
		if c.delimiter == "" || c.hub.is(LetsNamesSpanSegments) {
			return ".+?", true, nil
		}
		return "[^" + regexp.QuoteMeta(c.delimiter) + "]+?", true, nil
	}
	if _, ok := c.take(asterisk); ok {
		return ".*", true, nil
	}
	return "", false, nil
}

// modifier takes what says how often a part may come.
func (c *compiler) modifier() string {
	if m, ok := c.take(modifier); ok {
		return m
	}
	m, _ := c.take(asterisk)
	return m
}

// write compiles a part: a wildcard between texts, or a text in braces.
func (c *compiler) write(prefix, expression, suffix string) error {
	times := c.modifier()
	if c.hub.is(IgnoresModifiers) {
		times = ""
	}
	if expression == "" && times == "" {
		c.pending += prefix + suffix
		return nil
	}
	if err := c.writePending(); err != nil {
		return err
	}
	prefix, err := c.encode(prefix)
	if err != nil {
		return err
	}
	if suffix, err = c.encode(suffix); err != nil {
		return err
	}
	prefix, suffix = regexp.QuoteMeta(prefix), regexp.QuoteMeta(suffix)
	one := prefix + "(?:" + expression + ")" + suffix
	if times == "*" || times == "+" {
		one = prefix + "(?:" + expression + ")(?:" + suffix + prefix + "(?:" + expression + "))*" + suffix
		times = map[string]string{"*": "?", "+": ""}[times]
	}
	c.out.WriteString("(?:" + one + ")" + times)
	return nil
}

// writePending writes the fixed text so far.
func (c *compiler) writePending() error {
	fixed, err := c.encode(c.pending)
	c.pending = ""
	c.out.WriteString(regexp.QuoteMeta(fixed))
	return err
}
