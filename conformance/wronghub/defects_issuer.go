package wronghub

// Defects of several issuers, and of several keys of one.
const (
	PoolsKeys         Defect = "verifies with the keys of every issuer"
	FindsKeysByKid    Defect = "finds a key by kid, whosever it is"
	KnowsFirstKeyOnly Defect = "knows the first of an issuer's keys alone"
	WantsKid          Defect = "takes tokens without kid for the first key's"

	ReadsNoKeySet      Defect = "knows configured keys alone"
	PoolsPublishedKeys Defect = "verifies everybody's tokens with the keys that an issuer publishes"
	FollowsKeyServers  Defect = "follows a key server to wherever it redirects"
	AsksWhomTokensName Defect = "fetches keys from where tokens tell"
	AsksUnknownIssuers Defect = "fetches the keys of issuers that nobody trusts"
)

var issuerDefects = map[Defect][]Catch{
	PoolsKeys:         {{"AUTH-key-no-pooling", "status 200, want 401"}},
	FindsKeysByKid:    {{"AUTH-key-no-pooling", "status 200, want 401"}},
	KnowsFirstKeyOnly: {{"AUTH-key-kid", "status 401"}},
	WantsKid:          {{"AUTH-key-kid", "status 401"}},

	ReadsNoKeySet:      {{"AUTH-key-source", "status 401"}},
	PoolsPublishedKeys: {{"AUTH-key-source", "status 200, want 401"}},
	FollowsKeyServers:  {{"SEC-ssrf", "followed a redirect"}},
	AsksWhomTokensName: {{"SEC-ssrf", "asked the server that tokens named"}},
	AsksUnknownIssuers: {{"SEC-ssrf", "asked the server that tokens named"}},
}
