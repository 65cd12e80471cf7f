package wronghub

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// pageSize is how many subscriptions a document lists.
const pageSize = 100

// listed returns what of a path is below the root of the subscription API.
func (h *Hub) listed(r *http.Request) (below string, ok bool) {
	path := r.URL.EscapedPath()
	if h.is(SplitsDecodedPaths) {
		path = r.URL.Path
	}
	below, ok = strings.CutPrefix(path, h.resource.path+"/subscriptions")
	return below, ok && (below == "" || below[0] == '/') && h.config.Subscriptions && !h.is(HasNoAPI)
}

// list answers a request to the subscription API.
func (h *Hub) list(w http.ResponseWriter, r *http.Request, below string) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		return h.preflight(w)
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		return refusal{status: http.StatusMethodNotAllowed}
	}
	if strings.Contains(below, "%2F") && h.is(RedirectsEncodedPaths) {
		http.Redirect(w, r, r.URL.Path, http.StatusMovedPermanently)
		return nil
	}
	t, _, err := h.authenticate(r, either, h.subscriberKey)
	switch {
	case err != nil:
		return err
	case t == nil && h.is(ListsToStrangers):
		t = &token{current: !h.config.CurrentOnly, grants: grants{subscribe: []selector{everything}}}
	case t == nil:
		return noToken
	}
	gen := legacy
	if t.current {
		gen = current
	}
	l := h.listing(gen, r, below)
	switch {
	case l == nil && h.is(LooksBeforeItAuthorizes):
		return refusal{status: http.StatusNotFound}
	case !h.mayList(t, r):
		if h.is(HidesWhatIsNotGranted) {
			return refusal{status: http.StatusNotFound}
		}
		return insufficientScope
	case l == nil && h.is(AnswersUnknownWithNothing):
		l = &listing{document: object{}}
	case l == nil:
		return refusal{status: http.StatusNotFound, detail: "there is no such subscription"}
	}
	h.answerListing(w, gen, l)
	return nil
}

// mayList reports whether the path of a request is granted.
func (h *Hub) mayList(t *token, r *http.Request) bool {
	topic := r.URL.EscapedPath()
	granted := t.subscribe
	switch {
	case !t.current && h.is(ListsToEveryLegacyToken):
		return true
	case h.is(AuthorizesListsWithQuery) && r.URL.RawQuery != "":
		topic += "?" + r.URL.RawQuery
	case h.is(ListsToPublishers):
		granted = append(granted, t.publish...)
	case h.is(ListsToCollectors) && anyMatches(granted, h.resource.path+"/subscriptions"):
		return true
	case h.is(ResolvesGrantsOfLists) && anyMatches(granted, h.resource.origin()+topic):
		return true
	case h.is(ComparesGrantsOfLists):
		granted = slices.DeleteFunc(slices.Clone(granted), func(s selector) bool { return s(topic+"?x") && !s("x") })
	}
	return anyMatches(granted, topic)
}

// A listing is a document of the API, and the cursor that it goes with.
type listing struct {
	document object
	cursor   string
	next     string
	single   bool
}

// listing makes the document of a path, nil where there is none.
func (h *Hub) listing(gen generation, r *http.Request, below string) *listing {
	updates, _, _ := h.history.all()
	l := &listing{cursor: earliest}
	for _, u := range slices.Backward(updates) {
		if u.change == nil || !h.is(CountsPublishedOnly) {
			l.cursor = u.id
			break
		}
	}
	if h.is(ListsWhatWas) {
		updates = updates[:max(0, len(updates)-3)]
	}
	changes := h.open(updates, gen)
	segments := strings.Split(strings.TrimPrefix(below, "/"), "/")
	if below == "" {
		segments = nil
	}
	for i, s := range segments {
		segments[i] = decodePercent(s, func(byte) bool { return true })
	}
	most := 3
	if gen == legacy {
		most = 2
	}
	switch len(segments) {
	case 0, most - 1:
		if segments != nil && h.is(ListsAllOnly) {
			return nil
		}
		changes = slices.DeleteFunc(changes, func(c *change) bool { return segments != nil && !h.isOf(c, gen, segments) })
		h.page(l, gen, r, changes)
		return l
	case most:
		i := slices.IndexFunc(changes, func(c *change) bool {
			return h.isOf(c, gen, segments[:most-1]) && c.subscriber == segments[most-1]
		})
		if i < 0 {
			return nil
		}
		l.document, l.single = h.document(changes[i], gen), true
		return l
	}
	return nil
}

// isOf reports whether a subscription has the matcher that a path names.
func (h *Hub) isOf(c *change, gen generation, segments []string) bool {
	if h.is(IgnoresMatchersOfPaths) {
		return true
	}
	if gen == legacy {
		return c.match == segments[0]
	}
	return c.match == segments[1] && (c.kind == segments[0] || h.is(IgnoresTypesOfPaths))
}

// open returns the subscriptions that are open after these updates.
func (h *Hub) open(updates []*update, gen generation) []*change {
	var open []*change
	for _, u := range updates {
		switch c := u.change; {
		case c == nil || !c.visible(gen):
		case c.active:
			open = append(open, c)
		case !h.is(ListsWhoLeft):
			open = slices.DeleteFunc(open, func(o *change) bool { return o.subscription == c.subscription })
		}
	}
	return open
}

// page makes the document of a part of a collection.
func (h *Hub) page(l *listing, gen generation, r *http.Request, changes []*change) {
	path := r.URL.EscapedPath()
	from, _ := strconv.Atoi(r.URL.Query().Get("from")) // anything else is the beginning
	from = min(max(from, 0), len(changes))
	end := min(from+pageSize, len(changes))
	if end < len(changes) {
		l.next = fmt.Sprintf("%s?from=%d", path, end)
	}
	items := []any{}
	for _, c := range changes[from:end] {
		item := h.document(c, gen)
		delete(item, "@context") // the collection has it
		if h.is(ListsIDsOnly) {
			item = object{"id": item["id"]}
		}
		items = append(items, item)
	}
	if len(items) == 0 && h.is(WritesNullForNone) {
		items = nil
	}
	id := path
	if from > 0 && !h.is(NamesPagesAlike) {
		id = fmt.Sprintf("%s?from=%d", path, from)
	}
	l.document = object{"id": id, "type": "subscriptions", "subscriptions": items}
	if gen == legacy {
		l.document["@context"], l.document["type"] = "https://mercure.rocks/", "Subscriptions"
	}
	switch {
	case h.is(NamesRootInCollections):
		l.document["id"] = h.resource.path + "/subscriptions"
	case h.is(SwapsCollectionTypes) && gen == current:
		l.document["type"] = "Subscriptions"
	case h.is(SwapsCollectionTypes):
		l.document["type"] = "subscriptions"
	case h.is(OmitsIDsOfCollections):
		delete(l.document, "id")
	case h.is(WritesLaterPagesShort) && from > 0:
		delete(l.document, "type")
	}
}

// answerListing writes a document with its cursor.
func (h *Hub) answerListing(w http.ResponseWriter, gen generation, l *listing) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	if gen == legacy {
		header.Set("Content-Type", "application/ld+json")
	}
	switch {
	case h.is(SwapsListingTypes) && gen == current:
		header.Set("Content-Type", "application/ld+json")
	case h.is(SwapsListingTypes):
		header.Set("Content-Type", "application/json")
	}
	if gen == legacy && !(l.single && h.is(OmitsLegacyCursorOfSingles)) {
		l.document["lastEventID"] = l.cursor
	}
	if l.single && h.is(PutsCursorIntoSingles) {
		l.document["last_event_id"] = l.cursor
	}
	var document any = l.document
	if l.single && h.is(WrapsSingles) {
		document = object{"subscription": document}
	}
	if !l.single && h.is(ListsInBareArrays) {
		document = l.document["subscriptions"]
	}
	raw := encode(document)
	if !(l.single && h.is(LinksCollectionsOnly)) {
		header.Add("Link", h.hubLink(gen, l.cursor))
	}
	if l.next != "" {
		header.Add("Link", "<"+l.next+`>; rel="next"`)
	}
	tag := fmt.Sprintf("%x", sha256.Sum256([]byte(raw)))
	switch {
	case h.is(TagsAllAlike):
		header.Set("ETag", `"subscriptions"`)
	case h.is(TagsWithoutQuotes):
		header.Set("ETag", tag)
	default:
		header.Set("ETag", `"`+tag+`"`)
	}
	header.Set("Cache-Control", "private, must-revalidate")
	_, _ = w.Write([]byte(raw)) // the client may be gone
}

// hubLink leads to the hub, with the cursor to resume from.
func (h *Hub) hubLink(gen generation, cursor string) string {
	target := h.config.Resource
	if h.is(LinksTheAPI) {
		target += "/subscriptions"
	}
	link := "<" + target + `>; rel="mercure"`
	if gen == legacy {
		return link
	}
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(cursor) + `"`
	if h.is(WritesCursorsAsTheyAre) {
		quoted = `"` + cursor + `"`
	}
	link += "; last-event-id=" + quoted
	if !h.is(OmitsLinkAttributes) {
		link += `; type="mercure"; content-type="application/json"`
	}
	return link
}
