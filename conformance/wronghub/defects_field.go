package wronghub

// Defects of an update's other fields.
const (
	SendsOtherIDs              Defect = "sends another id than it answers"
	AllowsHashIDs              Defect = "lets publishers give ids that begin with a hash"
	RefusesHashesInIDs         Defect = "refuses ids with a hash in them"
	AllowsEarliestAsID         Defect = "lets publishers give the id that is the cursor of the beginning"
	FoldsEarliest              Defect = "refuses the id earliest in any case"
	AllowsControlsInIDs        Defect = "allows control characters in ids"
	AllowsC1InIDs              Defect = "allows DEL and C1 control characters in ids"
	AllowsFormatInIDs          Defect = "allows format characters in ids"
	ReplacesIDsUnseen          Defect = "gives ids of its own without a look at the publisher's"
	NumbersUpdates             Defect = "gives numbers for ids"
	RepeatsIDs                 Defect = "gives every update the same id"
	KeepsEmptyIDs              Defect = "takes an empty id for one"
	AllowsControlsInTypes      Defect = "allows control characters in types"
	AllowsFormatInTypes        Defect = "allows format characters in types"
	AllowsMercureType          Defect = "lets publishers send events of the hub's own type"
	FoldsMercureType           Defect = "refuses the hub's own type in any case"
	TakesAnyDigits             Defect = "takes the digits of any script for a retry"
	ReadsRetryIntoInt          Defect = "reads retry into an integer"
	WantsData                  Defect = "refuses an update without data"
	StripsControlsFromData     Defect = "removes control characters from data"
	SplitsDataAtSeparators     Defect = "takes every separator of Unicode for the end of a line of data"
	WantsPrivateOn             Defect = "takes an update for private only if it says so with on"
	TakesPrivateFalseForPublic Defect = "takes private=false for public"
	IgnoresPrivate             Defect = "sends private updates to everybody"
)

var fieldDefects = map[Defect][]Catch{
	SendsOtherIDs: {
		{"PUB-id-used", "as in the answer"},
		{"PUB-id-substitute", "as in the answer"},
		{"PUB-body-id", "want exactly the event's id"},
		{"SSE-id", "want what the publisher was told"},
	},
	AllowsHashIDs: {
		{"PUB-id-hash-400", "status 200, want 400"},
		{"PUB-0x-id-refused", "want one from 400 to 499"},
	},
	RefusesHashesInIDs: {{"PUB-id-hash-400", "status 400, want 200"}},
	AllowsEarliestAsID: {{"PUB-id-earliest-400", "status 200, want 400"}},
	FoldsEarliest:      {{"PUB-id-earliest-400", "status 400, want 200"}},
	AllowsControlsInIDs: {
		{"PUB-id-control-400", "status 200, want 400"},
		{"PUB-no-sse-injection", "the stream holds the forged line"},
	},
	AllowsC1InIDs:     {{"PUB-id-control-400", "status 200, want 400"}},
	AllowsFormatInIDs: {{"PUB-id-cf-400", "status 200, want 400"}},
	ReplacesIDsUnseen: {{"PUB-id-checked-even-if-ignored", "status 200, want 400"}},
	NumbersUpdates: {
		{"PUB-id-generated", "neither an IRI nor a fragment"},
		{"PUB-0x-id-generated", "neither an IRI nor a fragment"},
		{"PUB-0x-id-fragment", "neither an IRI nor a fragment"},
		{"SSE-id-iri", "want an absolute IRI or a fragment"},
	},
	RepeatsIDs: {
		{"PUB-id-generated", "two updates got the same id"},
		{"PUB-0x-id-generated", "two updates got the same id"},
	},
	KeepsEmptyIDs: {{"PUB-id-empty", "want one generated id"}},
	AllowsControlsInTypes: {
		{"PUB-type-control-400", "status 200, want 400"},
		{"PUB-no-sse-injection", "the stream holds the forged line"},
	},
	AllowsFormatInTypes: {{"PUB-type-cf-400", "status 200, want 400"}},
	AllowsMercureType:   {{"PUB-type-mercure-400", "status 200, want 400"}},
	FoldsMercureType:    {{"PUB-type-mercure-400", "status 400, want 200"}},
	TakesAnyDigits:      {{"PUB-retry-digits-400", "status 200, want 400"}},
	ReadsRetryIntoInt: {
		{"PUB-retry-big", "status 400, want 200"},
		{"PUB-retry-digits-400", "status 200, want 400"},
	},
	WantsData: {
		{"PUB-data-optional", "want a success"},
		{"SSE-data-empty", "status 400, want 200"},
	},
	StripsControlsFromData: {{"PUB-data-opaque", "arrived as"}},
	SplitsDataAtSeparators: {{"PUB-data-opaque", "arrived as"}},
	WantsPrivateOn: {
		{"PUB-private-presence", "before the sentinel came"},
		{"PUB-0x-private-presence", "before the sentinel came"},
	},
	TakesPrivateFalseForPublic: {
		{"PUB-private-value-ignored", "before the sentinel came"},
		{"PUB-0x-private-presence", "before the sentinel came"},
	},
	IgnoresPrivate: {
		{"TOPIC-private-audience", "before the sentinel came"},
		{"AUTH-anonymous-public-only", "was delivered, want it withheld"},
		{"SUB-private-withheld", "before the sentinel came"},
	},
}
