package wronghub

// Defects of an update's other fields.
const (
	SendsOtherIDs              Defect = "sends another id than it answers"
	AllowsHashIDs              Defect = "lets publishers give ids that begin with a hash"
	AllowsEarliestAsID         Defect = "lets publishers give the id that is the cursor of the beginning"
	AllowsControlsInIDs        Defect = "allows control characters in ids"
	AllowsFormatInIDs          Defect = "allows format characters in ids"
	ReplacesIDsUnseen          Defect = "gives ids of its own without a look at the publisher's"
	NumbersUpdates             Defect = "gives numbers for ids"
	KeepsEmptyIDs              Defect = "takes an empty id for one"
	AllowsControlsInTypes      Defect = "allows control characters in types"
	AllowsFormatInTypes        Defect = "allows format characters in types"
	AllowsMercureType          Defect = "lets publishers send events of the hub's own type"
	TakesAnyDigits             Defect = "takes the digits of any script for a retry"
	ReadsRetryIntoInt          Defect = "reads retry into an integer"
	WantsData                  Defect = "refuses an update without data"
	StripsControlsFromData     Defect = "removes control characters from data"
	WantsPrivateOn             Defect = "takes an update for private only if it says so with on"
	TakesPrivateFalseForPublic Defect = "takes private=false for public"
	IgnoresPrivate             Defect = "sends private updates to everybody"
)

var fieldDefects = map[Defect][]Catch{
	SendsOtherIDs:              {{"PUB-id-used", ""}, {"PUB-id-substitute", ""}, {"PUB-body-id", ""}, {"SSE-id", ""}},
	AllowsHashIDs:              {{"PUB-id-hash-400", ""}, {"PUB-0x-id-refused", ""}},
	AllowsEarliestAsID:         {{"PUB-id-earliest-400", ""}},
	AllowsControlsInIDs:        {{"PUB-id-control-400", ""}, {"PUB-no-sse-injection", ""}},
	AllowsFormatInIDs:          {{"PUB-id-cf-400", ""}},
	ReplacesIDsUnseen:          {{"PUB-id-checked-even-if-ignored", ""}},
	NumbersUpdates:             {{"PUB-id-generated", ""}, {"PUB-0x-id-generated", ""}, {"PUB-0x-id-fragment", ""}, {"SSE-id-iri", ""}},
	KeepsEmptyIDs:              {{"PUB-id-empty", ""}},
	AllowsControlsInTypes:      {{"PUB-type-control-400", ""}, {"PUB-no-sse-injection", ""}},
	AllowsFormatInTypes:        {{"PUB-type-cf-400", ""}},
	AllowsMercureType:          {{"PUB-type-mercure-400", ""}},
	TakesAnyDigits:             {{"PUB-retry-digits-400", ""}},
	ReadsRetryIntoInt:          {{"PUB-retry-big", ""}, {"PUB-retry-digits-400", ""}},
	WantsData:                  {{"PUB-data-optional", ""}, {"SSE-data-empty", ""}},
	StripsControlsFromData:     {{"PUB-data-opaque", ""}},
	WantsPrivateOn:             {{"PUB-private-presence", ""}, {"PUB-0x-private-presence", ""}},
	TakesPrivateFalseForPublic: {{"PUB-private-value-ignored", ""}, {"PUB-0x-private-presence", ""}},
	IgnoresPrivate:             {{"TOPIC-private-audience", ""}, {"AUTH-anonymous-public-only", ""}, {"SUB-private-withheld", ""}},
}
