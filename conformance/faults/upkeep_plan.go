package faults

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A class is what updates are kept by one rule.
type class uint8

const (
	news   class = iota // under no rule, and so under the limits of all else
	orders              // all of them are kept
	ticks               // a few are kept, the newest
	classes
)

func (c class) String() string { return [classes]string{"news", "orders", "ticks"}[c] }

// A plan makes the updates of a long history. What the n-th one is follows from
// n, so that nothing of them has to be remembered.
type plan struct {
	nonce string // in every payload and every id: nobody else's are taken for ours
	kept  [classes]int
}

// planBase is what all topics begin with.
const planBase = "https://upkeep.example/"

// A planned update.
type planned struct {
	class   class
	topics  []string
	private bool
	id      string // brought; "" leaves it to the hub
	once    string // its Idempotency-Key
	again   bool   // it is sent twice
	key     string // of its payload
}

// update returns the n-th update. Half of them are ticks, a fifth orders, some
// have topics of two classes: an order that is a tick, too, is kept as an order,
// a tick that is news goes as a tick.
func (p plan) update(n int) planned {
	u := planned{key: payloadKey(p.nonce, n, 100+n%4*100), private: n%7 == 0}
	tick := planBase + "ticks/" + strconv.Itoa(n%97)
	order := planBase + "orders/" + strconv.Itoa(n%1009)
	about := planBase + "news/" + strconv.Itoa(n%31)
	switch n % 20 {
	case 0, 2, 4, 5, 7, 9, 11, 13, 15, 17:
		u.class, u.topics = ticks, []string{tick}
	case 1:
		u.class, u.topics = ticks, []string{about, tick}
	case 3, 8, 12, 18:
		u.class, u.topics = orders, []string{order}
	case 6, 16:
		u.class, u.topics = orders, []string{tick, order}
	default:
		u.class, u.topics = news, []string{about}
	}
	if n%11 == 0 {
		u.id = "urn:upkeep:" + u.key
	}
	if n%13 == 0 {
		u.once, u.again = "upkeep-"+u.key, n%3 == 0
	}
	return u
}

// about reports whether an update has a topic of a class, whatever class it is
// in itself.
func (u *planned) about(c class) bool {
	for _, t := range u.topics {
		if strings.HasPrefix(t, c.topics()) {
			return true
		}
	}
	return false
}

// topics is what all topics of a class begin with.
func (c class) topics() string { return planBase + c.String() + "/" }

// template matches all topics of a class.
func (c class) template() string { return c.topics() + "{id}" }

func (u *planned) form() string {
	form := url.Values{"topic": u.topics, "data": {payload(u.key)}}
	if u.private {
		form.Set("private", "on")
	}
	if u.id != "" {
		form.Set("id", u.id)
	}
	return form.Encode()
}

// number returns which update a payload belongs to.
func (p plan) number(key string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(key, p.nonce+"/")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0 && p.update(n).key == key
}

// settings are those of a hub, as its file: everything is kept, or what rules
// say.
func (p plan) settings(durability string, rules bool) string {
	s := "durability: " + durability + "\nretention_bytes: 64GiB\n"
	if !rules {
		return s
	}
	return s + fmt.Sprintf("retention_count: %d\nretention_rules:\n  - %q\n  - %q\n", p.kept[news],
		orders.template()+" age=0", fmt.Sprintf("%s count=%d", ticks.template(), p.kept[ticks]))
}
