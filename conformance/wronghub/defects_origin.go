package wronghub

// Defects towards pages of other origins.
const (
	AllowsNoOrigin           Defect = "lets no page read answers"
	HidesErrorsFromPages     Defect = "lets pages read successes only"
	PreflightsWithoutHeaders Defect = "does not name the headers that pages may send"
	PreflightsWithoutQuery   Defect = "does not let pages use QUERY"
	AllowsOriginsByStar      Defect = "allows origins by a wildcard"
	AllowsEveryOrigin        Defect = "allows whichever origin asks"
	AllowsOriginsByPrefix    Defect = "allows origins that begin like the allowed one"
	AllowsOriginsByHost      Defect = "allows origins by their host"
	AllowsNullOrigin         Defect = "allows the origin null"
	OmitsAllowCredentials    Defect = "does not allow pages to use cookies"
	VariesWithOriginOnly     Defect = "says only to pages that its answers depend on the origin"
	ExposesLinkOnly          Defect = "does not expose cursors to pages"
	TrustsEveryPage          Defect = "takes cookies for a publish from any page"
	IgnoresReferer           Defect = "takes cookies for a publish only with an origin"
	PrefersReferer           Defect = "takes the word of Referer before that of Origin"
	TrustsOriginsByPrefix    Defect = "takes cookies for a publish from origins that begin like its own"
	TrustsUnknownPages       Defect = "takes cookies for a publish from who knows where"
	WantsOriginOfEverybody   Defect = "wants an origin from servers, too"
)

var originDefects = map[Defect][]Catch{
	AllowsNoOrigin: {
		{"CORS-headers", "Access-Control-Allow-Origin: [], want"},
		{"CORS-0x", "Access-Control-Allow-Origin: [], want"},
	},
	HidesErrorsFromPages:     {{"CORS-headers", "Access-Control-Allow-Origin: [], want"}},
	PreflightsWithoutHeaders: {{"CORS-preflight", "does not list authorization"}},
	PreflightsWithoutQuery:   {{"CORS-preflight", "does not list QUERY"}},
	AllowsOriginsByStar:      {{"CORS-no-star-with-credentials", "Access-Control-Allow-Origin: [\"*\"], want"}},
	AllowsEveryOrigin: {
		{"CORS-no-reflection", "want neither the origin nor a wildcard"},
		{"CORS-headers", "from an origin that is not allowed"},
	},
	AllowsOriginsByPrefix: {{"CORS-allowlist", "want neither the origin nor a wildcard"}},
	AllowsOriginsByHost:   {{"CORS-allowlist", "want neither the origin nor a wildcard"}},
	AllowsNullOrigin: {
		{"CORS-allowlist", "want neither the origin nor a wildcard"},
		{"CORS-0x", "want neither the origin nor a wildcard"},
	},
	OmitsAllowCredentials: {{"CORS-allow-credentials", "Allow-Credentials: [], want"}},
	VariesWithOriginOnly:  {{"CORS-vary", "does not list Origin"}},
	ExposesLinkOnly:       {{"CORS-expose-cursor", "does not list Mercure-Last-Event-ID"}},
	TrustsEveryPage: {
		{"SEC-csrf", "status 200, want 403"},
		{"SEC-csrf-origin", "status 200, want 403"},
	},
	IgnoresReferer:         {{"SEC-csrf-origin", "status 403, want 200"}},
	PrefersReferer:         {{"SEC-csrf-origin", "status 200, want 403"}},
	TrustsOriginsByPrefix:  {{"SEC-csrf-origin", "status 200, want 403"}},
	TrustsUnknownPages:     {{"SEC-csrf-neither", "status 200, want 403"}},
	WantsOriginOfEverybody: {{"SEC-csrf-header-exempt", "status 403, want 200"}},
}
