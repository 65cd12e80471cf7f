package faults

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A defect is one way of being a bad hub.
type defect string

const (
	none              defect = "none"
	losesOne          defect = "loses one"
	losesOneStored    defect = "acknowledges one it does not store"
	duplicatesOne     defect = "sends one twice"
	storesTwice       defect = "stores one twice"
	reordersTwo       defect = "swaps two"
	leaksPrivate      defect = "sends a private one to anybody"
	ignoresTopics     defect = "sends everything to everybody"
	reusesID          defect = "gives one id twice"
	renames           defect = "sends another id than it answered"
	damages           defect = "cuts a payload"
	dispatchesRefused defect = "dispatches what it refused"
	forgetsCursor     defect = "takes a cursor for unknown"
	skipsAfterCursor  defect = "skips the first event after a cursor"
	sendsNoID         defect = "sends an event without id"
	answers204        defect = "ends EventSources with 204"
)

// victim is the entry, by index, that the defect befalls.
const victim = 5

type fakeEntry struct {
	id, topic, data string
	private         bool
}

// A fakeHub is a hub of protocol 0.x in a page: a slice, and subscribers that
// walk along it. It believes every token.
type fakeHub struct {
	defect defect

	mu      sync.Mutex
	grown   *sync.Cond
	log     []fakeEntry
	answers int // publishes answered
}

// serveFake returns the URL of a fake hub that lives as long as the test.
func serveFake(t *testing.T, d defect) string {
	h := &fakeHub{defect: d}
	h.grown = sync.NewCond(&h.mu)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

func (h *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		h.publish(w, r)
		return
	}
	h.subscribe(w, r)
}

func (h *fakeHub) publish(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.answers
	h.answers++
	e := fakeEntry{id: fmt.Sprintf("urn:fake:%d", n), topic: r.FormValue("topic"), data: r.FormValue("data"), private: r.FormValue("private") != ""}
	answer := e.id
	refused := strings.Contains(e.topic, "refused")
	hit := n == victim
	switch {
	case hit && h.defect == reusesID:
		e.id = fmt.Sprintf("urn:fake:%d", n-1)
		answer = e.id
	case hit && h.defect == renames:
		e.id += "x"
	case hit && h.defect == damages:
		e.data = e.data[:len(e.data)-3]
	}
	if !(refused && h.defect != dispatchesRefused) && !(hit && h.defect == losesOneStored) {
		h.log = append(h.log, e)
	}
	if hit && h.defect == storesTwice {
		e.id += "again"
		h.log = append(h.log, e)
	}
	if last := len(h.log) - 1; last == victim && h.defect == reordersTwo {
		h.log[last], h.log[last-1] = h.log[last-1], h.log[last]
	}
	h.grown.Broadcast()
	if refused {
		http.Error(w, "refused", http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, answer)
}

func (h *fakeHub) subscribe(w http.ResponseWriter, r *http.Request) {
	topics, granted := r.URL.Query()["topic"], grantedBy(r)
	cursor := r.Header.Get("Last-Event-ID")
	if h.defect == answers204 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	position, answered := h.find(cursor)
	if cursor != "" {
		w.Header().Set("Last-Event-ID", answered)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 1000\n\n: hello\n\n")
	http.NewResponseController(w).Flush()
	go func() { // wakes the loop below to notice that the client went
		<-r.Context().Done()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.grown.Broadcast()
	}()
	for {
		h.mu.Lock()
		for position >= h.visible() && r.Context().Err() == nil {
			h.grown.Wait()
		}
		if r.Context().Err() != nil {
			h.mu.Unlock()
			return
		}
		e := h.log[position]
		h.mu.Unlock()
		h.send(w, e, position, topics, granted)
		position++
	}
}

// grantedBy returns what a subscriber's token grants.
func grantedBy(r *http.Request) []string {
	parts := strings.Split(r.Header.Get("Authorization"), ".")
	if len(parts) != 3 {
		return nil
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var c struct{ Mercure Grants }
	if json.Unmarshal(claims, &c) != nil {
		return nil
	}
	return c.Mercure.Subscribe
}

// visible is how much of the log subscribers may see: a hub that swaps two
// entries must not show the first before it has the second.
func (h *fakeHub) visible() int {
	if h.defect == reordersTwo && len(h.log) <= victim {
		return min(len(h.log), victim-1)
	}
	return len(h.log)
}

func (h *fakeHub) find(cursor string) (position int, answered string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if cursor == "" {
		return len(h.log), ""
	}
	i := slices.IndexFunc(h.log, func(e fakeEntry) bool { return e.id == cursor })
	switch {
	case i < 0 || h.defect == forgetsCursor:
		return 0, Earliest
	case h.defect == skipsAfterCursor:
		return i + 2, cursor
	}
	return i + 1, cursor
}

func (h *fakeHub) send(w http.ResponseWriter, e fakeEntry, position int, topics, granted []string) {
	hit := position == victim
	if !covers(topics, e.topic) && h.defect != ignoresTopics {
		return
	}
	if e.private && !covers(granted, e.topic) && h.defect != leaksPrivate {
		return
	}
	if hit && h.defect == losesOne {
		return
	}
	if hit && h.defect == sendsNoID {
		fmt.Fprintf(w, "data: %s\n\n", e.data)
	} else {
		fmt.Fprintf(w, "id: %s\ndata: %s\n\n", e.id, e.data)
	}
	if hit && h.defect == duplicatesOne {
		fmt.Fprintf(w, "id: %s\ndata: %s\n\n", e.id, e.data)
	}
	http.NewResponseController(w).Flush()
}
