package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

type measurement struct {
	settings
	folder  string
	bare    target
	durable target
	memory  target // no URL where there is none
}

// A rate is durable publishes per second, beside the yardstick's.
type rate struct {
	Clients   int         `json:"clients"`
	PerSecond load.Series `json:"per_second"`
	Yardstick load.Series `json:"append_fdatasync_per_second"`
	Ratio     load.Series `json:"ratio"`
	Written   load.Series `json:"bytes_written_per_publish"`
}

// A cost is CPU time per publish, in µs, beside the bare handler's.
type cost struct {
	Clients int         `json:"clients"`
	Target  string      `json:"target"`
	CPU     load.Series `json:"cpu_us"`
	Ratio   load.Series `json:"ratio"`
}

type result struct {
	Rates []*rate `json:"rates"`
	Costs []*cost `json:"costs"`
}

// Budgets: rates as multiples of the yardstick, at least, by clients; CPU time
// as multiples of the bare handler's, at most, by target.
var (
	rateBudgets = map[int]float64{1: 0.33, 64: 3, 256: 3.5}
	costBudgets = map[string]float64{"memory": 1.5, "bolt, durable": 2, "the hub": 2}
)

func (m *measurement) measure(ctx context.Context) (result, error) {
	var r result
	for _, n := range m.rates {
		r.Rates = append(r.Rates, &rate{Clients: n})
	}
	targets := []target{m.bare, m.durable}
	if m.memory.url != nil {
		targets = append(targets, m.memory)
	}
	for _, n := range m.costs {
		for _, t := range targets {
			r.Costs = append(r.Costs, &cost{Clients: n, Target: t.name})
		}
	}
	record := []byte(strings.Repeat("x", m.size+80))
	for round := range m.rounds {
		for _, rate := range r.Rates {
			yardstick, err := appendRate(m.folder, record, m.turn/2)
			if err != nil {
				return r, err
			}
			turn, err := m.publish(ctx, m.durable, rate.Clients)
			if err != nil {
				return r, err
			}
			rate.PerSecond = append(rate.PerSecond, turn.perSecond)
			rate.Written = append(rate.Written, turn.written)
			after, err := appendRate(m.folder, record, m.turn/2)
			if err != nil {
				return r, err
			}
			rate.Yardstick = append(rate.Yardstick, (yardstick+after)/2)
			fmt.Fprintf(m.progress, "round %d, %d clients: %.0f publishes/s, append+fdatasync %.0f and %.0f/s\n",
				round+1, rate.Clients, turn.perSecond, yardstick, after)
		}
		for i, cost := range r.Costs {
			turn, err := m.publish(ctx, targets[i%len(targets)], cost.Clients)
			if err != nil {
				return r, err
			}
			cost.CPU = append(cost.CPU, turn.cpu)
			fmt.Fprintf(m.progress, "round %d, %d clients, %s: CPU %.1f µs per publish\n", round+1, cost.Clients, cost.Target, turn.cpu)
		}
	}
	for _, rate := range r.Rates {
		rate.Ratio = rate.PerSecond.Over(rate.Yardstick)
	}
	for i, cost := range r.Costs {
		bare := r.Costs[i-i%len(targets)]
		cost.Ratio = cost.CPU.Over(bare.CPU)
	}
	return r, nil
}

// A turn is what one target did for a while.
type turn struct {
	perSecond float64
	cpu       float64 // µs per publish
	written   float64 // bytes per publish
}

func (m *measurement) publish(ctx context.Context, t target, clients int) (turn, error) {
	token := faults.Token(m.key, faults.Grants{Publish: []string{"*"}})
	all, err := load.Connect(ctx, t.url, token, clients)
	if err != nil {
		return turn{}, err
	}
	defer all.Close()
	form := load.Form("https://example.com/load", strings.Repeat("x", m.size))
	if _, _, err := all.RunFor(ctx, m.turn/10, form); err != nil { // the token gets verified, buffers grow
		return turn{}, err
	}
	before, err := load.Written(t.pid)
	if err != nil {
		return turn{}, err
	}
	var publishes int
	var took time.Duration
	w, err := load.WatchWhile(ctx, t.pid, func(ctx context.Context) (err error) {
		publishes, took, err = all.RunFor(ctx, m.turn, form)
		return err
	})
	if err != nil {
		return turn{}, err
	}
	if err := ctx.Err(); err != nil {
		return turn{}, err
	}
	after, err := load.Written(t.pid)
	if err != nil {
		return turn{}, err
	}
	n := float64(publishes)
	return turn{
		perSecond: n / took.Seconds(),
		cpu:       float64(w.CPU.Microseconds()) / n,
		written:   float64(after-before) / n,
	}, nil
}

func (r result) print(out io.Writer) {
	fmt.Fprintln(out, "medians (and ranges) over the rounds")
	for _, rate := range r.Rates {
		fmt.Fprintf(out, "%3d clients: %s publishes/s durable, append+fdatasync %s/s: %s times%s; %s bytes written per publish\n",
			rate.Clients, rate.PerSecond, rate.Yardstick, rate.Ratio, budget(", budget at least ", rateBudgets[rate.Clients]), rate.Written)
	}
	for _, cost := range r.Costs {
		fmt.Fprintf(out, "%3d clients, %s: CPU %s µs per publish, %s times the bare handler%s\n",
			cost.Clients, cost.Target, cost.CPU, cost.Ratio, budget(", budget at most ", costBudgets[cost.Target]))
	}
}

// budget writes one, where there is one.
func budget(words string, times float64) string {
	if times == 0 {
		return ""
	}
	return fmt.Sprint(words, times)
}
