package fanout

// A Reason is why a stream ended: a word for logs and metric labels alike.
type Reason string

const (
	ClientGone     Reason = "client_gone"     // the peer closed, or a write failed
	TooSlow        Reason = "too_slow"        // its socket refused bytes for too long
	HistoryTrimmed Reason = "history_trimmed" // retention removed what it still had to read
	HistoryFailed  Reason = "history_failed"  // the log could not be read
	TokenExpired   Reason = "token_expired"   // exp was reached
	MaxLifetime    Reason = "max_lifetime"    // --max-lifetime was reached
	Sunset         Reason = "sunset"          // its generation of the protocol is served no more
	KeyRemoved     Reason = "key_removed"     // its key or issuer is no longer trusted
	Shutdown       Reason = "shutdown"        // the hub stops
)

// endsPermission says that the subscriber may not have what is still pending.
func (r Reason) endsPermission() bool { return r == TokenExpired || r == KeyRemoved }
