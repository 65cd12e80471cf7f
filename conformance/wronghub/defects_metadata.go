package wronghub

// Defects of the metadata and of what leads to it.
const (
	HasNoMetadata                Defect = "has no metadata"
	HasMetadataAtDefaultPath     Defect = "has its metadata where hubs at the default path have it"
	ServesMetadataAsText         Defect = "serves its metadata as text"
	NamesAnotherResource         Defect = "names its origin as the resource"
	ListsNoServers               Defect = "lists no authorization servers, in an empty list"
	ListsShortDetailType         Defect = "lists another type of authorization details"
	ListsQueryMethod             Defect = "says that it takes tokens from the query"
	ListsCookieMethod            Defect = "lists the cookie as a method of RFC 6750"
	NamesDefaultCookie           Defect = "names the default cookie whatever is configured"
	NamesNoCookie                Defect = "does not name its cookie"
	TakesDefaultCookieToo        Defect = "takes the default cookie beside the configured one"
	ListsOneMatcherType          Defect = "lists one matcher type of two"
	ListsUnknownMatcherType      Defect = "lists a matcher type that it does not know"
	ListsTypeInMixedCase         Defect = "lists a matcher type in mixed case"
	DeniesSubscriptions          Defect = "says that it has no subscriptions"
	ClaimsSubscriptions          Defect = "says that it has subscriptions, and has none"
	NamesItsVersion              Defect = "names a version in its metadata"
	LinksNoMetadata              Defect = "leads nobody to its metadata"
	LinksMetadataToStrangersOnly Defect = "leads only those without a token to its metadata"
	LinksMetadataByPath          Defect = "leads to its metadata by a relative URL"
	LinksMetadataOfOrigin        Defect = "leads to the metadata of its origin"
	TrustsAdvertisedIssuersOnly  Defect = "trusts only issuers that it advertises"
)

var metadataDefects = map[Defect][]Catch{
	HasNoMetadata:            {{"DISC-prm", "status 404, want 200"}},
	HasMetadataAtDefaultPath: {{"DISC-prm-custom-path", "status 404, want 200"}},
	ServesMetadataAsText:     {{"DISC-prm-json", "want application/json"}},
	NamesAnotherResource: {
		{"DISC-prm-resource", "status 401, want 200 | status 401"},
		{"DISC-prm-resource-derives", "which leads to"},
		{"AUTH-aud-hub-url", "which leads to"},
		{"AUTH-aud-configured", "want the identifier in force"},
	},
	ListsNoServers: {
		{"DISC-prm-authz-servers", "want it left out"},
		{"DISC-prm-omit-empty", "want it left out"},
	},
	ListsShortDetailType:  {{"DISC-prm-details-types", "want https://mercure.rocks/authorization-detail in it"}},
	ListsQueryMethod:      {{"DISC-prm-bearer-methods", "want header alone"}},
	ListsCookieMethod:     {{"DISC-prm-bearer-methods", "want header alone"}},
	NamesDefaultCookie:    {{"DISC-prm-cookie", "is ignored"}, {"AUTH-cookie-other-name", "want the configured name"}},
	NamesNoCookie:         {{"AUTH-cookie-advertise", "want the name of the accepted cookie"}, {"DISC-prm-cookie", "there is no mercure_cookie"}},
	TakesDefaultCookieToo: {{"AUTH-cookie-other-name", "beside the configured one"}},
	ListsOneMatcherType: {
		{"DISC-prm-matcher-types", "want urlpattern in it"},
		{"MATCH-advertise-types", "status 200, want 400"},
	},
	ListsUnknownMatcherType: {
		{"MATCH-advertise-types", "status 400, want 200"},
		{"MATCH-additional-types", "status 400, want 200"},
	},
	ListsTypeInMixedCase:         {{"MATCH-type-name-syntax", "is not lower-case letters"}},
	DeniesSubscriptions:          {{"DISC-prm-subscriptions", "want true, or nothing"}},
	ClaimsSubscriptions:          {{"SUBS-optional", "where there is no such feature, want none"}},
	NamesItsVersion:              {{"DISC-prm-no-version", "want no version"}},
	LinksNoMetadata:              {{"AUTH-401-resource-metadata", "has no resource_metadata"}},
	LinksMetadataToStrangersOnly: {{"AUTH-challenge-all-metadata", "has no resource_metadata"}},
	LinksMetadataByPath:          {{"AUTH-401-resource-metadata", "want an absolute URL"}},
	LinksMetadataOfOrigin:        {{"AUTH-401-resource-metadata", "where the status is 404"}},
	TrustsAdvertisedIssuersOnly:  {{"AUTH-iss-out-of-band", "status 401"}},
}
