package wronghub

// Defects of subscription events.
const (
	OmitsSubscriptions          Defect = "does not say that it has active subscriptions"
	AnnouncesFirstMatcherOnly   Defect = "announces the first subscription of a connection only"
	AnnouncesTwice              Defect = "announces twice that a subscription begins"
	AnnouncesNoEnd              Defect = "does not announce that subscriptions end"
	AnnouncesWhoLeftOnly        Defect = "announces the end only where the client leaves"
	AnnouncesToEverybody        Defect = "announces subscriptions publicly"
	AnnouncesToEveryToken       Defect = "announces subscriptions to every token"
	AnnouncesAtDefaultPath      Defect = "announces subscriptions below the default path"
	AnnouncesAbsoluteTopics     Defect = "announces subscriptions on absolute URLs"
	CallsExactMatch             Defect = "calls the type of exact matchers as the parameter"
	KeepsColonsInTopics         Defect = "keeps colons in topics of subscriptions"
	KeepsBracesInTopics         Defect = "keeps braces in topics of subscriptions"
	KeepsPercentsInTopics       Defect = "keeps percent signs in topics of subscriptions"
	EncodesTopicsAsForms        Defect = "encodes spaces in topics of subscriptions as forms do"
	EncodesTopicsTwice          Defect = "encodes matchers twice in topics of subscriptions"
	OmitsMercureType            Defect = "announces subscriptions without a type"
	ReplaysChangesUntyped       Defect = "replays subscription events without a type"
	ReplaysNoChanges            Defect = "does not replay subscription events"
	TypesLegacyEvents           Defect = "announces subscriptions to 0.x with a type"
	TakesSubscribersFromURLs    Defect = "takes the subscriber from the query"
	TakesSubscribersFromHeaders Defect = "takes the subscriber from a header"
	NumbersSubscribers          Defect = "numbers subscribers"
	CallsEveryoneTheSame        Defect = "has one subscriber"
	NamesSubscribersByToken     Defect = "calls subscribers by their token"
	NamesSubscribersBySubject   Defect = "calls subscribers by their subject"
	NamesEachMatcherAnew        Defect = "has a subscriber for each matcher"
	GivesNoIRIs                 Defect = "calls subscribers by what is no IRI"
	MergesByString              Defect = "merges subscriptions on one string, of whichever type"
)

// Defects of the documents about subscriptions.
const (
	WritesDocumentsAsForms       Defect = "announces subscriptions by forms"
	NamesEventInDocument         Defect = "has the id of the event in the document"
	CapitalizesTypes             Defect = "capitalizes the type of 1.0 documents"
	LowersLegacyTypes            Defect = "writes the type of 0.x documents in small letters"
	OmitsDefaultMatchType        Defect = "leaves the default type of matchers out"
	OmitsContext                 Defect = "leaves the context out"
	EncodesMatchInDocuments      Defect = "encodes matchers in documents"
	EncodesSubscriberInDocuments Defect = "encodes subscribers in documents"
	WritesActiveAsText           Defect = "writes active as text"
	CallsAllActive               Defect = "calls every subscription active"
	OmitsPayloads                Defect = "leaves payloads out"
	WritesNullPayloads           Defect = "writes null where there is no payload"
	ShowsLegacyObjectsOnly       Defect = "shows payloads of 0.x tokens that are objects only"
	TakesLastPayload             Defect = "takes the payload of the last detail that matches"
	SkipsDetailsWithoutPayload   Defect = "takes the payload of the first detail that has one"
	ComparesPayloadMatchers      Defect = "compares matchers as strings for their payload"
	TakesPayloadsOfEveryAction   Defect = "takes payloads of details to publish"
	AssignsPayloadsToURLsOnly    Defect = "assigns payloads to matchers that are URLs only"
)

var presenceDefects = map[Defect][]Catch{
	OmitsSubscriptions: {{"SUBS-advertise", "want true where subscriptions are listed"}, {"DISC-prm-subscriptions", "a subscription API is there: true"}},
	AnnouncesFirstMatcherOnly: {
		{"SUBS-event-created", "1 subscription events came"},
		{"SUBS-subscriber-shared", "1 subscription events came"},
		{"SUB-subscription-per-param", "1 subscription events came"},
		{"SUB-body-union-subscriptions", "1 subscription events came"},
		{"SUB-dedupe-identical", "0 subscription events came"},
	},
	AnnouncesTwice:       {{"SUBS-event-created", "after an event for each subscription: there is the subscription event | events with active true, want 1"}},
	AnnouncesNoEnd:       {{"SUBS-event-terminated", "a stream that its client left: 0 subscription events came"}},
	AnnouncesWhoLeftOnly: {{"SUBS-event-terminated", "a stream whose token expired: 0 subscription events came"}},
	AnnouncesToEverybody: {
		{"SUBS-private", "a stream on * without a token gets the subscription event"},
		{"PRIV-presence-restricted", "a stream that is granted other topics: there is the subscription event"},
	},
	AnnouncesToEveryToken: {
		{"SUBS-event-authz", "a grant of another subtree: there is the subscription event | a grant of the collection: there | a grant of the topic: there"},
		{"SUBS-private", "with a token for something else gets the subscription event"},
	},
	AnnouncesAtDefaultPath:  {{"SUBS-topic-custom-path", "0 subscription events came"}},
	AnnouncesAbsoluteTopics: {{"SUBS-topic", "the id of a subscription by | 0 subscription events came"}},
	CallsExactMatch:         {{"SUBS-topic-match-type", `the type in the topic is "match", want "exact"`}},
	KeepsColonsInTopics: {
		{"SUBS-topic-encoding", "its segment in the topic is"},
		{"SUBS-0x-topic", "the id of a subscription by"},
	},
	KeepsBracesInTopics:      {{"SUBS-0x-topic-encoding", "holds a raw reserved character | 0 subscription events came"}},
	KeepsPercentsInTopics:    {{"SUBS-topic-encode-once", "its segment in the topic is"}},
	EncodesTopicsAsForms:     {{"SUBS-topic-encoding", "its segment in the topic is"}},
	EncodesTopicsTwice:       {{"SUBS-topic-no-double", "want it encoded once"}},
	OmitsMercureType:         {{"SUBS-event-type", "a live event of a subscription has the event fields []"}},
	ReplaysChangesUntyped:    {{"SUBS-event-type", "a replayed event of a subscription has the event fields []"}},
	ReplaysNoChanges:         {{"SUBS-event-in-history", "0 subscription events came"}},
	TypesLegacyEvents:        {{"SUBS-0x-default-event", "want none"}},
	TakesSubscribersFromURLs: {{"SUBS-subscriber-ignores-client", "a suggestion in the"}},
	TakesSubscribersFromHeaders: {
		{"SUBS-subscriber-ignores-client", "a suggestion in the header"},
	},
	NumbersSubscribers:        {{"SUBS-subscriber-random", "want random identifiers"}},
	CallsEveryoneTheSame:      {{"SUBS-subscriber-distinct", "two have the subscriber"}},
	NamesSubscribersByToken:   {{"SUBS-subscriber-per-connection", "two connections with one token have the same subscriber"}},
	NamesSubscribersBySubject: {{"SUBS-subscriber-issuer", "tokens of two issuers with the same sub have the same subscriber"}},
	NamesEachMatcherAnew: {
		{"SUBS-subscriber-shared", "want one"},
		{"SUBS-0x-subscriber-shared", "want one"},
		{"SUB-subscription-per-param", "want one"},
	},
	GivesNoIRIs:    {{"SUBS-subscriber-iri", "is no absolute IRI"}},
	MergesByString: {{"SUB-dedupe-identical", "0 subscription events came"}},

	WritesDocumentsAsForms: {{"SUBS-doc-json", "want a JSON object"}},
	NamesEventInDocument: {
		{"SUBS-doc-id", "want the topic of the event"},
		{"SUBS-0x-doc-id", "want the topic of the event"},
	},
	CapitalizesTypes:        {{"SUBS-doc-type", `is Subscription, want "subscription"`}},
	LowersLegacyTypes:       {{"SUBS-0x-doc-type", `is subscription, want "Subscription"`}},
	OmitsDefaultMatchType:   {{"SUBS-doc-match-type", "match_type is <nil>"}, {"SUB-param-match-exact", "match_type is <nil>"}},
	OmitsContext:            {{"SUBS-0x-doc-jsonld", "@context of the document of a subscription is <nil>"}},
	EncodesMatchInDocuments: {{"SUBS-doc-match", "want the matcher as it was sent"}, {"SUBS-0x-doc-topic", "want the selector as it was sent"}},
	EncodesSubscriberInDocuments: {
		{"SUBS-doc-subscriber", "want the last segment of the id"},
		{"SUBS-0x-doc-subscriber", "want the last segment of the id"},
	},
	WritesActiveAsText:         {{"SUBS-doc-active", "active is true in the event of a subscription that begins"}},
	CallsAllActive:             {{"SUBS-doc-active", "that ended, want false"}},
	OmitsPayloads:              {{"SUBS-doc-payload", "there is no payload"}, {"SUBS-0x-doc-payload", "there is no payload"}},
	WritesNullPayloads:         {{"SUBS-doc-payload", "payload is null, want none"}, {"SUBS-0x-doc-payload", "payload is null, want none"}},
	ShowsLegacyObjectsOnly:     {{"SUBS-0x-doc-payload", "there is no payload, want"}},
	TakesLastPayload:           {{"AUTH-payload-first-match", `payload is {"n":2}, want {"n":1}`}},
	SkipsDetailsWithoutPayload: {{"AUTH-payload-order", `payload is {"n":1}, want none`}},
	ComparesPayloadMatchers:    {{"AUTH-payload-matcher-as-topic", `there is no payload, want {"n":1}`}},
	TakesPayloadsOfEveryAction: {{"AUTH-payload-subscribe-only", `payload is {"n":1}`}},
	AssignsPayloadsToURLsOnly:  {{"AUTH-payload-wildcard-default", `there is no payload, want {"n":1}`}},
}
