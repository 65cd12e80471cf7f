package load

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func exampleReport() *Report {
	hub, loop := &target{name: "hub"}, &target{name: "C write loop", yardstick: true}
	r := run{Measurement: Measurement{Progress: func(string) {}}}
	for round := range 3 {
		x := float64(round)
		f := r.figure("fanout", "CPU per delivery", "µs").within(atMostTimes(1.3))
		f.add(loop, 5+x)
		f.add(hub, 6+1.2*x)
		r.figure("fanout", "latency p99", "ms").add(hub, 20)
	}
	r.figure("fanout", "CPU per delivery, merged", "µs").within(atMost(2)).add(hub, 2.25)
	r.figure("publish", "publishes", "/s").within(atLeastTimes(3)).add(hub, 300)
	f := r.figure("publish", "publishes", "/s")
	f.add(loop, 100)
	r.figure("publish", "what nobody knows", "B").within(atMost(1))
	r.note("%d late", 7)
	r.report.Machine = Machine{"linux/amd64", 2, "a processor"}
	r.report.Delivered, r.report.Took = 1234, 3*time.Second
	r.judge("somewhere", &Tally{Events: 6, Lost: 2, Ended: 1})
	r.report.finish()
	return &r.report
}

func TestTable(t *testing.T) {
	const want = `linux/amd64, 2 processors, a processor; medians (and ranges) over the rounds

fanout                      hub                  yardstick                      ratio              budget
  CPU per delivery          7.20 (6.00–8.40) µs  C write loop 6.00 (5.00–7.00)  1.20 (1.20–1.20)×  ≤ 1.3×  met
  latency p99               20.0 (20.0–20.0) ms  –                              –                  –
  CPU per delivery, merged  2.25 µs              –                              –                  ≤ 2     MISSED

publish      hub     yardstick         ratio  budget
  publishes  300 /s  C write loop 100  3.00×  ≥ 3×    met

note: 7 late
1240 events delivered, each checked; 3s
`
	var b strings.Builder
	if err := exampleReport().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(b.String()) {
		got.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if got.String() != want {
		t.Errorf("the table is\n%s\nwant\n%s", got.String(), want)
	}
}

func TestReport(t *testing.T) {
	p := exampleReport()
	err := p.Err()
	if err == nil || err.Error() != "somewhere: 2 events lost\n1 streams ended by the hub" {
		t.Errorf("what was wrong is told as %v", err)
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Figures) != 4 || len(got.Figures[0].Ratio) != 3 || !*got.Figures[0].Met || *got.Figures[2].Met || got.Figures[1].Met != nil {
		t.Errorf("read again, the report is %s", b)
	}
	for _, name := range []string{`"scenario":"fanout"`, `"than":[5,6,7]`, `"budget":{"limit":1.3,"of_ratio":true}`, `"met":true`, `"delivered":1240`} {
		if !strings.Contains(string(b), name) {
			t.Errorf("the JSON lacks %s: %s", name, b)
		}
	}
}

// The median of an even number of rounds is one of them, and a yardstick too
// small to be measured makes no ratio.
func TestSeries(t *testing.T) {
	s := Series{30, 10, 20}
	if got, want := s.String(), "20.0 (10.0–30.0)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (Series{5}).String(), "5.00"; got != want {
		t.Errorf("one round is %q, want %q", got, want)
	}
	if got, want := s.Over(Series{10, 10, 5}).String(), "3.00 (1.00–4.00)"; got != want {
		t.Errorf("ratios by round are %q, want %q", got, want)
	}
	if got := s.Over(Series{10, 0, 5}); len(got) != 2 {
		t.Errorf("ratios to nothing: %v", got)
	}
	if got := s.Quantile(0.99); got != 30 {
		t.Errorf("the 99th percentile of three is %v, want the largest", got)
	}
	if s[0] != 30 {
		t.Error("asking for the median has sorted the rounds")
	}
}
