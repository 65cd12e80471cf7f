package spec

import "fmt"

// Limits of a URL pattern besides its length. RE2 is linear in the topic, but
// to find its groups it takes time proportional to the product of the topic's
// length, the size of the program and the number of groups (MATCH-pattern-bounded).
const (
	maxPatternGroups = 32
	maxPatternSize   = 2000 // instructions besides those of literals
	// maxPatternWork bounds that product: some 10 ms. A topic that would take
	// more does not match (MATCH-pattern-limit-nomatch). Patterns of ordinary
	// size do not come near it with topics of the default limit.
	maxPatternWork = 1 << 25
)

// A patternCost is what matching a pattern takes, for each byte of the topic.
type patternCost struct {
	size   int // instructions of all its regular expressions, about
	groups int
}

// passes estimates what evaluating all regular expressions of a pattern costs:
// parsing the topic first, and then time proportional to size and groups.
func (c patternCost) passes() Cost { return 64 + Cost(c.size*(c.groups+1)/2) }

// measurePattern finds the groups of a URL pattern as its tokenizer does, and
// refuses what would be expensive or would not mean the same to RE2. What is
// not a pattern at all is left to the library to refuse.
func measurePattern(text, field string) (patternCost, *Fault) {
	const wildcard = 4 // instructions
	var cost patternCost
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
			cost.size++
		case ':', '*':
			// Not every colon starts a name, nor is every star a wildcard.
			cost.groups++
			cost.size += wildcard
		case '(':
			end := closingParenthesis(text, i)
			if end < 0 {
				return cost, badPattern(field, "has a group that is not closed")
			}
			size, fault := measureRegexp(text[i+1:end], field)
			if fault != nil {
				return cost, fault
			}
			cost.groups++
			cost.size += wildcard + 2*size // repeated groups are written twice
			i = end
		default:
			cost.size++
		}
	}
	switch {
	case cost.groups > maxPatternGroups:
		return cost, patternLimit(field, fmt.Sprintf("has %d groups and wildcards, more than the %d allowed", cost.groups, maxPatternGroups))
	case cost.size > maxPatternSize+len(text):
		return cost, patternLimit(field, "has regular expressions that are too large")
	}
	return cost, nil
}

func patternLimit(field, problem string) *Fault {
	return &Fault{
		Rule: "LIMIT-matcher-exceeded-400", Field: field, Problem: problem,
		Fix: "use fewer groups and smaller repetitions, or split the pattern into several",
	}
}

// closingParenthesis returns the index of the one that closes text[open], or -1.
func closingParenthesis(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
