package spec

// Paths.
const (
	// WellKnownPath is where a hub lives unless configured otherwise, and the
	// only path on which protocol 0.x may be served.
	WellKnownPath = "/.well-known/mercure"
)

// Header fields.
const (
	HeaderLastEventID        = "Last-Event-ID"         // request, both; response, 0.x
	HeaderMercureLastEventID = "Mercure-Last-Event-ID" // response, 1.0
)

// Query and form parameters.
const (
	ParamTopic         = "topic"         // subscribe 0.x; publish, both
	ParamMatch         = "match"         // subscribe 1.0, and the prefix it reserves
	ParamLastEventID   = "last_event_id" // subscribe 1.0
	ParamAuthorization = "authorization" // 0.x, when switched on
	ParamGap           = "gap"           // subscribe, both; of this hub alone
	ParamSince         = "since"         // subscribe, both: of this hub alone

	FieldData    = "data"
	FieldPrivate = "private"
	FieldID      = "id"
	FieldType    = "type"
	FieldRetry   = "retry"
)

// Cookies carrying a token.
const (
	CookieName       = "__Secure-mercure_access_token" // 1.0
	LegacyCookieName = "mercureAuthorization"          // 0.x
)

// Reserved values.
const (
	Earliest  = "earliest"     // as a cursor: everything retained
	Wildcard  = "*"            // as a selector: every topic
	HubsEvent = "mercure"      // as an event type: made by the hub itself
	GapEvent  = "cinnabar.gap" // as an event type: tells where events are missing; of this hub alone
)

// DetailType is the type of the authorization details a 1.0 token grants with.
const DetailType = "https://mercure.rocks/authorization-detail"
