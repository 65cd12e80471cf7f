// Package wronghub is a hub for trying the suite on: small, in memory, of both
// generations of the protocol, and written without a look at the hub that the
// suite grew up with. By itself it keeps every obligation that the suite has a
// case for. It can be made to break them one by one: each [Defect] is a
// promise broken on purpose, in one place, and names the cases that have to
// notice. A case that no defect can make fail judges nothing.
//
// It is no hub to deploy: it remembers everything for ever, and has no limits.
package wronghub
