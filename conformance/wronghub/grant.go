package wronghub

// grants are what a token allows. A nil *token has none.
type grants struct {
	publish, subscribe []selector
}

// detailType marks the authorization details that are about hubs.
const detailType = "https://mercure.rocks/authorization-detail"

// currentGrants reads the authorization details of a 1.0 token.
func (h *Hub) currentGrants(claims object) (g grants, ok bool) {
	claim, ok := claims["authorization_details"]
	if !ok {
		return g, true
	}
	details, ok := claim.([]any)
	if !ok {
		return g, false
	}
	for _, d := range details {
		detail, ok := d.(object)
		if !ok {
			return grants{}, false
		}
		if detail["type"] != detailType {
			continue
		}
		if !h.addDetail(&g, detail) {
			return grants{}, false
		}
	}
	return g, true
}

// addDetail adds what a detail grants, and reports whether it is well-formed.
func (h *Hub) addDetail(g *grants, detail object) bool {
	actions, ok := detail["actions"].([]any)
	if !ok || len(actions) == 0 {
		return false
	}
	topics, ok := detail["topics"].([]any)
	if !ok || len(topics) == 0 {
		return false
	}
	if payload, given := detail["payload"]; given {
		if _, ok := payload.(object); !ok {
			return false
		}
	}
	var selectors []selector
	for _, entry := range topics {
		s, ok := h.grantedMatcher(entry)
		if !ok {
			return false
		}
		selectors = append(selectors, s)
	}
	for _, a := range actions {
		action, ok := a.(string)
		if !ok {
			return false
		}
		switch action {
		case "publish":
			g.publish = append(g.publish, selectors...)
		case "subscribe":
			g.subscribe = append(g.subscribe, selectors...)
		}
	}
	return true
}

// grantedMatcher reads an entry of a detail's topics.
func (h *Hub) grantedMatcher(entry any) (selector, bool) {
	matcher, ok := entry.(object)
	if !ok {
		return nil, false
	}
	match, ok := matcher["match"].(string)
	if !ok {
		return nil, false
	}
	kind := exact
	if given, ok := matcher["match_type"]; ok {
		if kind, ok = given.(string); !ok {
			return nil, false
		}
	}
	s, err := h.matcher(kind, match)
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
		selectors = append(selectors, h.legacySelector(s))
	}
	return selectors, true
}

// mayPublish reports whether every topic is granted.
func (h *Hub) mayPublish(t *token, topics []string) bool {
	for _, topic := range topics {
		if !anyMatches(t.publish, topic) {
			return false
		}
	}
	return true
}

// mayReceive reports whether an update is public, or one of its topics granted.
func (h *Hub) mayReceive(t *token, u *update) bool {
	if !u.private {
		return true
	}
	if t == nil {
		return false
	}
	for _, topic := range u.topics {
		if anyMatches(t.subscribe, topic) {
			return true
		}
	}
	return false
}

func anyMatches(selectors []selector, topic string) bool {
	for _, matches := range selectors {
		if matches(topic) {
			return true
		}
	}
	return false
}
