package hub

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cinnabar/spec"

	"github.com/gorilla/mux"
)

// paramAfter names the place where a page of a collection begins.
const paramAfter = "after"

// tellsOfSubscriptions matches the paths of the subscription API and those below
// that are none.
func (h *Hub) tellsOfSubscriptions(r *http.Request, _ *mux.RouteMatch) bool {
	rest, ok := strings.CutPrefix(rawPath(r), spec.SubscriptionsPath(h.base.Path()))
	return ok && (rest == "" || rest[0] == '/')
}

// rawPath returns the path of a request as it came. EscapedPath would write one
// anew that has a character which should have been encoded, and lose which
// slashes were (SUBS-api-raw-path).
func rawPath(r *http.Request) string {
	if r.URL.RawPath != "" {
		return r.URL.RawPath
	}
	return r.URL.EscapedPath()
}

// subscriptionsHandler is the subscription API.
func (h *Hub) subscriptionsHandler(c Config) http.Handler {
	if !c.Subscriptions {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.refuse(w, r, call{endpoint: unknownEndpoint}, &unseenSubscriptions{why: subscriptionsOff})
		})
	}
	others := h.otherMethods([]string{http.MethodGet, http.MethodHead, http.MethodOptions})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			others.ServeHTTP(w, r)
			return
		}
		h.serveSubscriptions(w, r)
	})
}

// serveSubscriptions is GET and HEAD below the hub's path: who listens, in the
// words of the generation whose token asks (differences C5).
func (h *Hub) serveSubscriptions(w http.ResponseWriter, r *http.Request) {
	c := call{endpoint: subscriptionsEndpoint}
	list, err := h.subscriptions(w, r, &c)
	h.metrics.requested(c)
	if err != nil {
		h.refuse(w, r, c, err)
		return
	}
	list.write(w, r)
}

// subscriptions finds out who asks (401), whether he may (403), and what for
// (404, 400), in this order: only who may know is told what there is
// (SUBS-api-403-before-404).
func (h *Hub) subscriptions(w http.ResponseWriter, r *http.Request, c *call) (*subscriptionList, error) {
	varies(w)
	path := rawPath(r)
	grants, err := h.trust.current.Load().ForSubscriptions(r, h.cookieFirst(r, path))
	if err != nil {
		return nil, err
	}
	c.generation = grants.Generation()
	h.announce(w, c.generation)
	h.noteLegacy(subscriptionsEndpoint, grants)
	// The topic is the path as it came, without the query (SUBS-api-authz-topic,
	// SUBS-0x-api-authz): the same as that of the events.
	if !grants.CanReceive([]string{path}) {
		return nil, &unseenSubscriptions{why: subscriptionsNotGranted, path: path, generation: c.generation, withheld: grants.Withheld(path)}
	}
	query, ok := spec.ParseSubscriptionPath(c.generation, h.base.Path(), path)
	if !ok {
		return nil, &unseenSubscriptions{why: noSuchShape, generation: c.generation}
	}
	if query.ByMatch && c.generation == spec.Current && !slices.Contains(matcherTypes, query.MatchType) {
		return nil, &unseenSubscriptions{why: noSuchType, generation: c.generation}
	}
	if err := ignoreBody(w, r); err != nil {
		return nil, err
	}
	h.engine.Settle(r.Context())
	now := h.engine.Presence()
	list := &subscriptionList{generation: c.generation, hub: h.url(), cursor: now.Cursor()}
	if query.Single {
		one := now.Single(c.generation, query)
		if one == nil {
			return nil, &unseenSubscriptions{why: noSuchSubscription, generation: c.generation}
		}
		list.body = one.AppendSingle(nil, c.generation, h.base.Path(), list.cursor)
		return list, nil
	}
	after := placeOf(r)
	page, err := now.Page(c.generation, query, after)
	if err != nil {
		return nil, &spec.Fault{Rule: "SUBS-api-paginate", Field: paramAfter, Problem: "is not a place in this list",
			Fix: "take the URL of the next page as it is in the Link header with rel=\"next\", or leave the parameter out for the first page"}
	}
	if page.Next != "" {
		list.next = strings.ReplaceAll(pageURL(path, page.Next), ">", "%3E")
	}
	list.body = spec.AppendSubscriptions(nil, c.generation, h.base.Path(), pageURL(path, after), list.cursor, slices.Values(page.Subscriptions))
	return list, nil
}

// pageURL returns where the page of a collection after a place is: the id of
// its document (SUBS-api-collection-id). Of a query the place alone leads to
// it; the rest may hold a token, which no document repeats.
func pageURL(path, after string) string {
	if after == "" {
		return path
	}
	return path + "?" + paramAfter + "=" + url.QueryEscape(after)
}

// cookieFirst tells whose cookie counts where a browser sends those of both
// generations: 1.0's, except for what only 0.x has (differences C5).
func (h *Hub) cookieFirst(r *http.Request, path string) spec.Generation {
	rest := strings.TrimPrefix(path, spec.SubscriptionsPath(h.base.Path()))
	accept := strings.ToLower(strings.Join(r.Header["Accept"], ","))
	if strings.Count(rest, "/") == 1 ||
		strings.Contains(accept, mediaLinkedData) && !strings.Contains(accept, mediaJSON) {
		return spec.Legacy
	}
	return spec.Current
}

// url returns where the hub is: its whole URL where it is known.
func (h *Hub) url() string {
	if h.now().ResourceIdentifier != "" {
		return h.now().ResourceIdentifier
	}
	return h.base.Path()
}

// placeOf returns which page is wanted, "" for the first.
func placeOf(r *http.Request) string {
	for _, p := range spec.ParseForm(r.URL.RawQuery) {
		if p.Name == paramAfter {
			return p.Value
		}
	}
	return ""
}

const (
	mediaJSON       = "application/json"
	mediaLinkedData = "application/ld+json"
)

// varies tells caches what an answer depends on: refusals as well, which are
// worded by generation, too.
func varies(w http.ResponseWriter) {
	for _, name := range []string{"Authorization", "Cookie", "Accept"} {
		w.Header().Add("Vary", name)
	}
}

// A subscriptionList is an answer of the subscription API.
type subscriptionList struct {
	generation spec.Generation
	hub        string // its URL
	cursor     string
	next       string // where the next page is, "" for nowhere
	body       []byte
}

// write answers. The entity tag is that of the body: in 1.0, where the cursor is
// not in it, it stays while the same subscriptions are open, and the answer 304
// brings a cached list a fresh cursor.
func (l *subscriptionList) write(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	sum := sha256.Sum256(l.body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, must-revalidate")
	header.Add("Link", l.link())
	if l.next != "" {
		header.Add("Link", "<"+l.next+`>; rel="next"`)
	}
	if hasTag(r.Header["If-None-Match"], tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", mediaJSON)
	if l.generation == spec.Legacy {
		header.Set("Content-Type", mediaLinkedData)
	}
	header.Set("Content-Length", strconv.Itoa(len(l.body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(l.body) // the client may be gone
	}
}

// link leads to the hub. In 1.0 it carries the cursor, and what the events will
// be like (SUBS-api-cursor, SUBS-api-link-attrs).
func (l *subscriptionList) link() string {
	link := "<" + l.hub + `>; rel="mercure"`
	if l.generation == spec.Current {
		link += "; last-event-id=" + quoted(l.cursor) +
			"; type=" + quoted(spec.HubsEvent) + "; content-type=" + quoted(mediaJSON)
	}
	return link
}

// hasTag reports whether a conditional request names an entity tag, which holds
// no comma.
func hasTag(fields []string, tag string) bool {
	for named := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		named = strings.TrimPrefix(strings.TrimSpace(named), "W/")
		if named == tag || named == "*" {
			return true
		}
	}
	return false
}
