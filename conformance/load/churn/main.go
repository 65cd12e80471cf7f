// Churn lets clients come and go for a long time, looks at the hub at rest
// between, and fails if it has grown or if anybody got what was not published,
// or not all of it. For example:
//
//	cinnabar serve --anonymous --publisher-jwt-key SECRET --metrics-addr 127.0.0.1:3001 …   # prints the url
//	go run ./conformance/load/churn -url URL -metrics http://127.0.0.1:3001/metrics -key SECRET
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

func main() {
	c := load.Churn{Print: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	hub := flag.String("url", "", "URL of the hub, for plain HTTP; anonymous subscribers must be admitted")
	metrics := flag.String("metrics", "", "URL of its metrics")
	key := flag.String("key", "", "HS256 key for publishers of protocol 0.x")
	flag.DurationVar(&c.For, "for", 20*time.Minute, "how long")
	flag.DurationVar(&c.Window, "window", time.Minute, "time between two looks at the hub at rest")
	flag.IntVar(&c.Crowds, "crowds", 8, "crowds at a time, of up to 60 clients")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	c.Hub, err = url.Parse(*hub)
	if err == nil {
		c.Metrics, err = url.Parse(*metrics)
	}
	if err == nil && (c.Hub.Scheme != "http" || c.Metrics.Host == "" || *key == "") {
		err = errors.New("give -url http://… of a running hub, -metrics and -key; see -help")
	}
	if err == nil {
		c.Token = faults.Token(*key, faults.Grants{Publish: []string{"*"}})
		err = c.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "churn:", err)
		os.Exit(1)
	}
}
