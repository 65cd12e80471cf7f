package spec

import (
	"regexp/syntax"
	"strings"
	"unicode"
)

// measureRegexp judges the regular expression of one group and returns the
// instructions it compiles to, about.
//
// URL patterns take regular expressions of ECMAScript with the v flag, this hub
// evaluates them with RE2. What is wrong in ECMAScript is wrong here
// (SUB-value-bad-pattern-400), also where RE2 would accept it; what RE2 lacks,
// or reads otherwise, is refused and never quietly misread
// (MATCH-pattern-regexp-refused).
func measureRegexp(text, field string) (size int, fault *Fault) {
	s := regexpScanner{rest: text}
	switch s.scan() {
	case wrong:
		return 0, badPattern(field, "has a group that is not a regular expression of ECMAScript with the v flag")
	case lacking:
		return 0, lackingRegexp(field)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0, lackingRegexp(field)
	}
	return regexpSize(tree), nil
}

func lackingRegexp(field string) *Fault {
	return &Fault{
		Rule: "MATCH-pattern-regexp-refused", Field: field,
		Problem: "has a regular expression that this hub's engine, RE2, cannot evaluate the way the standard means it",
		Fix:     `do without look-around, back references, \u and \c escapes, repetitions beyond 1000, and set operations or nested sets in [ ]`,
	}
}

// regexpSize counts the instructions that re compiles to, or somewhat more,
// without compiling: repetitions multiply. It stops counting far beyond any
// limit.
func regexpSize(re *syntax.Regexp) int {
	const enough = 1 << 20
	size := 1
	for _, sub := range re.Sub {
		size = min(enough, size+regexpSize(sub))
	}
	switch re.Op {
	case syntax.OpLiteral:
		size = len(re.Rune)
	case syntax.OpCharClass:
		size += len(re.Rune) / 32 // a wide one takes memory, and time to search
	case syntax.OpRepeat:
		size *= max(1, re.Min, re.Max)
	case syntax.OpCapture, syntax.OpAlternate:
		size += max(1, len(re.Sub))
	}
	return min(enough, size)
}

// A verdict on a regular expression.
type verdict uint8

const (
	fine    verdict = iota
	wrong           // not a regular expression of ECMAScript with the v flag
	lacking         // it is one, but RE2 lacks something it uses
)

// A regexpScanner reads the parts of a regular expression in which ECMAScript
// and RE2 differ. The structure that both share is left to RE2's parser.
type regexpScanner struct {
	rest string
	atom bool // what was read last can be repeated
}

// take consumes prefix if the rest starts with it.
func (s *regexpScanner) take(prefix string) bool {
	rest, ok := strings.CutPrefix(s.rest, prefix)
	s.rest = rest
	return ok
}

// next consumes one byte; 0 at the end.
func (s *regexpScanner) next() byte {
	if s.rest == "" {
		return 0
	}
	c := s.rest[0]
	s.rest = s.rest[1:]
	return c
}

func (s *regexpScanner) scan() verdict {
	for s.rest != "" {
		if v := s.scanOne(); v != fine {
			return v
		}
	}
	return fine
}

func (s *regexpScanner) scanOne() verdict {
	switch c := s.next(); c {
	case '^', '$', '|':
		s.atom = false
	case '*', '+', '?':
		return s.repeat()
	case '{':
		if !s.counts() {
			return wrong
		}
		return s.repeat()
	case '}', ']':
		return wrong
	case '(':
		s.atom = false
		return s.open()
	case '[':
		s.atom = true
		return s.class()
	case '\\':
		return s.escape()
	default:
		s.atom = true
	}
	return fine
}

// repeat follows a quantifier, which may be lazy, and not be repeated itself.
func (s *regexpScanner) repeat() verdict {
	if !s.atom {
		return wrong
	}
	s.take("?")
	s.atom = false
	return fine
}

// counts reads what follows the brace of {n}, {n,} or {n,m}.
func (s *regexpScanner) counts() bool {
	counts, rest, ok := strings.Cut(s.rest, "}")
	least, most, _ := strings.Cut(counts, ",")
	s.rest = rest
	return ok && least != "" && isDigits(least) && isDigits(most)
}

// open reads what follows an opening parenthesis. Groups without a question
// mark would count as groups of the pattern: its tokenizer refuses them.
func (s *regexpScanner) open() verdict {
	switch {
	case s.take("?:"):
		return fine
	case s.take("?="), s.take("?!"), s.take("?<="), s.take("?<!"):
		return lacking
	case s.take("?<"):
		name, rest, ok := strings.Cut(s.rest, ">")
		s.rest = rest
		if !ok || name == "" || isDigits(name[:1]) || !isName(name) {
			return wrong
		}
		return fine
	case s.take("?"):
		modifiers, rest, ok := strings.Cut(s.rest, ":")
		s.rest = rest
		if !ok || modifiers == "-" || strings.Trim(modifiers, "ims-") != "" {
			return wrong
		}
		for _, m := range "ims-" {
			if strings.Count(modifiers, string(m)) > 1 {
				return wrong
			}
		}
		return fine
	}
	return wrong
}

func isName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 || !isAlphanumeric(byte(r)) && r != '_' && r != '$' })
}

// escape reads what follows a backslash outside of a class.
func (s *regexpScanner) escape() verdict {
	s.atom = true
	switch {
	case s.take("b"), s.take("B"):
		s.atom = false
		return fine
	case s.rest != "" && strings.ContainsRune("123456789k", rune(s.rest[0])):
		return lacking // a back reference
	}
	return s.characterEscape("")
}

// characterEscape reads an escape that stands for a character or a set of them.
// In all places those of syntax characters do, in some also those of others.
func (s *regexpScanner) characterEscape(others string) verdict {
	const syntaxCharacters = `^$\.*+?()[]{}|/`
	switch c := s.next(); {
	case c == 'p' || c == 'P':
		return s.property()
	case c == 'x':
		if _, ok := triplet("%" + s.rest); !ok {
			return wrong
		}
		s.rest = s.rest[2:]
	case c == '0':
		if s.rest != "" && '0' <= s.rest[0] && s.rest[0] <= '9' {
			return wrong
		}
	case c == 'c' || c == 'u':
		return lacking
	case c == 0 || !strings.ContainsRune(`dDsSwWfnrtv`+syntaxCharacters+others, rune(c)):
		return wrong
	}
	return fine
}

// property reads what follows \p: general categories by their short names mean
// the same to both.
func (s *regexpScanner) property() verdict {
	name, rest, ok := strings.Cut(strings.TrimPrefix(s.rest, "{"), "}")
	if !ok || !strings.HasPrefix(s.rest, "{") {
		return wrong
	}
	s.rest = rest
	if unicode.Categories[name] == nil || len(name) > 2 {
		return lacking
	}
	return fine
}

// class reads what follows an opening bracket, up to the closing one.
func (s *regexpScanner) class() verdict {
	s.take("^")
	if strings.HasPrefix(s.rest, "]") {
		return lacking // an empty set
	}
	operand := false // what was read last is a character at which a range may start
	for {
		switch {
		case s.rest == "":
			return wrong
		case s.take("]"):
			return fine
		case strings.HasPrefix(s.rest, "["), strings.HasPrefix(s.rest, "--"), strings.HasPrefix(s.rest, "&&"):
			return lacking // sets within sets
		case s.take("-"):
			if v, single := s.classCharacter(); v != fine || !single || !operand {
				return max(v, wrong)
			}
			operand = false
		default:
			v, single := s.classCharacter()
			if v != fine {
				return v
			}
			operand = single
		}
	}
}

// classCharacter reads a character of a class, or an escape for one, or for a
// set of them.
func (s *regexpScanner) classCharacter() (v verdict, single bool) {
	const (
		syntaxCharacters = "()[]{}/-|"
		punctuators      = "&!#$%*+,.:;<=>?@^`~" // twice, they are operators or kept for some
	)
	switch c := s.next(); {
	case c == 0, strings.IndexByte(syntaxCharacters, c) >= 0:
		return wrong, false
	case c == '\\' && (strings.HasPrefix(s.rest, "b") || strings.HasPrefix(s.rest, "q")):
		return lacking, false
	case c == '\\':
		set := s.rest != "" && strings.IndexByte("dDsSwWpP", s.rest[0]) >= 0
		return s.characterEscape("-" + punctuators), !set
	case strings.IndexByte(punctuators, c) >= 0 && strings.HasPrefix(s.rest, string(c)):
		return wrong, false
	}
	return fine, true
}
