package hub

import (
	"errors"
	"net/http"

	"cinnabar/auth"
	"cinnabar/hub/fanout"
	"cinnabar/spec"
	"cinnabar/store"

	"github.com/prometheus/client_golang/prometheus"
)

// Names of the metrics, all of them. The first three are those of the
// reference hub, so that dashboards made for it go on working.
const (
	metricConnected   = "mercure_subscribers_connected"       // gauge
	metricSubscribers = "mercure_subscribers_total"           // counter
	metricUpdates     = "mercure_updates_total"               // counter
	metricRequests    = "mercure_requests_total"              // counter by endpoint, generation
	metricPublishes   = "mercure_publishes_total"             // counter by result
	metricLegacy      = "mercure_legacy_tokens_total"         // counter by endpoint, exp
	metricRefused     = "mercure_tokens_refused_total"        // counter by endpoint, generation, reason
	metricSentAway    = "mercure_subscribers_sent_away_total" // counter by reason
	metricStates      = "mercure_subscribers"                 // gauge by state
	metricBehind      = "mercure_subscribers_behind_total"    // counter
	metricCaughtUp    = "mercure_subscribers_caught_up_total"
	metricDeliveries  = "mercure_deliveries_total"     // counter
	metricClosed      = "mercure_streams_closed_total" // counter by reason
	metricHealthy     = "mercure_history_healthy"      // gauge, 0 or 1
	metricOpen        = "mercure_subscriptions"        // gauge, where the hub tells of them
	metricUntold      = "mercure_subscribers_untold"   // gauge, likewise
	metricConnections = "mercure_connections_refused_total"
)

// metrics are what a hub counts itself and what it reads from the engine and
// the history when asked.
type metrics struct {
	updates      prometheus.Counter
	requests     *prometheus.CounterVec
	publishes    *prometheus.CounterVec
	tokens       *prometheus.CounterVec
	legacyTokens *prometheus.CounterVec
	away         *prometheus.CounterVec
	connections  prometheus.Counter
	engine       *engineCollector

	// Of those above, what every request counts: looking a counter up costs
	// more than counting.
	accepted prometheus.Counter
	repeated prometheus.Counter
	served   map[call]prometheus.Counter      // requests; immutable
	legacy   map[legacyUse]prometheus.Counter // legacyTokens; immutable
}

func newMetrics(e *fanout.Engine, log store.Log) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		updates: prometheus.NewCounter(prometheus.CounterOpts{Name: metricUpdates,
			Help: "Updates that this hub put into the history."}),
		requests: counter(metricRequests,
			"Publish and subscribe requests, and those of the subscription API, by protocol generation, none where it could not be told.", "endpoint", "generation"),
		publishes: counter(metricPublishes,
			"Publish requests by result.", "result"),
		tokens: counter(metricRefused,
			"Credentials refused by the rule they failed; no_token is a request without one where one is needed.", "endpoint", "generation", "reason"),
		legacyTokens: counter(metricLegacy,
			"Requests with a valid 0.x token, by whether it ever expires.", "endpoint", "exp"),
		away: counter(metricSentAway,
			"Subscribers that were told to come back, by what the hub was short of; draining before a stop, history where it could not be asked.", "reason"),
		connections: prometheus.NewCounter(prometheus.CounterOpts{Name: metricConnections,
			Help: "Connections closed as they came, since their address had too many."}),
		engine: newEngineCollector(e, log),
	}
	m.accepted, m.repeated = m.publishes.WithLabelValues("accepted"), m.publishes.WithLabelValues("repeated")
	m.served, m.legacy = make(map[call]prometheus.Counter), make(map[legacyUse]prometheus.Counter)
	for _, at := range []endpoint{publishEndpoint, subscribeEndpoint, subscriptionsEndpoint} {
		for _, g := range []spec.Generation{0, spec.Legacy, spec.Current} {
			m.served[call{at, g}] = m.requests.WithLabelValues(string(at), g.String())
		}
		for expires, label := range map[bool]string{true: "yes", false: "no"} {
			m.legacy[legacyUse{at, expires}] = m.legacyTokens.WithLabelValues(string(at), label)
		}
	}
	return m
}

// openSubscriptions counts what the subscription API lists.
func openSubscriptions(e *fanout.Engine) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: metricOpen,
		Help: "Subscriptions that are open, a stream having one for each selector, as the subscription API lists them."},
		func() float64 { return float64(e.Presence().Len()) })
}

// untold counts who waits for the history to be told of them.
func untold(r *registrar) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: metricUntold,
		Help: "Streams that came or went and that the history was not told of yet; with 16384 that came, others are sent away."},
		func() float64 { return float64(r.waiting()) })
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.updates, m.requests, m.publishes, m.tokens, m.legacyTokens, m.away, m.connections, m.engine}
}

// requested counts a request to one of the endpoints.
func (m *metrics) requested(c call) {
	m.served[c].Inc()
}

// published counts a publish that was answered with an id.
func (m *metrics) published(repeated bool) {
	if repeated {
		m.repeated.Inc()
		return
	}
	m.accepted.Inc()
}

// refused counts a refusal where it matters.
func (m *metrics) refused(c call, p problem, why error) {
	if c.endpoint == publishEndpoint {
		m.publishes.WithLabelValues(resultOf(p.Status)).Inc()
	}
	var r *auth.Refusal
	if errors.As(why, &r) {
		m.tokens.WithLabelValues(string(c.endpoint), c.generation.String(), string(r.Reason)).Inc()
	}
}

// sentAway counts a subscriber that was told to come back.
func (m *metrics) sentAway(why error) { m.away.WithLabelValues(awayReason(why)).Inc() }

// resultOf names the refusal of a publish for people who read dashboards.
func resultOf(status int) string {
	switch status {
	case http.StatusConflict:
		return "key_reused"
	case http.StatusUnauthorized:
		return "unauthorized"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusRequestEntityTooLarge:
		return "too_large"
	case http.StatusRequestTimeout:
		return "timeout"
	case http.StatusServiceUnavailable:
		return "unavailable"
	case http.StatusInternalServerError:
		return "failed"
	}
	return "malformed"
}

// An engineCollector takes one snapshot of the engine for each scrape, so that
// the numbers of a scrape fit together.
type engineCollector struct {
	engine *fanout.Engine
	log    store.Log

	connected, total, states, behind, caughtUp, deliveries, closed, healthy *prometheus.Desc
}

func newEngineCollector(e *fanout.Engine, log store.Log) *engineCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &engineCollector{
		engine:     e,
		log:        log,
		connected:  desc(metricConnected, "Streams that are open."),
		total:      desc(metricSubscribers, "Streams ever opened."),
		states:     desc(metricStates, "Open streams by where their events come from: live, or catching up from the history.", "state"),
		behind:     desc(metricBehind, "Times a live stream was too slow and went back to catching up."),
		caughtUp:   desc(metricCaughtUp, "Times a stream reached the end of the history and became live."),
		deliveries: desc(metricDeliveries, "Events handed to sockets."),
		closed:     desc(metricClosed, "Streams ended, by reason.", "reason"),
		healthy:    desc(metricHealthy, "1 while appends are expected to succeed."),
	}
}

// Describe implements prometheus.Collector.
func (c *engineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.connected, c.total, c.states, c.behind, c.caughtUp, c.deliveries, c.closed, c.healthy} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *engineCollector) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, t, v, labels...)
	}
	s := c.engine.Stats()
	send(c.connected, prometheus.GaugeValue, float64(s.Live+s.CatchingUp))
	send(c.total, prometheus.CounterValue, float64(s.Joined))
	send(c.states, prometheus.GaugeValue, float64(s.Live), "live")
	send(c.states, prometheus.GaugeValue, float64(s.CatchingUp), "catching_up")
	send(c.behind, prometheus.CounterValue, float64(s.FellBehind))
	send(c.caughtUp, prometheus.CounterValue, float64(s.CaughtUp))
	send(c.deliveries, prometheus.CounterValue, float64(s.Delivered))
	for reason, n := range s.Closed {
		send(c.closed, prometheus.CounterValue, float64(n), string(reason))
	}
	healthy := 1.0
	if c.log.Health() != nil {
		healthy = 0
	}
	send(c.healthy, prometheus.GaugeValue, healthy)
}
