package manifest

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/suggest"
)

// fields are a mapping's values by key.
type fields map[string]*yaml.Node

// parse gives the YAML text's one document; nil where there is none, or the problem was added.
func (l *loader) parse(in io.Reader) (*yaml.Node, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxYAML+1))
	if err != nil {
		return nil, fail(l.name, 0, "manifest.unreadable", "error", err)
	}
	if len(text) > maxYAML {
		return nil, fail(l.name, 0, "manifest.too_large", "bytes", maxYAML)
	}
	if utf16 := bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}); !utf16 && !utf8.Valid(text) {
		return nil, fail(l.name, 0, "manifest.not_utf8")
	}
	var root, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := decode(d, &root); err != nil {
		if !errors.Is(err, io.EOF) {
			l.addYAML(err)
		}
		return nil, nil
	}
	if err := decode(d, &second); err == nil {
		l.problems.say(second.Line, "manifest.second_document")
	} else if !errors.Is(err, io.EOF) {
		l.addYAML(err)
	}
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		return root.Content[0], nil
	}
	return &root, nil
}

// decode turns the parser's panics, of which malformed input raises some, into errors.
func decode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml: this cannot be understood")
		}
	}()
	return d.Decode(n)
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// addYAML adds what the YAML parser says.
func (l *loader) addYAML(err error) {
	line, text := 0, err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1]) // empty is no line
		text = m[2]
	}
	l.problems.say(line, "manifest.no_yaml", "said", text)
}

// target follows an alias (*anchor).
func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" || n.Kind == 0 }

// fields reads a mapping, whose keys must be among known and stand once each; what names it for a person.
func (l *loader) fields(n *yaml.Node, what i18n.Message, known []string) fields {
	out := fields{}
	n = target(n)
	if n.Kind != yaml.MappingNode {
		if !isNull(n) {
			l.problems.say(n.Line, "manifest.no_mapping", "what", what)
		}
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Tag == "!!merge":
			l.problems.say(k.Line, "manifest.merge_key", "what", what)
		case k.Kind != yaml.ScalarNode || !slices.Contains(known, k.Value):
			l.problems.say(k.Line, "manifest.unknown_key", "what", what, "key", storelist.Shown(k.Value), "meant", meant(k.Value, known))
		case out[k.Value] != nil:
			l.problems.say(k.Line, "manifest.key_twice", "what", what, "key", k.Value, "line", out[k.Value].Line)
		default:
			out[k.Value] = v
		}
	}
	return out
}

// meant says which of the known keys somebody meant, who may have written what a flat table calls it.
func meant(word string, known []string) i18n.Message {
	near := suggest.Nearest(word, known)
	for c, key := range [columns]string{"account", "brand", "coupon", "stock", "bundle", "priority"} {
		if slices.Contains(aliases[c], storelist.Fold(word)) && slices.Contains(known, key) {
			near = key
		}
	}
	if near != "" {
		return i18n.M("manifest.did_you_mean", "key", near)
	}
	return i18n.M("manifest.known_keys", "keys", known)
}

// scalarTags are the types that YAML takes a single value for.
var scalarTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!null"}

// text gives a single value as it is written; "" where it is empty. It is false, and the problem added, where there is
// none to give.
func (l *loader) text(n *yaml.Node, key string) (string, bool) {
	v := target(n)
	if v.Kind != yaml.ScalarNode || !slices.Contains(scalarTags, v.Tag) {
		l.problems.say(n.Line, "manifest.no_scalar", "key", key)
		return "", false
	}
	if isNull(v) {
		return "", true
	}
	return strings.TrimSpace(v.Value), true
}

// exact is text for what must be told to the letter: a value that YAML takes for anything but text, or digits alone, must
// stand in quotes, since nobody can see whether 1e5, 0x1F or 1_000 are what they were meant to be.
func (l *loader) exact(n *yaml.Node, key string) (string, bool) {
	s, ok := l.text(n, key)
	if v := target(n); ok && s != "" && v.Tag != "!!str" && strings.Trim(s, "0123456789") != "" {
		l.problems.say(n.Line, "manifest.not_text", "key", key, "value", storelist.Shown(v.Value))
		return "", false
	}
	return s, ok
}
