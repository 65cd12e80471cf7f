package spec

import "strings"

// A patternScan reads the pattern string of a component of a URL pattern: text,
// escapes, and groups with what is before and after them in braces.
type patternScan struct {
	text   string
	name   gap  // what :name matches
	prefix byte // right before a group this byte belongs to it; 0 for none

	at      int
	pending strings.Builder // literal text not yet in a step
	steps   []patternStep
}

func (s *patternScan) scan() []patternStep {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '\\':
			s.escaped(&s.pending)
		case '{':
			s.braces()
		case ':', '*', '(':
			s.group(patternStep{})
		default:
			s.at++
			if s.prefix != 0 && c == s.prefix && s.at < len(s.text) && strings.IndexByte(":*(", s.text[s.at]) >= 0 {
				s.group(patternStep{before: string(c)})
			} else {
				s.pending.WriteByte(c)
			}
		}
	}
	s.flush()
	return s.steps
}

// escaped reads a backslash and what it escapes.
func (s *patternScan) escaped(into *strings.Builder) {
	s.at++
	if s.at < len(s.text) {
		into.WriteByte(s.text[s.at])
		s.at++
	}
}

// flush makes a step of the literal text before a group, or puts it behind the
// group before it.
func (s *patternScan) flush() {
	text := s.pending.String()
	s.pending.Reset()
	if text == "" {
		return
	}
	if n := len(s.steps); n > 0 && !s.steps[n-1].optional && s.steps[n-1].gap != noGap {
		s.steps[n-1].after += text
		return
	}
	s.steps = append(s.steps, patternStep{before: text})
}

// braces reads what is in braces: text, perhaps a group, and text again.
func (s *patternScan) braces() {
	s.at++
	var step patternStep
	step.before = s.bracedText()
	if s.at < len(s.text) && s.text[s.at] != '}' {
		step.gap = s.gap()
		step.after = s.bracedText()
	}
	s.at++
	s.modified(step)
}

func (s *patternScan) bracedText() string {
	var b strings.Builder
	for s.at < len(s.text) && strings.IndexByte(":*(}", s.text[s.at]) < 0 {
		if s.text[s.at] == '\\' {
			s.escaped(&b)
			continue
		}
		b.WriteByte(s.text[s.at])
		s.at++
	}
	return b.String()
}

// group reads a group outside of braces.
func (s *patternScan) group(step patternStep) {
	step.gap = s.gap()
	s.modified(step)
}

// gap reads *, :name, :name(regexp) or (regexp).
func (s *patternScan) gap() gap {
	named := false
	switch s.text[s.at] {
	case '*':
		s.at++
		return anything
	case ':':
		named = true
		for s.at++; s.at < len(s.text) && isNameByte(s.text[s.at]); s.at++ {
		}
	}
	if s.at == len(s.text) || s.text[s.at] != '(' {
		if named {
			return s.name
		}
		return unknown
	}
	end := closingParenthesis(s.text, s.at)
	if end < 0 {
		s.at = len(s.text)
		return unknown
	}
	expression := s.text[s.at+1 : end]
	s.at = end + 1
	if expression == ".*" {
		return anything
	}
	return unknown
}

// isNameByte reports whether c is of a name. Literal text in a pattern string
// is ASCII: every other byte is of a name.
func isNameByte(c byte) bool { return isAlphanumeric(c) || c == '_' || c == '$' || c >= 0x80 }

// modified takes a step together with the modifier that follows.
func (s *patternScan) modified(step patternStep) {
	modifier := byte(0)
	if s.at < len(s.text) && strings.IndexByte("?*+", s.text[s.at]) >= 0 {
		modifier = s.text[s.at]
		s.at++
	}
	switch modifier {
	case '?', '*':
		step.optional = true
	}
	if modifier == '*' || modifier == '+' {
		step.gap = unknown // how often is not for steps to say
	}
	if step.gap == noGap && !step.optional {
		s.pending.WriteString(step.before)
		return
	}
	if !step.optional { // its text may go with what is before it
		s.pending.WriteString(step.before)
		step.before = s.pending.String()
		s.pending.Reset()
	} else {
		s.flush()
	}
	s.steps = append(s.steps, step)
}
