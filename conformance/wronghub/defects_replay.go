package wronghub

// Defects of replays and their cursors.
const (
	IgnoresCursorHeader          Defect = "does not look for a cursor in the header"
	ReadsHeadersAsLatin1         Defect = "reads a cursor in the header as ISO 8859-1"
	IgnoresCursorParameter       Defect = "does not look for a cursor in a parameter"
	DiscardsNothing              Defect = "keeps more than it is configured to"
	KnowsEarliestInParameterOnly Defect = "knows the cursor earliest in a parameter only"
	ReplaysCursorItself          Defect = "replays the event that the cursor names, too"
	SeeksCursorAmongOwn          Defect = "knows a cursor only if its event is for this subscriber"
	DropsOneReplayed             Defect = "loses one of the events it replays"
	RepeatsLastReplayed          Defect = "sends the last event of a replay twice"
	ReplaysBareData              Defect = "replays events without type and retry"
	ReplaysCanonicalOnly         Defect = "replays what matches by its first topic only"
	ReplaysPrivateToAll          Defect = "replays private events to everybody"
	ResumesAfterLatest           Defect = "resumes after the last event that has the id"
	SkipsReusedIDs               Defect = "leaves out of a replay what has the cursor's id"
	ForgetsUnknownCursors        Defect = "replays nothing after a cursor it does not know"
	AnswersNoCursor              Defect = "does not answer cursors"
	AnswersParameterOnly         Defect = "answers only cursors in parameters"
	AnswersKnownCursorsOnly      Defect = "answers only cursors that it knows"
	SwapsCursorHeaders           Defect = "answers 0.x cursors in the field of 1.0"
	AddsOldCursorHeader          Defect = "answers 1.0 cursors in the field of 0.x, too"
	AnswersEarliestAtEnd         Defect = "answers earliest where nothing is left to replay"
	AnswersFirstReplayed         Defect = "answers a cursor with the first id it replays"
	EchoesCursors                Defect = "answers a cursor with itself"
	AnswersNewestID              Defect = "answers a cursor with the newest id"
)

var replayDefects = map[Defect][]Catch{
	IgnoresCursorHeader:  {{"REPLAY-header", "before the sentinel came"}},
	ReadsHeadersAsLatin1: {{"REPLAY-header-utf8", "before the sentinel came"}},
	IgnoresCursorParameter: {
		{"REPLAY-query", "before the sentinel came"},
		{"REPLAY-0x-query", "before the sentinel came"},
	},
	DiscardsNothing:              {{"REPLAY-discard", "Last-Event-ID is"}},
	KnowsEarliestInParameterOnly: {{"REPLAY-earliest-header", "Last-Event-ID is"}},
	ReplaysCursorItself:          {{"REPLAY-after", "event 1 of 2 has id"}},
	SeeksCursorAmongOwn:          {{"REPLAY-hub-wide-cursor", "Last-Event-ID is"}},
	DropsOneReplayed: {
		{"REPLAY-order-gapless", "resumed while updates are published: event"},
		{"REPLAY-after", "event 1 of 2 has id"},
	},
	RepeatsLastReplayed:  {{"REPLAY-order-gapless", "resumed while updates are published: event"}},
	ReplaysBareData:      {{"REPLAY-full-event", "want as live"}},
	ReplaysCanonicalOnly: {{"REPLAY-alternate-topics", "by the alternate topic: replayed []"}},
	ReplaysPrivateToAll: {
		{"REPLAY-reauthorize", "before the sentinel came"},
		{"REPLAY-private-withheld", "before the sentinel came"},
		{"REPLAY-0x-private-withheld", "before the sentinel came"},
		{"REPLAY-cursor-may-leak", "got the private event"},
	},
	ResumesAfterLatest:    {{"REPLAY-duplicate-id", "before the sentinel came"}},
	SkipsReusedIDs:        {{"REPLAY-duplicate-id-all", "want the later update with that id among them"}},
	ForgetsUnknownCursors: {{"REPLAY-unknown-cursor", "before the sentinel came"}},
	AnswersNoCursor: {
		{"REPLAY-cursor-header", "the answer has no Mercure-Last-Event-ID"},
		{"REPLAY-0x-cursor-header", "the answer has no Last-Event-ID"},
	},
	AnswersParameterOnly: {
		{"REPLAY-cursor-header", "the answer has no Mercure-Last-Event-ID"},
		{"REPLAY-0x-cursor-header", "the answer has no Last-Event-ID"},
	},
	AnswersKnownCursorsOnly: {
		{"REPLAY-cursor-header", "the answer has no Mercure-Last-Event-ID"},
		{"REPLAY-0x-cursor-header", "the answer has no Last-Event-ID"},
		{"REPLAY-cursor-earliest", "Mercure-Last-Event-ID is"},
	},
	SwapsCursorHeaders:   {{"REPLAY-0x-cursor-header", "the answer has no Last-Event-ID"}},
	AddsOldCursorHeader:  {{"REPLAY-cursor-not-last-event-id", "want it absent"}},
	AnswersEarliestAtEnd: {{"REPLAY-cursor-value", "Mercure-Last-Event-ID is"}},
	AnswersFirstReplayed: {
		{"REPLAY-cursor-value", "Mercure-Last-Event-ID is"},
		{"REPLAY-0x-cursor-value", "Last-Event-ID is"},
	},
	EchoesCursors: {
		{"REPLAY-cursor-earliest", "Mercure-Last-Event-ID is"},
		{"REPLAY-0x-cursor-value", "Last-Event-ID is"},
	},
	AnswersNewestID: {
		{"REPLAY-earliest", "want earliest since the request was honoured"},
		{"REPLAY-cursor-value", "Mercure-Last-Event-ID is"},
		{"REPLAY-0x-cursor-value", "Last-Event-ID is"},
	},
}
