package fanout

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// closedAt is a stream that remembers when it was closed, and why.
type closedAt struct {
	sub    *Subscriber
	at     time.Time
	reason Reason
}

func (c *closedAt) Enqueue(*Event) bool { return true }

func (c *closedAt) Ending() bool { return c.reason != "" }

func (c *closedAt) Close(r Reason) {
	if c.reason == "" {
		c.at, c.reason = time.Now(), r
		c.sub.engine.leave(c.sub, r)
	}
}

// TestRevoke: the streams of the owners that are withdrawn end over some
// seconds, not at once, for they all come back; the others stay.
func TestRevoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, newLog(t))
		const each = 200
		streams := make(map[string][]*closedAt)
		join := func(owner string) {
			_, err := e.join(Subscription{Owner: owner}, func(sub *Subscriber) Stream {
				c := &closedAt{sub: sub}
				streams[owner] = append(streams[owner], c)
				return c
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for range each {
			for i := range 3 {
				join(fmt.Sprint(i))
			}
		}
		begun := time.Now()
		e.Revoke(t.Context(), func(owner any) bool { return owner != "0" })

		atOnce := make(map[time.Time]int)
		var last time.Time
		for owner, all := range streams {
			for _, c := range all {
				if owner == "0" {
					if c.reason != "" {
						t.Fatalf("a stream whose owner was not withdrawn was closed: %s", c.reason)
					}
					continue
				}
				if c.reason != KeyRemoved {
					t.Fatalf("a stream whose owner was withdrawn has reason %q, want %s", c.reason, KeyRemoved)
				}
				atOnce[c.at]++
				if c.at.After(last) {
					last = c.at
				}
			}
		}
		for _, n := range atOnce {
			if most := 2 * each / revokeSteps; n > most {
				t.Errorf("%d streams were closed at once, want at most %d", n, most)
			}
		}
		if took := last.Sub(begun); took < revokePause*(revokeSteps-1) || took > revokePause*revokeSteps {
			t.Errorf("closing them took %v, want about %v", took, revokePause*revokeSteps)
		}
	})
}
