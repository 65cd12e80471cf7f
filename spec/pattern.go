package spec

import (
	"errors"
	"fmt"

	"github.com/dunglas/go-urlpattern"
)

// A pattern is a compiled URL pattern.
type pattern struct {
	compiled *urlpattern.URLPattern
	base     *Base
	cost     patternCost
}

// compilePattern reads a URL pattern, a relative one on base
// (MATCH-pattern-base). Untrusted text is measured first: the library itself
// knows no limits.
func compilePattern(text string, base *Base, field string) (*pattern, *Fault) {
	cost, fault := measurePattern(text, field)
	if fault != nil {
		return nil, fault
	}
	p, err := newURLPattern(text, "")
	if errors.Is(err, urlpattern.ErrNoBaseURL) {
		p, err = newURLPattern(text, base.String())
	}
	if err != nil {
		return nil, badPattern(field, "is not a URL pattern")
	}
	return &pattern{p, base, cost}, nil
}

// newURLPattern calls the library, which panics on some text that is no use as a
// pattern, such as "/:a{b/}..:c", whose dots undo what is before them. The
// option ignoreCase stays off (MATCH-pattern-no-ignorecase).
func newURLPattern(text, base string) (p *urlpattern.URLPattern, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("compiling a URL pattern: %v", cause)
		}
	}()
	return urlpattern.New(text, base, nil)
}

func badPattern(field, problem string) *Fault {
	return &Fault{
		Rule: "SUB-value-bad-pattern-400", Field: field, Problem: problem,
		Fix: "see https://urlpattern.spec.whatwg.org/, or try it with new URLPattern(…) in a browser; a literal : * ? + ( ) { } or \\ needs a \\ in front",
	}
}

// match evaluates a pattern in full, by its regular expressions.
func (p *pattern) match(topic string) bool {
	// Percent-encoding makes a URL at most three times as long as its reference.
	longest := 3*len(topic) + len(p.base.path)
	if longest*p.cost.size*(p.cost.groups+1) > maxPatternWork {
		return false
	}
	if p.base.ignoredBy(topic) {
		return p.compiled.Test(topic, "")
	}
	return p.compiled.Test(topic, p.base.String())
}

func (p *pattern) size() int { return 12<<10 + 64*p.cost.size }
