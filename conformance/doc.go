// Conformance judges any Mercure hub from outside, by its URL:
//
//	go run ./conformance -hub https://hub.example.com/.well-known/mercure -config hub.yaml
//
// Every case asserts what a client observes of one obligation of the
// catalogue, spec/requirements.yaml, and has its id. Cases run against each
// generation of the protocol that the obligation binds and the hub serves.
// What a case needs and was not given is reported as "needs …", never as
// passed; "not applicable" is only what the hub itself advertises not to have.
//
// With -page it makes, of the catalogue and of reports of earlier runs, the
// compliance page of the hub it is developed with: spec/README.md.
//
// The program imports nothing of the hub it is developed with: the standard
// library and a YAML parser for the catalogue. Its wire names are spelled out
// again on purpose, so that a slip in the hub's vocabulary is caught.
package main
