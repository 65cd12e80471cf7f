package wronghub

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Config is what a hub is told. The zero value of a field that is not
// mentioned as required switches its feature off.
type Config struct {
	Resource      string // required: the hub's URL, which is its resource identifier
	Issuer        string // required: whose 1.0 tokens are trusted
	PublisherKey  string // required: a secret, or a public key in PEM
	SubscriberKey string // required
	CurrentOnly   bool   // serve 1.0 alone

	SecondKey   string // a further secret of the issuer, for both roles: "second" beside "first"
	OtherIssuer string // another issuer, with one secret for both roles, "other"
	OtherKey    string
	KeysAt      string // instead of OtherKey: the URL of the other issuer's keys

	Subscriptions bool // announce and list active subscriptions

	Anonymous    bool          // subscribers without a token get public updates
	Origin       string        // may subscribe with cookies, and publish with them
	Cookie       string        // of 1.0 tokens; default __Secure-mercure_access_token
	LegacyCookie string        // of 0.x tokens; default mercureAuthorization
	QueryToken   bool          // take 0.x tokens from the query
	MaxLifetime  time.Duration // of a stream
	Heartbeat    time.Duration // between comments on an idle stream
	Retained     int           // updates kept for replays; default all
	MaxStreams   int           // open at once; default any number
	MaxOfToken   int           // of them with one token
	MaxOfClient  int           // of them from one address
	Limits       Limits

	Defects []Defect
}

// A Hub serves the URL it is configured with, at that URL's path. Its methods
// may be called at once.
type Hub struct {
	config        Config
	resource      *address
	publisherKey  key
	subscriberKey key
	history       *history
	places        *places       // of streams
	subscribers   *atomic.Int64 // that there ever were
}

// New returns a hub with an empty history.
func New(c Config) (*Hub, error) {
	h := &Hub{config: c, history: newHistory(), places: newPlaces(), subscribers: new(atomic.Int64)}
	if c.Cookie == "" {
		h.config.Cookie = "__Secure-mercure_access_token"
	}
	if c.LegacyCookie == "" {
		h.config.LegacyCookie = "mercureAuthorization"
	}
	var ok bool
	if h.resource, ok = parseAddress(c.Resource, nil); !ok {
		return nil, fmt.Errorf("resource identifier %q is no URL", c.Resource)
	}
	var err error
	if h.publisherKey, err = parseKey(c.PublisherKey); err != nil {
		return nil, fmt.Errorf("publisher key: %w", err)
	}
	if h.subscriberKey, err = parseKey(c.SubscriberKey); err != nil {
		return nil, fmt.Errorf("subscriber key: %w", err)
	}
	return h, nil
}

// Restart ends all streams, as a restart of a process would that finds its
// history again.
func (h *Hub) Restart() { h.history.interrupt() }

func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.is(ResolvesOnHost) {
		h = h.reachedAt(r)
	}
	h.allowOrigin(w, r)
	err := h.serve(w, r)
	if err != nil && h.is(HidesErrorsFromPages) {
		w.Header().Del("Access-Control-Allow-Origin")
	}
	if err != nil {
		h.refuse(w, err)
	}
}

// reachedAt returns the hub as if its URL were the one that a request names.
func (h *Hub) reachedAt(r *http.Request) *Hub {
	there, resource := *h, *h.resource
	resource.scheme, there.resource = "http", &resource
	resource.host, resource.port, _ = strings.Cut(r.Host, ":")
	return &there
}

func (h *Hub) serve(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == h.metadataPath() {
		return h.describe(w)
	}
	if below, ok := h.listed(r); ok {
		return h.list(w, r, below)
	}
	if h.is(RedirectsFromDefaultPath) {
		w.Header().Set("Location", "/hub")
		return refusal{status: http.StatusPermanentRedirect}
	}
	if r.URL.Path != h.resource.path && !(h.is(IsAnywhere) && strings.HasPrefix(h.resource.path, r.URL.Path)) {
		return refusal{status: http.StatusNotFound}
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, methodQuery:
		return h.subscribe(w, r)
	case http.MethodPost:
		if !h.is(RefusesPost) {
			return h.publish(w, r)
		}
	case http.MethodOptions:
		return h.preflight(w)
	}
	if !h.is(OmitsAllow) {
		w.Header().Set("Allow", methods)
	}
	return refusal{status: http.StatusMethodNotAllowed}
}

const (
	methodQuery = "QUERY"
	methods     = "GET, HEAD, POST, QUERY, OPTIONS"
)
