package hub

import (
	"fmt"
	"net/http"

	"cinnabar/spec"
)

// unseenSubscriptions is why a request to the subscription API shows nothing.
type unseenSubscriptions struct {
	why        unseen
	path       string
	generation spec.Generation
}

type unseen uint8

const (
	subscriptionsOff unseen = iota + 1
	subscriptionsNotGranted
	noSuchShape
	noSuchSubscription
)

func (e *unseenSubscriptions) Error() string {
	switch e.why {
	case subscriptionsOff:
		return "this hub does not tell who is subscribed"
	case subscriptionsNotGranted:
		return fmt.Sprintf("the token does not grant reading %q", clip(e.path))
	case noSuchShape:
		return fmt.Sprintf("there is no such path in the subscription API of protocol %s, which is that of the token", e.generation)
	}
	return "there is no such subscription"
}

func (e *unseenSubscriptions) problem() problem {
	p := problem{Status: http.StatusNotFound, Detail: e.Error()}
	legacy := e.generation == spec.Legacy
	switch e.why {
	case subscriptionsOff:
		p.Rule = "SUBS-optional"
		p.Fix = "its operator can switch that on with --subscriptions (MERCURE_SUBSCRIPTIONS, subscriptions: true)"
	case subscriptionsNotGranted:
		p.Status, p.Rule, p.challenged, p.code = http.StatusForbidden, "SUBS-api-403", true, insufficientScope
		p.Fix = "use a token whose subscribe grants match this path, without its query: exactly as it is here, or by a URL pattern"
		if legacy {
			p.Rule = "SUBS-0x-api-authz"
			p.Fix = "use a token with a selector in mercure.subscribe that matches this path, without its query"
		}
	case noSuchShape:
		p.Rule = "SUBS-api-paths"
		p.Fix = "ask for …/subscriptions, …/subscriptions/{match_type}/{match} or …/subscriptions/{match_type}/{match}/{subscriber}, " +
			"each part percent-encoded, slashes included"
		if legacy {
			p.Rule = "SUBS-0x-api-paths"
			p.Fix = "ask for …/subscriptions, …/subscriptions/{topic} or …/subscriptions/{topic}/{subscriber}, " +
				"each part percent-encoded, slashes included"
		}
	default:
		p.Rule = "SUBS-api-404"
		p.Fix = "the connection may have ended; the list of those that are open is at …/subscriptions"
	}
	return p
}
