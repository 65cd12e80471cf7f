package wronghub

// Defects of replays and their cursors.
const (
	IgnoresCursorHeader          Defect = "does not look for a cursor in the header"
	ReadsHeadersAsLatin1         Defect = "reads a cursor in the header as ISO 8859-1"
	IgnoresCursorParameter       Defect = "does not look for a cursor in a parameter"
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
	SwapsCursorHeaders           Defect = "answers 0.x cursors in the field of 1.0"
	AddsOldCursorHeader          Defect = "answers 1.0 cursors in the field of 0.x, too"
	EchoesCursors                Defect = "answers a cursor with itself"
	AnswersNewestID              Defect = "answers a cursor with the newest id"
)

var replayDefects = map[Defect][]Catch{
	IgnoresCursorHeader:          {{"REPLAY-header", ""}},
	ReadsHeadersAsLatin1:         {{"REPLAY-header-utf8", ""}},
	IgnoresCursorParameter:       {{"REPLAY-query", ""}, {"REPLAY-0x-query", ""}},
	KnowsEarliestInParameterOnly: {{"REPLAY-earliest-header", ""}},
	ReplaysCursorItself:          {{"REPLAY-after", ""}},
	SeeksCursorAmongOwn:          {{"REPLAY-hub-wide-cursor", ""}},
	DropsOneReplayed:             {{"REPLAY-order-gapless", ""}, {"REPLAY-after", ""}},
	RepeatsLastReplayed:          {{"REPLAY-order-gapless", ""}},
	ReplaysBareData:              {{"REPLAY-full-event", ""}},
	ReplaysCanonicalOnly:         {{"REPLAY-alternate-topics", ""}},
	ReplaysPrivateToAll:          {{"REPLAY-reauthorize", ""}, {"REPLAY-private-withheld", ""}, {"REPLAY-0x-private-withheld", ""}, {"REPLAY-cursor-may-leak", ""}},
	ResumesAfterLatest:           {{"REPLAY-duplicate-id", ""}},
	SkipsReusedIDs:               {{"REPLAY-duplicate-id-all", ""}},
	ForgetsUnknownCursors:        {{"REPLAY-unknown-cursor", ""}},
	AnswersNoCursor:              {{"REPLAY-cursor-header", ""}, {"REPLAY-0x-cursor-header", ""}},
	AnswersParameterOnly:         {{"REPLAY-cursor-header", ""}, {"REPLAY-0x-cursor-header", ""}},
	SwapsCursorHeaders:           {{"REPLAY-0x-cursor-header", ""}},
	AddsOldCursorHeader:          {{"REPLAY-cursor-not-last-event-id", ""}},
	EchoesCursors:                {{"REPLAY-cursor-earliest", ""}, {"REPLAY-0x-cursor-value", ""}},
	AnswersNewestID:              {{"REPLAY-cursor-value", ""}, {"REPLAY-0x-cursor-value", ""}},
}
