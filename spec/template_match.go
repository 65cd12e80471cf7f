package spec

import "strings"

// match reports whether t can expand to topic: whether it is one of the
// strings that RFC 6570 lets t expand to, over all values of its variables:
// undefined, strings, lists and associative arrays, prefixes and explode
// modifiers obeyed, names and order of named variables too. It also matches
// these, which no expansion yields:
//
//   - different values where a variable occurs twice: {x}/{x} matches a/b;
//   - triplets in lowercase, and triplets that do not decode to UTF-8, where
//     the RFC's processors encode a value: {x} matches %c3%a9 and %FF;
//   - a literal outside ASCII as it is written in t, beside its encoded form.
func (t template) match(topic string) bool {
	if prefix, suffix := t.ends(); !strings.HasPrefix(topic, prefix) || !strings.HasSuffix(topic, suffix) {
		return false
	}
	var rooms [5]reachRoom
	w := templateWalk{
		topic: topic,
		at:    rooms[0].over(topic), some: rooms[1].over(topic), begin: rooms[2].over(topic),
		step: rooms[3].over(topic), spare: rooms[4].over(topic),
	}
	w.at.add(0)
	for i := range t {
		if t[i].operator == nil {
			clear(w.step)
			w.step.addEncoded(w.at, topic, t[i].literal)
			w.at, w.step = w.step, w.at
		} else {
			w.expression(&t[i])
		}
		if w.at.empty() {
			return false
		}
	}
	return w.at.has(len(topic))
}

// A templateWalk follows a template through a topic.
type templateWalk struct {
	topic string
	at    reach // where the parts walked so far may end

	// Of the expression that is walked.
	some        reach // where it may end with a variable defined
	begin       reach // where the next variable may begin
	step, spare reach // for what lasts one variable
}

// expression walks an expression. Any of its variables may be undefined, and
// then takes its separator along.
func (w *templateWalk) expression(p *templatePart) {
	clear(w.some)
	for i := range p.variables {
		clear(w.begin)
		w.begin.addLiteral(w.at, w.topic, p.operator.first)
		w.begin.addLiteral(w.some, w.topic, p.operator.separator)
		w.variable(p.operator, &p.variables[i])
	}
	w.at.union(w.some)
}

// variable adds to some where a defined variable may end.
func (w *templateWalk) variable(op *operator, v *variable) {
	value := unreserved
	if op.reserved {
		value |= reserved
	}
	switch {
	case v.explode && op.named:
		// Pairs whose names are those of an associative array, or each the
		// variable's own. The RFC encodes names of arrays like literals, so
		// they may hold any reserved character, separators and "=" included:
		// all pairs but the last look like a part of its name.
		w.begin.extend(w.topic, unreserved|reserved)
		if !op.bareIfEmpty {
			w.literal("=")
			w.begin.extend(w.topic, value)
		}
		w.some.union(w.begin)
		return
	case v.explode && !op.reserved:
		// A list, or an associative array. Under a reserved expansion both
		// look like strings.
		copy(w.step, w.begin)
		w.step.extend(w.topic, value|op.list())
		w.some.union(w.step)
		w.some.addPairs(w.begin, w.topic, op.separator[0])
		return
	}
	least := 0
	if op.named {
		w.literal(v.name)
		if op.bareIfEmpty {
			w.some.union(w.begin)
			least = 1
		}
		w.literal("=")
	}
	if v.prefix > 0 { // only strings have one
		w.some.addPrefixes(w.begin, w.topic, value, least, v.prefix)
		return
	}
	// Commas join the members of a list, and the names and values of an
	// associative array.
	w.begin.extend(w.topic, value|comma)
	w.some.union(w.begin)
}

// literal takes begin beyond a literal.
func (w *templateWalk) literal(text string) {
	clear(w.spare)
	w.spare.addLiteral(w.begin, w.topic, text)
	w.begin, w.spare = w.spare, w.begin
}

// list is the separator of an exploded list, as characters of one value: any
// member may be empty, so the list is a value with separators in it.
func (op *operator) list() charset {
	switch op.separator {
	case ",":
		return comma
	case "/":
		return slash
	}
	return unreserved // a dot
}
