// Package fanout delivers a log to many subscribers: the engine below the
// hub's HTTP edge. It knows a log, selectors and a yes/no grant, but no
// request and no token.
//
// A subscriber is a cursor on the log with a filter. It is LIVE, when the
// dispatcher hands it each matching entry as it appears, or CATCHING UP, when
// a worker reads the log for it in chunks; its one position says up to where
// it has been considered. BLOCKED is a third, orthogonal state, and the
// stream's own: its socket refuses bytes. A live subscriber whose pending
// list overflows goes back to catching up, and one with selectors too dear for
// the dispatcher has a worker decide what they match. So a first connection
// with a cursor, a reconnection and a slow client are one mechanism, without
// gap or duplicate, in bounded memory.
package fanout
