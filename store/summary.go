package store

// A Summary is what a history holds, for its operator.
type Summary struct {
	Entries int64 // updates
	Bytes   int64 // of their records, which is what [Retention.MaxBytes] limits
	Brought int64 // entries whose id a publisher brought, imported ones included

	// Oldest and Newest are the ends of the updates retained, nil for none.
	Oldest, Newest *Entry

	Presence int64 // entries about subscriptions that began and ended

	Epochs  int
	Trimmed Position // largest that retention removed, 0 for none
	File    int64    // size of the file in bytes, 0 for an engine without one
}
