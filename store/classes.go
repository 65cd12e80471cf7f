package store

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"cinnabar/spec"
)

// Classes tell updates apart by the rule they are kept under. Class 0 is what no
// rule is about, class i+1 is what rule i is about. They are immutable; the nil
// pointer has class 0 alone.
type Classes struct {
	rules       []Rule
	limits      []Retention // by class
	fingerprint [32]byte
}

// NewClasses returns the classes of a retention, nil where it has no rules.
func NewClasses(r Retention) *Classes {
	if len(r.Rules) == 0 {
		return nil
	}
	c := &Classes{rules: slices.Clone(r.Rules)}
	c.limits = append(c.limits, Retention{MaxBytes: r.MaxBytes, MaxCount: r.MaxCount, MaxAge: r.MaxAge})
	h := sha256.New()
	for _, rule := range c.rules {
		c.limits = append(c.limits, Retention{MaxBytes: rule.MaxBytes, MaxCount: rule.MaxCount, MaxAge: rule.MaxAge})
		key := rule.Selector.Key()
		h.Write(binary.BigEndian.AppendUint32([]byte{byte(key.Kind)}, uint32(len(key.Text))))
		h.Write([]byte(key.Text))
		h.Write([]byte(baseOf(rule.Selector)))
	}
	h.Sum(c.fingerprint[:0])
	return c
}

// Len returns how many there are.
func (c *Classes) Len() int {
	if c == nil {
		return 1
	}
	return len(c.limits)
}

// Limits returns what is kept of a class.
func (c *Classes) Limits(class int) Retention { return c.limits[class] }

// Selector returns what the rule of a class is about, nil for class 0.
func (c *Classes) Selector(class int) *spec.Selector {
	if class == 0 {
		return nil
	}
	return c.rules[class-1].Selector
}

// Fingerprint identifies the selectors, in order: classes with the same one put
// every update into the same class.
func (c *Classes) Fingerprint() [32]byte { return c.fingerprint }

// Same reports whether both put every update into the same class.
func (c *Classes) Same(other *Classes) bool {
	if c == nil || other == nil {
		return c == other
	}
	return c.fingerprint == other.fingerprint
}

// Of returns the class of an update with these topics.
func (c *Classes) Of(topics []string) int {
	best := 0
	if c == nil {
		return best
	}
	for _, topic := range topics {
		if class := c.ofTopic(topic, best); class != 0 {
			best = class
		}
	}
	return best
}

// OfTopic returns the class of an update with this topic alone.
func (c *Classes) OfTopic(topic string) int {
	if c == nil {
		return 0
	}
	return c.ofTopic(topic, 0)
}

// ofTopic returns the first class before another one, 0 for any, that a topic is
// in; 0 where there is none.
func (c *Classes) ofTopic(topic string, before int) int {
	subject := spec.SubjectOf(topic)
	for i := range c.rules {
		if before > 0 && i+1 >= before {
			break
		}
		if c.rules[i].Selector.Matches(&subject) {
			return i + 1
		}
	}
	return 0
}

// concerned returns a bit for each class that topics which the selectors match may
// be in.
func (c *Classes) concerned(selectors *spec.Set) (mask uint32) {
	for topic := range selectors.Named() {
		mask |= 1 << c.OfTopic(topic)
	}
	for _, sel := range selectors.Others() {
		if sel.Key().Kind == spec.Exact {
			mask |= 1 << c.OfTopic(sel.String())
			continue
		}
		for class := range c.Len() {
			if mask>>class&1 == 0 && c.meet(sel, class) {
				mask |= 1 << class
			}
		}
	}
	return mask
}

// meet reports whether topics that a selector other than an exact one matches may
// be in a class.
func (c *Classes) meet(sel *spec.Selector, class int) bool {
	for i := range c.rules {
		same := c.rules[i].Selector.Key() == sel.Key() && baseOf(c.rules[i].Selector) == baseOf(sel)
		switch {
		case i+1 == class:
			return same || !spec.Disjoint(sel, c.rules[i].Selector)
		case same:
			return false // all it matches is in this class, or one before
		}
	}
	return true
}

// baseOf returns what a selector resolves topics on, "" for nothing.
func baseOf(sel *spec.Selector) string {
	if base := sel.Base(); base != nil {
		return base.String()
	}
	return ""
}
