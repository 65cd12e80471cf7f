package wronghub

// Defects towards pages of other origins.
const (
	AllowsNoOrigin           Defect = "lets no page read answers"
	HidesErrorsFromPages     Defect = "lets pages read successes only"
	PreflightsWithoutHeaders Defect = "does not name the headers that pages may send"
	AllowsOriginsByStar      Defect = "allows origins by a wildcard"
	AllowsEveryOrigin        Defect = "allows whichever origin asks"
	AllowsOriginsByPrefix    Defect = "allows origins that begin like the allowed one"
	AllowsNullOrigin         Defect = "allows the origin null"
	OmitsAllowCredentials    Defect = "does not allow pages to use cookies"
	VariesWithOriginOnly     Defect = "says only to pages that its answers depend on the origin"
	ExposesLinkOnly          Defect = "does not expose cursors to pages"
	TrustsEveryPage          Defect = "takes cookies for a publish from any page"
	IgnoresReferer           Defect = "takes cookies for a publish only with an origin"
	TrustsUnknownPages       Defect = "takes cookies for a publish from who knows where"
	WantsOriginOfEverybody   Defect = "wants an origin from servers, too"
)

var originDefects = map[Defect][]Catch{
	AllowsNoOrigin:           {{"CORS-headers", ""}, {"CORS-0x", ""}},
	HidesErrorsFromPages:     {{"CORS-headers", ""}},
	PreflightsWithoutHeaders: {{"CORS-preflight", ""}},
	AllowsOriginsByStar:      {{"CORS-no-star-with-credentials", ""}},
	AllowsEveryOrigin:        {{"CORS-no-reflection", ""}, {"CORS-headers", ""}},
	AllowsOriginsByPrefix:    {{"CORS-allowlist", ""}},
	AllowsNullOrigin:         {{"CORS-allowlist", ""}, {"CORS-0x", ""}},
	OmitsAllowCredentials:    {{"CORS-allow-credentials", ""}},
	VariesWithOriginOnly:     {{"CORS-vary", ""}},
	ExposesLinkOnly:          {{"CORS-expose-cursor", ""}},
	TrustsEveryPage:          {{"SEC-csrf", ""}, {"SEC-csrf-origin", ""}},
	IgnoresReferer:           {{"SEC-csrf-origin", ""}},
	TrustsUnknownPages:       {{"SEC-csrf-neither", ""}},
	WantsOriginOfEverybody:   {{"SEC-csrf-header-exempt", ""}},
}
