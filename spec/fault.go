package spec

// A Fault is why a value could not be built. It teaches: Rule is the id of
// the obligation in requirements.yaml, Field the wire name of the offending
// parameter, Problem what is wrong with it, Fix what to send instead.
// None of them ever holds a credential.
type Fault struct {
	Rule    string
	Field   string
	Problem string
	Fix     string
	// TooLarge marks a limit, which a publish answers with 413 instead of 400.
	TooLarge bool
}

// Error joins the field and the problem; the rule and the fix are for the
// problem document.
func (f *Fault) Error() string { return f.Field + ": " + f.Problem }
