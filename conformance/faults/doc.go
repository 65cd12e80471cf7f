// Package faults puts a hub through bad days and judges it from outside: the
// process is killed while it is publishing, a subscriber stops reading, and
// the system calls between a publish and its answer are looked at.
//
// A [Hub] is the process, over all its lives. A [Record] keeps, outside that
// process, every publish attempted and what was answered; [Follower]s keep
// what they were shown. Afterwards the record judges each follower's [View]:
// what was acknowledged and is missing, what came twice, out of order, under
// the wrong id or to the wrong reader. A publish that got no answer is
// indeterminate: it may appear, once, or never.
//
// [Crash] and [Stall] are two of the bad days; [JudgeFlushes] reads the third
// from a trace. A [Verification] is all of them at once and a full disk, for as
// long as one likes. An [Upkeep] is what happens to a history over the years:
// rules, backups, compactions, moves, and kills in the midst of them. The package speaks to the hub over HTTP alone, by both
// generations of the protocol, and imports nothing of it: wire names are
// spelled out again here on purpose, so that a slip in the hub's own vocabulary
// cannot hide.
package faults
