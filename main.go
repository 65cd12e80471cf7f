// Cinnabar is a hub for the Mercure protocol: back ends publish, browsers and
// other clients subscribe, and any client resumes from its last event.
package main

import (
	"errors"
	"net/url"
	"os"

	"cinnabar/hub/cli"
	"cinnabar/store"
	"cinnabar/store/bolt"
	"cinnabar/store/memory"
)

func main() {
	os.Exit(cli.Main(
		cli.Engine{Scheme: "bolt", Open: openBolt, Read: readBolt, File: cli.FilePath, DefaultBytes: bolt.DefaultBytes},
		cli.Engine{Scheme: "memory", Open: openMemory},
	))
}

func openBolt(at *url.URL, keep store.Retention) (cli.History, error) {
	path, err := cli.FilePath(at)
	if err != nil {
		return cli.History{}, err
	}
	log, err := bolt.Open(path, bolt.Options(keep))
	return cli.History{Log: log, Presence: log, Archive: log, Copier: log}, err
}

func readBolt(at *url.URL) (cli.Stopped, error) {
	path, err := cli.FilePath(at)
	if err != nil {
		return nil, err
	}
	return bolt.OpenArchive(path)
}

func openMemory(at *url.URL, keep store.Retention) (cli.History, error) {
	if *at != (url.URL{Scheme: at.Scheme}) {
		return cli.History{}, errors.New("it takes no path and no options: write memory: alone")
	}
	log, err := memory.Open(memory.Options(keep))
	return cli.History{Log: log, Presence: log, Archive: log}, err
}
