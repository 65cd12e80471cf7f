package wronghub

// Defects of the subscription API.
const (
	HasNoAPI                   Defect = "has no subscription API"
	ListsAllOnly               Defect = "lists all subscriptions, and those of a matcher not"
	SplitsDecodedPaths         Defect = "decodes paths before it splits them"
	RedirectsEncodedPaths      Defect = "redirects from encoded paths"
	WrapsSingles               Defect = "wraps the document of a subscription"
	AnswersUnknownWithNothing  Defect = "has an empty document for subscriptions that are not"
	ListsWhoLeft               Defect = "lists subscriptions that ended"
	SwapsListingTypes          Defect = "lists subscriptions in the other generation's media type"
	HidesLink                  Defect = "does not expose links to pages"
	TagsAllAlike               Defect = "has the same entity tag for everything"
	TagsWithoutQuotes          Defect = "does not quote entity tags"
	ListsToStrangers           Defect = "lists subscriptions to those without a token"
	AuthorizesListsWithQuery   Defect = "wants the query granted of who lists subscriptions"
	ListsToPublishers          Defect = "lists subscriptions by grants to publish"
	ResolvesGrantsOfLists      Defect = "lists subscriptions by exact grants on absolute URLs"
	ComparesGrantsOfLists      Defect = "lists subscriptions by exact grants only"
	ListsToCollectors          Defect = "lists everything by a grant on the collection"
	HidesWhatIsNotGranted      Defect = "says 404 to those who may not list subscriptions"
	LooksBeforeItAuthorizes    Defect = "says which subscriptions are not there to those who may not know"
	ListsToEveryLegacyToken    Defect = "lists subscriptions to every 0.x token"
	ListsInBareArrays          Defect = "lists subscriptions in an array"
	OmitsIDsOfCollections      Defect = "leaves the id of collections out"
	NamesRootInCollections     Defect = "has the id of the whole in every collection"
	SwapsCollectionTypes       Defect = "writes the type of collections as the other generation has it"
	ListsIDsOnly               Defect = "lists ids of subscriptions"
	WritesNullForNone          Defect = "writes null for no subscriptions"
	IgnoresTypesOfPaths        Defect = "lists subscriptions of every type"
	IgnoresMatchersOfPaths     Defect = "lists subscriptions of every matcher"
	WritesLaterPagesShort      Defect = "leaves the type of further pages out"
	NamesPagesAlike            Defect = "gives later pages the id of the first"
	LinksCollectionsOnly       Defect = "has cursors for collections only"
	LinksTheAPI                Defect = "links to its API as the hub"
	CountsPublishedOnly        Defect = "has the id of what was published last for a cursor"
	ListsWhatWas               Defect = "lists what was open three events ago"
	WritesCursorsAsTheyAre     Defect = "does not escape cursors"
	PutsCursorIntoSingles      Defect = "puts the cursor into documents of one subscription"
	OmitsLegacyCursorOfSingles Defect = "leaves the cursor of 0.x documents of one subscription out"
	OmitsLinkAttributes        Defect = "does not say of which type the events are"
)

var listingDefects = map[Defect][]Catch{
	HasNoAPI:              {{"SUBS-api-offered", "status 404, want 200"}},
	ListsAllOnly:          {{"SUBS-api-paths", "status 404, want 200"}, {"SUBS-0x-api-paths", "status 404, want 200"}},
	SplitsDecodedPaths:    {{"SUBS-api-raw-path", "status 404, want 200"}},
	RedirectsEncodedPaths: {{"SUBS-api-raw-path", "status 301, want 200"}},
	WrapsSingles:          {{"SUBS-api-single", "want what the event has"}, {"SUBS-0x-api-single", "lastEventID is <nil>"}},
	AnswersUnknownWithNothing: {
		{"SUBS-api-404", "status 200, want 404"},
	},
	ListsWhoLeft:             {{"SUBS-api-inactive", "want 404, or active false"}},
	SwapsListingTypes:        {{"SUBS-api-content-type", "want application/json"}, {"SUBS-0x-api-content-type", "want application/ld+json"}},
	HidesLink:                {{"CORS-expose-link", "does not list Link"}},
	TagsAllAlike:             {{"SUBS-api-validators", "though the collection changed"}},
	TagsWithoutQuotes:        {{"SUBS-api-validators", "want it quoted"}},
	ListsToStrangers:         {{"SUBS-api-token-required", "status 200, want 401"}, {"PRIV-presence-restricted", "status 200, want 401 or 403"}},
	AuthorizesListsWithQuery: {{"SUBS-api-authz-topic", "status 403, want 200"}},
	ListsToPublishers:        {{"SUBS-api-authz-subscribe", "status 200, want 403"}, {"AUTH-0x-403", "a token for publishing: status 200, want 403"}},
	ResolvesGrantsOfLists:    {{"SUBS-api-authz-exact-relative", "status 200, want 403"}},
	ComparesGrantsOfLists:    {{"SUBS-api-authz-pattern", "status 403, want 200"}},
	ListsToCollectors:        {{"SUBS-api-authz-each-shape", "status 200, want 403"}, {"SUBS-0x-api-authz", "status 200, want 403"}},
	HidesWhatIsNotGranted:    {{"SUBS-api-403", "status 404, want 403"}},
	LooksBeforeItAuthorizes:  {{"SUBS-api-403-before-404", "status 404, want 403"}},
	ListsToEveryLegacyToken:  {{"SUBS-0x-api-authz", "status 200, want 403"}, {"AUTH-0x-403", "status 200, want 403"}},
	ListsInBareArrays:        {{"SUBS-api-collection", "is not a JSON object"}, {"SUBS-0x-api-collection", "is not a JSON object"}},
	OmitsIDsOfCollections:    {{"SUBS-api-collection", "there is no member id"}, {"SUBS-0x-api-collection", "id is <nil>"}},
	NamesRootInCollections: {
		{"SUBS-api-collection-id", "want the path it was asked for by"},
		{"SUBS-0x-api-collection-id", "want the path it was asked for by"},
	},
	SwapsCollectionTypes: {
		{"SUBS-api-collection-type", "type is Subscriptions, want subscriptions"},
		{"SUBS-0x-api-collection", "type is subscriptions, want Subscriptions"},
	},
	ListsIDsOnly:               {{"SUBS-api-collection-items", "has no member match_type"}, {"SUBS-0x-api-collection", "has no member topic"}},
	WritesNullForNone:          {{"SUBS-api-collection-items", "subscriptions is null, want []"}, {"SUBS-0x-api-collection", "subscriptions is null, want []"}},
	IgnoresTypesOfPaths:        {{"SUBS-api-collection-filter", "alone"}},
	IgnoresMatchersOfPaths:     {{"SUBS-api-collection-filter", "alone"}, {"SUBS-0x-api-collection-filter", "alone"}},
	WritesLaterPagesShort:      {{"SUBS-api-paginate-valid", "want a document with that as its id, type and subscriptions"}},
	NamesPagesAlike:            {{"SUBS-api-paginate-valid", "want a document with that as its id"}},
	LinksCollectionsOnly:       {{"SUBS-api-cursor", "want one with rel=mercure and last-event-id"}},
	LinksTheAPI:                {{"SUBS-api-cursor", "the link to the hub is"}, {"SUBS-0x-api-link", "the link to the hub is"}},
	CountsPublishedOnly:        {{"SUBS-api-cursor-value", "resuming from the cursor after the event"}, {"SUBS-0x-api-cursor", "resuming from the cursor after the event"}},
	ListsWhatWas:               {{"SUBS-api-cursor-consistent", "open subscriptions, want the"}},
	WritesCursorsAsTheyAre:     {{"SUBS-api-cursor-quoting", "want its id"}},
	PutsCursorIntoSingles:      {{"SUBS-api-cursor-not-in-body", "want the cursor on the link alone"}, {"SUBS-api-single", "want what the event has"}},
	OmitsLegacyCursorOfSingles: {{"SUBS-0x-api-single", "lastEventID is <nil>"}, {"SUBS-0x-api-cursor", "there is no lastEventID"}},
	OmitsLinkAttributes:        {{"SUBS-api-link-attrs", "the link to the hub has type"}},
}
