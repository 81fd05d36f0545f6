package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The bounds of merge keys: far above any use, and below what a file made to blow up could cost.
const (
	maxMergeDepth = 10
	maxMerges     = 10_000
)

// value is what was given for a key, in the file or in an environment variable.
type value struct {
	node *yaml.Node
	env  string // the variable; empty for the file
}

// at is where a value stands.
func (l *loader) at(v value) place {
	if v.env != "" {
		return place{env: v.env}
	}
	return place{file: l.file, line: v.node.Line}
}

// badf adds what is wrong with a value.
func (l *loader) badf(v value, format string, args ...any) {
	l.problems.addf(l.at(v), l.subject+format, args...)
}

// fields are a mapping's values by key.
type fields map[string]value

// names are the keys that a mapping may have.
func names[T any](keys []key[T], more ...string) []string {
	all := slices.Clone(more)
	for _, k := range keys {
		all = append(all, k.name)
	}
	return all
}

// fields reads a mapping, whose keys must be among known and stand once each; what names it for a person.
func (l *loader) fields(v value, what string, known []string) fields {
	out := fields{}
	n := target(v.node)
	if n.Kind != yaml.MappingNode {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!null" {
			l.badf(v, "%s must be keys with values (key: value), not %s", what, kind(n))
		}
		return out
	}
	l.collect(value{node: n, env: v.env}, what, known, out, 0)
	return out
}

// collect adds n's fields to out, and then, for those that are not there, the fields of what it merges.
func (l *loader) collect(v value, what string, known []string, out fields, depth int) {
	var merged []*yaml.Node
	own := map[string]int{} // this mapping's keys, by line
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		k, item := v.node.Content[i], value{node: v.node.Content[i+1], env: v.env}
		at := value{node: k, env: v.env}
		if k.Kind == yaml.ScalarNode && k.Tag == "!!merge" {
			merged = append(merged, item.node)
			continue
		}
		if k.Kind != yaml.ScalarNode || !slices.Contains(known, k.Value) {
			l.badf(at, "%s", unknown("key", k.Value, known))
			continue
		}
		if first, twice := own[k.Value]; twice {
			l.badf(at, "%s stands twice, first in line %d", k.Value, first)
			continue
		}
		own[k.Value] = k.Line
		if _, above := out[k.Value]; !above {
			out[k.Value] = item
		}
	}
	for _, m := range merged {
		l.merge(value{node: m, env: v.env}, what, known, out, depth)
	}
}

// merge follows a merge key (<<): a mapping, or a list of them, the first of which wins.
func (l *loader) merge(v value, what string, known []string, out fields, depth int) {
	n := target(v.node)
	l.merges++
	switch {
	case depth >= maxMergeDepth || l.merges > maxMerges:
		l.badf(v, "%s merges (<<) too much, or itself", what)
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			l.merge(value{node: item, env: v.env}, what, known, out, depth+1)
		}
	case n.Kind == yaml.MappingNode:
		l.collect(value{node: n, env: v.env}, what, known, out, depth+1)
	default:
		l.badf(v, "%s: << takes a mapping (*anchor)", what)
	}
}

// list gives a list's items. From the environment it is text with commas, or JSON.
func (l *loader) list(v value, what string) []value {
	if v.env != "" && v.node.Kind == yaml.ScalarNode {
		return l.envList(v, what)
	}
	n := target(v.node)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		l.badf(v, "%s must be a list, not %s", what, kind(n))
		return nil
	}
	items := make([]value, 0, len(n.Content))
	for _, item := range n.Content {
		items = append(items, value{node: item, env: v.env})
	}
	return items
}

func (l *loader) envList(v value, what string) []value {
	text := strings.TrimSpace(v.node.Value)
	if strings.HasPrefix(text, "[") { // JSON is YAML
		var doc yaml.Node
		if err := decode(yaml.NewDecoder(strings.NewReader(text)), &doc); err != nil || len(doc.Content) != 1 {
			l.badf(v, "%s is no JSON list", what)
			return nil
		}
		return l.list(value{node: doc.Content[0], env: v.env}, what)
	}
	var items []value
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, value{node: scalar(item), env: v.env})
		}
	}
	return items
}

// scalar is a node for a text that came from the environment.
func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// target follows an alias (*anchor).
func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// kind names a node for a person.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "keys with values"
	}
	return "a single value"
}
