// Package store is what happened, in order: the contract of the log that a hub
// appends to and reads from, and what its engines share.
//
// A [Log] gives every update a [Position] in one total order. Engines are the
// packages below this one, each around one medium; they are opened with
// options of their own and are a Log from then on:
//
//	log, err := bolt.Open("/var/lib/cinnabar/hub.db", bolt.Options{})
//	receipt, err := log.Append(ctx, store.Disk, update)
//	chunk, err := log.Read(ctx, after, 256<<10)
//
// What subscribers see of a position is an id that shows neither order nor
// count: a [Sealer] makes it, and [Epochs] say in which life of the history.
// Engines keep the newest entries in a [Tail], which feeds followers, and
// everything as a [Record].
//
// DESIGN.md is the contract in prose, storetest the contract as a test.
package store
