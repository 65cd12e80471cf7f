package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// readFile returns what a YAML file says about the options. Values are taken
// as they are written, not as YAML types: 1.0 is a protocol, not a number.
func readFile(path string, options []option) (layer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return parseFile(filepath.Base(path), b, options)
}

// parseFile returns what could be understood even where something could not,
// so that its faults can be told together.
func parseFile(name string, text []byte, options []option) (layer, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	l := make(layer)
	var faults []error
	for _, document := range file.Docs {
		if document.Body == nil {
			continue
		}
		mapping, ok := document.Body.(*ast.MappingNode)
		if !ok {
			return nil, fmt.Errorf("%s: not a list of \"setting: value\" lines", name)
		}
		for _, entry := range mapping.Values {
			token := entry.Key.GetToken()
			at := fmt.Sprintf("%s:%d: ", name, token.Position.Line)
			o := find(options, strings.ReplaceAll(token.Value, "_", "-"))
			if o == nil || token.Value != key(o.name) {
				faults = append(faults, fmt.Errorf("%s%w", at, unknown("key", token.Value, names(options, key))))
				continue
			}
			values, err := o.fromYAML(entry.Value)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s%s: %w", at, token.Value, err))
				continue
			}
			if values != nil {
				l[o.name] = given{values: values, from: at + token.Value}
			}
		}
	}
	return l, errors.Join(faults...)
}

// key returns the file's spelling of a setting.
func key(name string) string { return strings.ReplaceAll(name, "-", "_") }

// fromYAML returns the values written in a node: nil for null.
func (o *option) fromYAML(n ast.Node) ([]string, error) {
	switch n := n.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.SequenceNode:
		if o.block {
			return []string{n.String()}, nil
		}
		if !o.list && !o.repeat {
			return nil, errors.New("takes one value, not a list")
		}
		values := make([]string, 0, len(n.Values))
		for _, item := range n.Values {
			v, err := scalar(item)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		return values, nil
	}
	if o.block && n.Type() == ast.MappingType {
		return nil, errors.New("takes a list: begin each entry with a dash")
	}
	v, err := scalar(n)
	if err != nil {
		return nil, err
	}
	return o.split(v, ","), nil
}

func scalar(n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	}
	return "", errors.New("takes plain values, no mapping, anchor or tag")
}

// syntaxError keeps the first line of the parser's message, with its place.
func syntaxError(name string, err error) error {
	var e yaml.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s:%d: %s", name, e.GetToken().Position.Line, e.GetMessage())
	}
	return fmt.Errorf("%s: %w", name, err)
}
