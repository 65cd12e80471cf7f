// Package load measures what a hub costs its machine: memory for streams that
// idle, CPU time for deliveries, matching, publishes and replays. It is the
// load generator behind "cinnabar bench", and works on any hub by URL.
//
// Like everything below conformance it imports nothing of the hub and spells
// wire names out again. It asserts no figure, for figures depend on the
// machine: it prints them beside a yardstick, measured in turns in the same
// run. What it does assert is that no stream missed an event, got one twice,
// out of order, damaged or meant for another: whoever loses events is fast.
//
// The generator shares the machine with the hub and has to be cheap itself:
// a few threads read all sockets through epoll with one buffer each, and no
// stream has a goroutine. It needs Linux, as does /proc, where the figures of
// processes come from.
package load
