package fanout

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"
)

// A selectorForm makes distinct selectors of one form, and for each a topic
// that it alone matches, but for what is shared on purpose.
type selectorForm struct {
	name string
	text func(i int) string // of the i-th selector
	// topic for the i-th selector
	topic func(i int) string
}

func aForm(name, text, topic string) selectorForm {
	replace := func(s string) func(int) string {
		return func(i int) string { return strings.ReplaceAll(s, "#", fmt.Sprint(i)) }
	}
	return selectorForm{name, replace(text), replace(topic)}
}

// mixed is 70 % exact, 20 % templates of their own, 9 % shared ones and 1 %
// patterns.
func mixed(i int) selectorForm {
	switch {
	case i%100 < 70:
		return benchForms[0]
	case i%100 < 90:
		return benchForms[1]
	case i%100 < 99:
		return benchForms[2]
	}
	return patternForm
}

var mixedForm = selectorForm{
	"mixed",
	func(i int) string { return mixed(i).text(i) },
	func(i int) string { return mixed(i).topic(i) },
}

var patternForm = aForm("pattern prefix", "pattern:https://x.example/users/u#/*", "https://x.example/users/u#/books/1")

var benchForms = []selectorForm{
	aForm("exact", "https://x.example/users/u#", "https://x.example/users/u#"),
	aForm("prefix", "https://x.example/users/u#/{+rest}", "https://x.example/users/u#/books/1"),
	{
		"20 shared, passed over",
		func(i int) string { return fmt.Sprintf("https://x.example/kind%d/{id}", i%20) },
		func(i int) string { return fmt.Sprintf("https://x.example/other%d/1", i) },
	},
	aForm("suffix", "{+base}/users/u#", "https://x.example/tenants/7/users/u#"),
	aForm("inner", "{a}-u#-{b}", "left-u#-right"),
	{ // no literal of its own: at worst half of those with its prefix or its suffix are met
		"grid",
		func(i int) string { return fmt.Sprintf("https://x.example/p%d/{a}/s%d", i%1000, i/1000) },
		func(i int) string { return fmt.Sprintf("https://x.example/p%d/1/s%d", i%1000, i/1000) },
	},
	patternForm,
	aForm("pattern suffix", "pattern:https://x.example/:a/u#", "https://x.example/users/u#"),
	aForm("pattern inner", "pattern:https://x.example/:a/u#/:b/edit", "https://x.example/users/u#/books/edit"),
}

func (f selectorForm) selector(t testing.TB, i int, base *spec.Base) *spec.Selector {
	text := f.text(i)
	var sel *spec.Selector
	var err error
	if pattern, ok := strings.CutPrefix(text, "pattern:"); ok {
		sel, err = spec.ParseMatcher(spec.MatchPattern, pattern, base)
	} else {
		sel, err = spec.ParseTopicSelector(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sel
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkIndex prints what it takes to find the one subscriber, among n with
// selectors of their own, that a topic concerns, and what a distinct selector
// takes of memory, itself and its place in the index:
//
//	go test -run - -bench 'Index/.*/(1000|100000)$' ./hub/fanout
//	go test -run - -bench 'Index/.*/1000000$' ./hub/fanout    # some minutes, most of them to parse
func BenchmarkIndex(b *testing.B) {
	base := spec.UnnamedBase()
	for _, form := range append(benchForms, mixedForm) {
		for _, n := range []int{1_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", form.name, n), func(b *testing.B) {
				subs := make([]Subscriber, n)
				before := heapInUse()
				x := newIndex()
				for i := range subs {
					subs[i].seats = append(subs[i].seats, x.add(form.selector(b, i, base), &subs[i]))
				}
				held := heapInUse() - before
				topics := make([]string, 4096)
				for i := range topics {
					topics[i] = form.topic(rand.IntN(n))
				}
				var m match
				var stamp store.Position
				for b.Loop() {
					i := int(stamp) % len(topics)
					stamp++
					x.match(&m, topics[i:i+1], stamp)
				}
				b.ReportMetric(float64(held)/float64(n), "B/selector")
				runtime.KeepAlive(x)
			})
		}
	}
}

// BenchmarkIndexChurn is one subscriber that comes and goes, among others.
func BenchmarkIndexChurn(b *testing.B) {
	base := spec.UnnamedBase()
	for _, form := range append(benchForms, mixedForm) {
		b.Run(form.name, func(b *testing.B) {
			const n = 20_000
			subs := make([]Subscriber, n)
			sels := make([]*spec.Selector, n)
			x := newIndex()
			for i := range subs {
				sels[i] = form.selector(b, i, base)
				subs[i].seats = append(subs[i].seats, x.add(sels[i], &subs[i]))
			}
			for b.Loop() {
				i := rand.IntN(n)
				x.remove(subs[i].seats[0])
				subs[i].seats[0] = x.add(sels[i], &subs[i])
			}
		})
	}
}
