package spec

// A Pair is one name and value of a form or query, decoded.
type Pair struct {
	Name, Value string
}

// ParseForm splits an application/x-www-form-urlencoded string as the WHATWG
// URL Standard does: on '&' alone, the first '=' ends the name, '+' is a
// space, a stray '%' and a raw ';' are data. Unlike the standard it does not
// replace ill-formed UTF-8: the bytes are kept, so that the constructors can
// refuse them (TOPIC-utf8, SUB-value-utf8-400, PUB-utf8-names-values).
func ParseForm(raw string) []Pair { panic("spec: being written") }
