package hub

import (
	"fmt"
	"net/http"
	"strings"

	"cinnabar/spec"
)

// unseenSubscriptions is why a request to the subscription API shows nothing.
type unseenSubscriptions struct {
	why        unseen
	path       string
	generation spec.Generation
	withheld   bool // from all 0.x tokens
}

type unseen uint8

const (
	subscriptionsOff unseen = iota + 1
	subscriptionsNotGranted
	noSuchShape
	noSuchType
	noSuchSubscription
)

func (e *unseenSubscriptions) Error() string {
	switch e.why {
	case subscriptionsOff:
		return "this hub does not tell who is subscribed"
	case subscriptionsNotGranted:
		if e.withheld {
			return fmt.Sprintf("0.x tokens may not read %q, whatever they grant: it is none of the hub's legacy topics", clip(e.path))
		}
		return fmt.Sprintf("the token does not grant reading %q", clip(e.path))
	case noSuchShape:
		return fmt.Sprintf("there is no such path in the subscription API of protocol %s, which is that of the token", e.generation)
	case noSuchType:
		return "the path names a matcher type that there is not; it is the first part after subscriptions in protocol 1.0, which is that of the token"
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
		if e.withheld {
			p.Fix = "use a 1.0 token, or ask the hub's operator to name the path in --legacy-topics"
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
	case noSuchType:
		p.Rule = "SUBS-api-paths"
		p.Fix = "ask for …/subscriptions/{match_type}/{match}, with one of these types: " + strings.Join(matcherTypes, ", ")
	default:
		p.Rule = "SUBS-api-404"
		p.Fix = "the connection may have ended; the list of those that are open is at …/subscriptions"
		if legacy {
			p.Fix += "; the token is one of protocol 0.x, whose paths name no matcher type"
		}
	}
	return p
}
