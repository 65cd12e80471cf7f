package fanout

import "cinnabar/spec"

// A filter is what a subscriber asked for and may have, ready to be asked for
// one entry after the other. It agrees with the [index].
type filter struct {
	all        bool
	exact      map[string]struct{}
	tested     []*spec.Selector
	canReceive func(topics []string) bool
}

func newFilter(s *Subscription) filter {
	f := filter{canReceive: s.CanReceive}
	for _, sel := range s.Selectors {
		switch key := sel.Key(); key.Kind {
		case spec.Any:
			f.all = true
		case spec.Exact:
			if f.exact == nil {
				f.exact = make(map[string]struct{})
			}
			f.exact[key.Text] = struct{}{}
		default:
			f.tested = append(f.tested, sel)
		}
	}
	return f
}

// selects reports whether a selector matches a topic of the update.
func (f *filter) selects(u *spec.Update) bool {
	if f.all {
		return true
	}
	for _, topic := range u.Topics() {
		if _, ok := f.exact[topic]; ok {
			return true
		}
		for _, sel := range f.tested {
			if sel.Match(topic) {
				return true
			}
		}
	}
	return false
}

// mayRead reports whether the update is public or granted.
func (f *filter) mayRead(u *spec.Update) bool {
	return !u.Private() || f.canReceive != nil && f.canReceive(u.Topics())
}
