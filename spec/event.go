package spec

// AppendEvent appends the one event that carries u under id, from its first
// byte to its blank line, in the text/event-stream format. u's own id is
// ignored: id is the one the hub settled on.
func AppendEvent(dst []byte, id EventID, u *Update) []byte { panic("spec: being written") }
