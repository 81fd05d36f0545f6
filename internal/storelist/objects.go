package storelist

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// objects is JSON lines: an object a line, with the ID as a string or as a number that is written out; or the ID alone.
type objects struct {
	in    *bufio.Scanner
	opts  Options
	line  int
	key   string // the ID's; "" where the lines are IDs
	first *row
}

func newObjects(in io.Reader, opts Options) (*objects, error) {
	o := &objects{in: bufio.NewScanner(in), opts: opts}
	o.in.Buffer(make([]byte, 0, 64<<10), maxLine+1)
	value, err := o.read()
	if errors.Is(err, io.EOF) {
		return nil, listErrorf(opts.Name, 0, "the list is empty: it has no store IDs")
	}
	if err != nil {
		return nil, err
	}
	if value[0] == '{' {
		object, err := o.object(value)
		if err != nil {
			return nil, err
		}
		names := slices.Sorted(maps.Keys(object))
		if at, ok := lone(names); ok && opts.Column == "" {
			o.key = names[at] // there is nothing to choose
		} else {
			opts.Column = strings.TrimSpace(opts.Column)
			at, header, err := findColumn(names, opts)
			if err != nil {
				return nil, err
			}
			if !header && opts.Column == "" {
				return nil, listErrorf(opts.Name, o.line, "no key is known to hold the store IDs; there are %s: choose one by --column",
					quoted(names))
			}
			o.key = names[at]
		}
	}
	first, err := o.row(value)
	o.first = &first
	return o, err
}

func (o *objects) column() string {
	if o.key == "" {
		return "1"
	}
	return o.key
}

func (o *objects) place() (int, ReadColumn) { return 0, ReadColumn{1, o.key} }

func (o *objects) header() ([]Value, int) { return nil, 1 }

func (o *objects) format() string { return "JSON lines" }

// read gives the next line that has something in it, in UTF-8.
func (o *objects) read() ([]byte, error) {
	for o.in.Scan() {
		o.line++
		if b := bytes.TrimSpace(o.in.Bytes()); len(b) > 0 {
			return []byte(decode(string(b))), nil
		}
	}
	if err := o.in.Err(); err != nil {
		return nil, err
	}
	return nil, io.EOF
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

func (o *objects) object(line []byte) (map[string]json.RawMessage, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		return nil, listErrorf(o.opts.Name, o.line, "the line is no JSON object: %w", err)
	}
	return object, nil
}

func (o *objects) row(line []byte) (row, error) {
	r := row{line: o.line, raw: []string{string(line)}}
	value := json.RawMessage(line)
	if o.key != "" {
		object, err := o.object(line)
		if err != nil {
			return row{}, err
		}
		if value = object[o.key]; value == nil {
			r.fault = "the object has no key " + Shown(o.key)
			return r, nil
		}
	}
	switch {
	case string(value) == "null":
		r.fault = Fault(storeID, "")
	case value[0] == '"':
		if err := json.Unmarshal(value, &r.id); err != nil {
			return row{}, listErrorf(o.opts.Name, o.line, "the line is no JSON: %w", err)
		}
		r.id = plain(r.id)
	case value[0] == '{' || value[0] == '[' || value[0] == 't' || value[0] == 'f':
		r.id, r.fault = string(value), "it is neither a string nor a number"
	default:
		if !json.Valid(value) {
			return row{}, listErrorf(o.opts.Name, o.line, "the line is no JSON")
		}
		if r.id = string(value); bytes.ContainsAny(value, "eE.-") {
			r.fault = "the number is not written out in digits: write the store ID as a string"
		}
	}
	return r, nil
}
