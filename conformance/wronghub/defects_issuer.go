package wronghub

// Defects of several issuers, and of several keys of one.
const (
	PoolsKeys         Defect = "verifies with the keys of every issuer"
	FindsKeysByKid    Defect = "finds a key by kid, whosever it is"
	KnowsFirstKeyOnly Defect = "knows the first of an issuer's keys alone"
	WantsKid          Defect = "takes tokens without kid for the first key's"
)

var issuerDefects = map[Defect][]Catch{
	PoolsKeys:         {{"AUTH-key-no-pooling", "status 200, want 401"}},
	FindsKeysByKid:    {{"AUTH-key-no-pooling", "status 200, want 401"}},
	KnowsFirstKeyOnly: {{"AUTH-key-kid", "status 401"}},
	WantsKid:          {{"AUTH-key-kid", "status 401"}},
}
