package hub

import (
	"net/http"

	"cinnabar/spec"
)

// settings are what requests are judged by: a configuration and what is made
// of it. They are immutable, and a reload puts others in their place.
type settings struct {
	Config // with defaults

	rules          spec.Rules
	publishForms   formReader
	queryForms     formReader
	publishOrigins map[string]bool
	handler        http.Handler
}

// settingsOf makes the settings of a configuration that was judged.
func (h *Hub) settingsOf(c Config) *settings {
	s := &settings{
		Config:         c,
		rules:          spec.Rules{Base: h.base, Generations: c.Generations, MaxTopics: c.MaxTopics, MaxField: c.MaxFieldSize},
		publishForms:   publishForms(c.MaxBodySize, c.MaxTopics),
		queryForms:     queryForms(c.MaxMatchers),
		publishOrigins: make(map[string]bool),
		handler:        h.discoverable(c, h.crossOrigin(c.CORSOrigins, h.routes(c))),
	}
	for _, origin := range c.PublishOrigins {
		s.publishOrigins[origin] = true
	}
	return s
}

// now returns the settings in force. Who asks twice in one request may get two
// answers, so what has to fit together is asked for once.
func (h *Hub) now() *settings { return h.current.Load() }
