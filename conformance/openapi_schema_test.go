package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A description is a part of the OpenAPI document; references are followed as
// they are met.
type description struct {
	root map[string]any
	node map[string]any
}

// at returns the part below a name, and whether there is one.
func (d description) at(name string) (description, bool) {
	node, ok := d.node[name].(map[string]any)
	return d.to(node), ok
}

// below returns the names of the parts below, in order.
func (d description) below() []string { return slices.Sorted(maps.Keys(d.node)) }

// to is the part that a node, or what it refers to, describes.
func (d description) to(node map[string]any) description {
	for {
		ref, ok := node["$ref"].(string)
		if !ok {
			return description{d.root, node}
		}
		node = d.root
		for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			node, _ = node[name].(map[string]any)
		}
		if node == nil {
			panic("the description refers to " + ref + ", which it does not hold")
		}
	}
}

// schemaWords are those the judge understands; a description that uses another
// would promise what nobody checks.
var schemaWords = []string{"type", "required", "properties", "additionalProperties", "items", "minItems", "const", "enum", "pattern", "minLength", "description"}

// judge returns what is wrong with a value that is to be as a schema says.
func (d description) judge(where string, value any) (wrong []string) {
	say := func(format string, args ...any) {
		wrong = append(wrong, where+" "+fmt.Sprintf(format, args...))
	}
	for word := range d.node {
		if !slices.Contains(schemaWords, word) {
			say("is described with %q, which this test does not understand", word)
		}
	}
	if want, ok := d.node["type"].(string); ok && typeOf(value) != want && (want != "number" || typeOf(value) != "integer") {
		say("is of type %s, want %s", typeOf(value), want)
		return wrong
	}
	if want, ok := d.node["const"]; ok && fmt.Sprint(want) != fmt.Sprint(value) {
		say("is %q, want %q", value, want)
	}
	if allowed, ok := d.node["enum"].([]any); ok && !slices.Contains(allowed, value) {
		say("is %q, want one of %q", value, allowed)
	}
	switch v := value.(type) {
	case string:
		if pattern, ok := d.node["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(v) {
			say("is %q, want it to match %s", v, pattern)
		}
		if least, ok := d.node["minLength"].(uint64); ok && uint64(len(v)) < least {
			say("is %q, want at least %d characters", v, least)
		}
	case []any:
		if least, ok := d.node["minItems"].(uint64); ok && uint64(len(v)) < least {
			say("has %d items, want at least %d", len(v), least)
		}
		if items, ok := d.at("items"); ok {
			for i, item := range v {
				wrong = append(wrong, items.judge(fmt.Sprintf("%s[%d]", where, i), item)...)
			}
		}
	case map[string]any:
		required, _ := d.node["required"].([]any)
		for _, name := range required {
			if _, there := v[name.(string)]; !there {
				say("lacks %s", name)
			}
		}
		properties, _ := d.at("properties")
		for name, member := range v {
			if of, ok := properties.at(name); ok {
				wrong = append(wrong, of.judge(where+"."+name, member)...)
			} else if d.node["additionalProperties"] == false {
				say("has a member %s, which is not described", name)
			}
		}
	}
	return wrong
}

// typeOf names the type of a JSON value.
func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
