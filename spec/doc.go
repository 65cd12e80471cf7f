// Package spec is the vocabulary of the Mercure protocol, both generations of it.
//
// A topic, a string, names what changed. A publisher sends an [Update] about one
// or more topics; the hub gives it an [EventID] and writes it to every
// subscriber whose [Selector] matches one of the topics, encoded by
// [AppendEvent]. Relative references, and the part of the URL space that only
// the hub may publish in, are those of the hub's [Base].
//
// Who listens is told as well, to those who may know: a [Subscription] has a
// topic, a document and a path in the API for each [Generation].
//
// Values are valid by construction: the only way to hold an Update, an
// EventID or a Selector is through a constructor that refused everything the
// protocol forbids, and it says so with a [Fault] that names the rule. There
// is no Validate to forget. All types are immutable and safe for concurrent
// use.
//
// The package is a leaf: it imports the standard library and the URI-template
// and URL-pattern libraries, and nothing of this module. requirements.yaml
// beside it lists every obligation of both drafts by id; those ids are the
// Rule of a Fault.
package spec
