// Package clients holds the hub against software that people already run: a
// browser's EventSource, the eventsource package of npm, Symfony's Mercure
// component, and Caddy in front of it all.
//
// Everything here is tests. They build the hub, start it as a process of its
// own and speak to it through the real client; wire names are spelled out
// again on purpose, so that a mistake in the hub's vocabulary is noticed. A
// client is a thin script that reports what happens to it, one line of JSON
// each; what ought to happen is said in Go, once for all clients.
//
// A tool that is missing leaves its tests out, saying so, unless CI=true,
// where it fails them. `npm ci --ignore-scripts` in this folder installs what
// comes from npm.
package clients
