package fanout

import (
	"sort"
	"strings"
)

// A trie finds the places whose literals a text begins with, or, read
// backwards, ends with, in one walk along the text. Adding and removing take
// time proportional to the literal, whatever else it holds.
type trie struct {
	backwards bool
	root      trieNode
}

// A trieNode is a place, reached by the labels from the root to it. But for the
// root, a node where nobody stands has two children or more.
type trieNode struct {
	place
	deeper   *sites // of groups for which the place was crowded
	label    string
	children []*trieNode // by what their labels begin with
}

func (t *trie) empty() bool { return len(t.root.children) == 0 }

// crowding returns how many groups stand at a literal.
func (t *trie) crowding(literal string) int {
	n := &t.root
	for literal != "" {
		next := t.child(n, literal)
		if next == nil || !t.leads(next.label, literal) {
			return 0
		}
		literal = t.rest(literal, len(next.label))
		n = next
	}
	if n.deeper != nil {
		return len(n.groups) + n.deeper.size
	}
	return len(n.groups)
}

// along appends the groups at all places on the way along a text, which is all
// or part of the whole that they look at.
func (t *trie) along(dst []*group, text, whole string) []*group {
	n := &t.root
	for text != "" {
		n = t.child(n, text)
		if n == nil || !t.leads(n.label, text) {
			return dst
		}
		dst = append(dst, n.groups...)
		if n.deeper != nil {
			dst = n.deeper.candidates(dst, whole)
		}
		text = t.rest(text, len(n.label))
	}
	return dst
}

// node returns the node at a literal, which is not empty, made if need be.
func (t *trie) node(literal string) *trieNode {
	n := &t.root
	for literal != "" {
		i, found := t.search(n, literal)
		if !found {
			// A label of its own, so that no selector's text outlives it here.
			leaf := &trieNode{label: strings.Clone(literal)}
			n.children = append(n.children, nil)
			copy(n.children[i+1:], n.children[i:])
			n.children[i] = leaf
			return leaf
		}
		next := n.children[i]
		if shared := t.shared(next.label, literal); shared < len(next.label) {
			fork := &trieNode{label: strings.Clone(t.start(literal, shared)), children: []*trieNode{next}}
			next.label = strings.Clone(t.rest(next.label, shared))
			n.children[i] = fork
			next = fork
		}
		literal = t.rest(literal, len(next.label))
		n = next
	}
	return n
}

// remove takes a group away from a literal; depth says which of its path the
// trie's is.
func (t *trie) remove(literal string, g *group, depth int) {
	t.removeBelow(&t.root, literal, g, depth)
}

// removeBelow removes a group below a node and tidies up on the way back.
func (t *trie) removeBelow(n *trieNode, literal string, g *group, depth int) {
	if literal == "" {
		n.drop(g, depth)
		return
	}
	i, _ := t.search(n, literal)
	next := n.children[i]
	t.removeBelow(next, t.rest(literal, len(next.label)), g, depth)
	switch {
	case len(next.groups) > 0 || next.deeper != nil:
	case len(next.children) == 0:
		copy(n.children[i:], n.children[i+1:])
		n.children[len(n.children)-1] = nil
		n.children = n.children[:len(n.children)-1]
		if len(n.children) == 0 {
			n.children = nil
		}
	case len(next.children) == 1:
		only := next.children[0]
		only.label = t.joined(next.label, only.label)
		n.children[i] = only
	}
}

// drop removes a group from a node, whose anchor is at depth in its path.
func (n *trieNode) drop(g *group, depth int) {
	if depth+1 == len(g.path) || g.path[depth+1] == here {
		n.place.remove(g)
		return
	}
	n.deeper.remove(g, depth+1)
	if n.deeper.size == 0 {
		n.deeper = nil
	}
}

// child returns the only child of n that may lie on the way along a text.
func (t *trie) child(n *trieNode, text string) *trieNode {
	if i, found := t.search(n, text); found {
		return n.children[i]
	}
	return nil
}

// search returns the index of that child, or of where it would be.
func (t *trie) search(n *trieNode, text string) (int, bool) {
	c := t.head(text)
	i := sort.Search(len(n.children), func(i int) bool { return t.head(n.children[i].label) >= c })
	return i, i < len(n.children) && t.head(n.children[i].label) == c
}

// What follows reads text in the direction of the trie.

func (t *trie) head(text string) byte {
	if t.backwards {
		return text[len(text)-1]
	}
	return text[0]
}

func (t *trie) leads(label, text string) bool {
	if t.backwards {
		return strings.HasSuffix(text, label)
	}
	return strings.HasPrefix(text, label)
}

// start returns the first n bytes of text.
func (t *trie) start(text string, n int) string {
	if t.backwards {
		return text[len(text)-n:]
	}
	return text[:n]
}

// rest returns text without its first n bytes.
func (t *trie) rest(text string, n int) string {
	if t.backwards {
		return text[:len(text)-n]
	}
	return text[n:]
}

// joined returns label, and then more.
func (t *trie) joined(label, more string) string {
	if t.backwards {
		return more + label
	}
	return label + more
}

// shared returns how many bytes two texts have in common before they differ.
func (t *trie) shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && t.head(t.rest(a, n)) == t.head(t.rest(b, n)) {
		n++
	}
	return n
}
