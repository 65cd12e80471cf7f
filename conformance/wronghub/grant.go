package wronghub

import (
	"slices"
	"strings"
)

// grants are what a token allows.
type grants struct {
	publish, subscribe []selector
	payloads           []payload // of 1.0, in order

	legacyPayload    any
	hasLegacyPayload bool
}

// detailType marks the authorization details that are about hubs.
const detailType = "https://mercure.rocks/authorization-detail"

// currentGrants reads the authorization details of a 1.0 token.
func (h *Hub) currentGrants(claims object) (g grants, ok bool) {
	claim, ok := claims["authorization_details"]
	if !ok {
		return g, !h.is(WantsDetails)
	}
	if one, ok := claim.(object); ok && h.is(TakesOneDetailForArray) {
		claim = []any{one}
	}
	details, ok := claim.([]any)
	if !ok {
		return g, false
	}
	if h.exceeds(len(details), h.config.Limits.Details, TakesAnyDetails) {
		return g, false
	}
	for _, d := range details {
		detail, ok := d.(object)
		if !ok && h.is(SkipsStrangeDetails) {
			continue
		}
		if !ok {
			return grants{}, false
		}
		switch ok := h.addDetail(&g, detail); {
		case ok, h.is(SkipsBadDetails):
		case !h.isOurs(detail) && !h.is(ReadsForeignDetails):
		default:
			return grants{}, false
		}
	}
	if h.is(MixesActions) {
		all := append(g.publish, g.subscribe...)
		g.publish, g.subscribe = all, all
	}
	if h.is(ReadsByPublishGrants) {
		g.subscribe = append(g.subscribe, g.publish...)
	}
	return g, true
}

// isOurs reports whether a detail is about hubs.
func (h *Hub) isOurs(detail object) bool {
	kind, _ := detail["type"].(string)
	return kind == detailType || strings.EqualFold(kind, detailType) && h.is(FoldsDetailTypes)
}

// addDetail adds what a detail grants, and reports whether it is one, and
// well-formed.
func (h *Hub) addDetail(g *grants, detail object) bool {
	if !h.isOurs(detail) {
		return false
	}
	if one, ok := detail["actions"].(string); ok && h.is(TakesOneActionForArray) {
		detail["actions"] = []any{one}
	}
	actions, ok := detail["actions"].([]any)
	if !ok || len(actions) == 0 {
		return false
	}
	topics, ok := detail["topics"].([]any)
	if h.exceeds(len(topics), h.config.Limits.Details, TakesAnyGrantedTopics) {
		return false
	}
	if !ok || len(topics) == 0 && !h.is(AllowsNoGrantedTopics) {
		return false
	}
	if payload, given := detail["payload"]; given && !h.is(TakesAnyPayload) {
		if _, ok := payload.(object); !ok {
			return false
		}
	}
	var selectors []selector
	p := payload{value: detail["payload"]}
	for _, entry := range topics {
		switch s, ok := h.grantedMatcher(entry); {
		case ok:
			selectors = append(selectors, s)
		case !h.is(SkipsBadMatchers):
			return false
		}
		if matcher, ok := entry.(object); ok {
			text, _ := matcher["match"].(string)
			p.texts = append(p.texts, text)
		}
	}
	if slices.Contains(actions, any("subscribe")) || h.is(TakesPayloadsOfEveryAction) {
		p.matches = selectors
		g.payloads = append(g.payloads, p)
	}
	return h.addActions(g, actions, selectors)
}

// addActions grants actions on topics, and reports whether they are strings.
func (h *Hub) addActions(g *grants, actions []any, topics []selector) bool {
	for _, a := range actions {
		action, ok := a.(string)
		if !ok {
			return false
		}
		if h.is(FoldsActions) {
			action = strings.ToLower(action)
		}
		switch action {
		case "publish":
			g.publish = append(g.publish, topics...)
		case "subscribe":
			g.subscribe = append(g.subscribe, topics...)
		default:
			if h.is(RefusesUnknownActions) {
				return false
			}
		}
	}
	return true
}

// grantedMatcher reads an entry of a detail's topics.
func (h *Hub) grantedMatcher(entry any) (selector, bool) {
	if text, ok := entry.(string); ok && h.is(TakesStringsForMatchers) {
		entry = object{"match": text}
	}
	matcher, ok := entry.(object)
	if !ok {
		return nil, false
	}
	match, ok := matcher["match"].(string)
	if !ok {
		return nothing, h.is(TakesMatcherWithoutMatch)
	}
	if h.exceeds(len(match), h.config.Limits.Matcher, TakesAnyGrantedMatcher) {
		return nil, false
	}
	kind := exact
	if h.is(GrantsPatternsByDefault) {
		kind = urlPattern
	}
	given, ok := matcher["match_type"]
	if given == nil && h.is(TakesNullTypeForNone) {
		ok = false
	}
	if ok {
		if kind, ok = given.(string); !ok {
			return nil, false
		}
	}
	switch {
	case h.is(FoldsGrantedTypes):
		kind = strings.ToLower(kind)
	case !isMatcherType(kind) && h.is(SkipsUnknownGrantedTypes):
		return nothing, true
	case match == "*" && kind == urlPattern && h.is(CompilesGrantedWildcards):
		return func(topic string) bool { _, ok := parseAddress(topic, h.resource); return ok }, true
	case kind == urlPattern && !strings.Contains(match, ":/") && h.is(KeepsGrantedPatternsRelative):
		return h.exactly(match), true
	}
	s, err := h.matcher(kind, match, asGrant)
	if err != nil && isMatcherType(kind) && kind == urlPattern && h.is(SkipsBadGrantedPatterns) {
		return nothing, true
	}
	return s, err == nil
}

// legacyGrants reads the mercure claim of a 0.x token.
func (h *Hub) legacyGrants(claims object) (g grants, ok bool) {
	claim, ok := claims["mercure"]
	if !ok {
		// A 1.0 token whose typ was forgotten is no 0.x token without rights.
		_, forgotten := claims["authorization_details"]
		return g, !forgotten
	}
	mercure, ok := claim.(object)
	if !ok {
		return g, false
	}
	if g.publish, ok = h.legacySelectors(mercure["publish"]); !ok {
		return grants{}, false
	}
	if len(g.publish) == 0 && mercure["publish"] != nil && h.is(TakesEmptyClaimForAll) {
		g.publish = []selector{everything}
	}
	g.legacyPayload, g.hasLegacyPayload = mercure["payload"]
	g.subscribe, ok = h.legacySelectors(mercure["subscribe"])
	return g, ok
}

func (h *Hub) legacySelectors(claim any) ([]selector, bool) {
	if claim == nil {
		return nil, true
	}
	list, ok := claim.([]any)
	if !ok {
		return nil, false
	}
	var selectors []selector
	for _, entry := range list {
		s, ok := entry.(string)
		if !ok {
			return nil, false
		}
		if h.is(ComparesLegacyGrants) && s != "*" {
			selectors = append(selectors, h.exactly(s))
			continue
		}
		selectors = append(selectors, h.legacySelector(s, asGrant))
	}
	return selectors, true
}

// mayPublish reports whether every topic is granted. Nobody gets here without
// a token but by a defect.
func (h *Hub) mayPublish(t *token, u *update) bool {
	switch {
	case t == nil, !t.current && h.is(LetsEveryLegacyTokenPublish):
		return true
	case !u.private && h.is(AuthorizesPrivateOnly):
		return true
	case h.is(AuthorizesFirstTopicOnly):
		return anyMatches(t.publish, u.topics[0])
	}
	for _, topic := range u.topics {
		if !anyMatches(t.publish, topic) {
			return false
		}
	}
	return true
}

// mayReceive reports whether an update is public, or one of its topics granted.
func (h *Hub) mayReceive(s *stream, u *update) bool {
	switch {
	case s.token != nil && len(s.token.subscribe) == 0 && h.is(StarvesUngranted):
		return false
	case u.kind == "mercure" && s.token != nil && h.is(AnnouncesToEveryToken):
		return true
	case !u.private, h.is(IgnoresPrivate),
		h.is(LetsEveryTokenRead) && s.token != nil,
		h.is(LetsMatchersGrant) && s.token != nil,
		h.is(ReplaysPrivateToAll) && s.position < s.live:
		return true
	case s.token == nil:
		return false
	}
	topics := u.topics
	if h.is(WantsEveryTopicGranted) {
		return h.mayPublish(&token{current: true, grants: grants{publish: s.token.subscribe}}, u)
	}
	if h.is(GrantsByCanonicalOnly) {
		topics = topics[:1]
	}
	for _, topic := range topics {
		if anyMatches(s.token.subscribe, topic) {
			return !h.is(WantsGrantWhereItRoutes) || anyMatches(s.selectors, topic)
		}
	}
	return false
}
