package spec

// A Generation is one of the two wire protocols that share the hub's URL.
type Generation uint8

const (
	// Legacy is protocol 0.x: draft-dunglas-mercure-07 and what is deployed.
	Legacy Generation = iota + 1
	// Current is protocol 1.0: draft-dunglas-mercure-08.
	Current
)

// String returns the name used in settings, logs and metric labels.
func (g Generation) String() string {
	switch g {
	case Legacy:
		return "0.x"
	case Current:
		return "1.0"
	}
	return "none"
}

// Generations is the set of generations a hub serves.
type Generations uint8

// Both is the default: every hub URL serves 0.x and 1.0 at once.
const Both = Generations(1<<Legacy | 1<<Current)

// Only returns the set holding g alone.
func Only(g Generation) Generations { return 1 << g }

// Has reports whether g is in the set.
func (s Generations) Has(g Generation) bool { return s&(1<<g) != 0 }
