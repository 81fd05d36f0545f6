package storelist

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/storelink/storelink/internal/i18n"
)

// objects is JSON lines: an object a line, with the ID as a string or as a number that is written out; or the ID alone.
type objects struct {
	in     *text
	opts   Options
	line   int
	key    string // the ID's; "" where the lines are IDs
	only   bool   // the first object has no other key, and its name said nothing
	head   head
	first  *row
	blanks int64
}

func newObjects(in *text, opts Options) (*objects, error) {
	o := &objects{in: in, opts: opts, head: head{own: -1, row: -1, ids: (&search{opts: opts}).ids(noFamily)}}
	value, err := o.read()
	if errors.Is(err, io.EOF) {
		return nil, listError(opts.Name, 0, "list.empty")
	}
	if err != nil {
		return nil, err
	}
	if opts.HeaderLine > 0 || opts.NoHeader {
		return nil, listError(opts.Name, 0, "list.json_header")
	}
	if value[0] == '{' {
		if err := o.choose(value); err != nil {
			return nil, err
		}
	}
	first, err := o.row(value)
	o.first = &first
	return o, err
}

// choose finds the key of the IDs in the first object.
func (o *objects) choose(value []byte) error {
	object, _, err := o.object(value)
	if err != nil {
		return err
	}
	r := headRow{line: o.line, names: slices.Sorted(maps.Keys(object))}
	s := search{rows: []headRow{r}, opts: o.opts}
	at, found := -1, false
	switch name := o.opts.columnName(); {
	case name != "":
		if at, err = s.cellNamed(r, name); err == nil && at < 0 {
			err = s.noSuchColumn(name, r)
		}
	case o.opts.Column != "":
		if at = o.opts.columnNumber() - 1; at < 0 || at >= len(r.names) {
			err = s.noNumber(at+1, r)
		}
	default:
		if at, found, err = s.pick(r); err == nil && !found {
			var ok bool
			if at, ok = lone(r.names); ok {
				o.only = true
			} else {
				err = listError(o.opts.Name, o.line, "list.unknown_key", "keys", quoted(r.names))
			}
		}
	}
	if err != nil {
		return err
	}
	o.key = r.names[at]
	o.head = s.header(0, at)
	o.head.row = -1
	return nil
}

func (o *objects) column() string {
	if o.key == "" {
		return "1"
	}
	return o.key
}

func (o *objects) place() (int, ReadColumn) { return 0, ReadColumn{Number: 1, Name: o.key} }
func (o *objects) header() ([]Value, int)   { return nil, 1 }

func (o *objects) format() string { return "JSON lines" }
func (o *objects) begin() head    { return o.head }

func (o *objects) passed() (above, blank int64) { return 0, o.blanks }

// read gives the next line that has something in it, in UTF-8.
func (o *objects) read() ([]byte, error) {
	for {
		line, number, err := o.in.line()
		if err != nil {
			return nil, err
		}
		o.line = number
		if b := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(line), byteOrderMark)); len(b) > 0 {
			return []byte(decode(string(b))), nil
		}
		o.blanks++
	}
}

func (o *objects) next() (row, error) {
	if o.first != nil {
		r := *o.first
		o.first = nil
		return r, nil
	}
	value, err := o.read()
	if err != nil {
		return row{}, err
	}
	return o.row(value)
}

// object reads an object; twice is a key of it that stands in it more than once.
func (o *objects) object(line []byte) (object map[string]json.RawMessage, twice bool, err error) {
	err = json.Unmarshal(line, &object)
	if e := (*json.SyntaxError)(nil); errors.As(err, &e) && int(e.Offset) >= len(line) && o.line == 1 {
		return nil, false, listError(o.opts.Name, o.line, "list.json_over_lines")
	}
	if err != nil {
		return nil, false, listError(o.opts.Name, o.line, "list.no_object", "error", err)
	}
	return object, keys(line) != len(object), nil
}

// alone says whether an object has one key beside those that we added.
func (o *objects) alone(object map[string]json.RawMessage) bool {
	if len(object) == 1 {
		return true
	}
	_, ok := lone(slices.Collect(maps.Keys(object)))
	return ok
}

// keys counts the keys of an object that is well formed.
func keys(object []byte) (count int) {
	depth, text := 0, false
	for i := 0; i < len(object); i++ {
		switch c := object[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ':' && depth == 1:
			count++
		}
	}
	return count
}

func (o *objects) row(line []byte) (row, error) {
	r := row{line: o.line, raw: []string{string(line)}}
	value := json.RawMessage(line)
	if o.key != "" {
		object, twice, err := o.object(line)
		if err != nil {
			return row{}, err
		}
		own := json.RawMessage(nil)
		if o.head.own >= 0 {
			own = object[o.head.ownName]
		}
		r.own = scalar(own)
		switch value = object[o.key]; {
		case twice:
			r.id, r.fault = string(line), i18n.M("list.key_twice")
			return r, nil
		case o.only && !o.alone(object):
			r.id, r.fault = string(line), i18n.M("list.more_keys", "n", len(object), "key", Shown(o.key))
			return r, nil
		case value == nil:
			r.fault = i18n.M("list.no_key", "key", Shown(o.key))
			return r, nil
		}
	}
	return r, o.value(value, &r)
}

// value reads an ID.
func (o *objects) value(value json.RawMessage, r *row) error {
	switch {
	case string(value) == "null":
		r.fault = Fault(storeID, "")
	case value[0] == '"':
		if err := json.Unmarshal(value, &r.id); err != nil {
			return listError(o.opts.Name, o.line, "list.bad_json", "error", err)
		}
	case value[0] == '{' || value[0] == '[' || value[0] == 't' || value[0] == 'f':
		r.id, r.fault = string(value), i18n.M("list.json_kind")
	default:
		if !json.Valid(value) {
			return listError(o.opts.Name, o.line, "list.no_json")
		}
		if r.id = string(value); bytes.ContainsAny(value, "eE.-") {
			r.fault = i18n.M("list.json_number")
		}
	}
	return nil
}

// scalar gives the text of a string or a number.
func scalar(value json.RawMessage) (text string) {
	if len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil {
		return plain(text)
	}
	if len(value) == 0 || value[0] == '{' || value[0] == '[' || value[0] == 'n' {
		return ""
	}
	return string(value)
}
