package wxapi

import (
	"bytes"
	"encoding/json"
)

// maxDepth bounds how deep what is passed over may be nested.
const maxDepth = 100

// decoder walks over JSON in place. It takes exactly what encoding/json takes for valid, and allocates only for
// strings with escapes in them. Every method leaves i behind what it read and reports whether that was well-formed;
// after a false nothing more may be read.
type decoder struct {
	b []byte
	i int
}

func (d *decoder) space() {
	for d.i < len(d.b) {
		switch d.b[d.i] {
		case ' ', '\t', '\r', '\n':
			d.i++
		default:
			return
		}
	}
}

// eat takes c, if it comes next.
func (d *decoder) eat(c byte) bool {
	d.space()
	if d.i < len(d.b) && d.b[d.i] == c {
		d.i++
		return true
	}
	return false
}

// end says whether nothing but white space is left.
func (d *decoder) end() bool {
	d.space()
	return d.i == len(d.b)
}

// object calls field with each name; field reads the value.
func (d *decoder) object(field func(name []byte) bool) bool {
	if !d.eat('{') {
		return false
	}
	if d.eat('}') {
		return true
	}
	for {
		name, ok := d.string()
		if !ok || !d.eat(':') || !field(name) {
			return false
		}
		if !d.eat(',') {
			return d.eat('}')
		}
	}
}

// array calls element for each element, which it reads; null is an empty array.
func (d *decoder) array(element func() bool) bool {
	if d.literal("null") {
		return true
	}
	if !d.eat('[') {
		return false
	}
	if d.eat(']') {
		return true
	}
	for {
		if !element() {
			return false
		}
		if !d.eat(',') {
			return d.eat(']')
		}
	}
}

// text reads a string into s; null leaves it as it is.
func (d *decoder) text(s *[]byte) bool {
	if d.literal("null") {
		return true
	}
	read, ok := d.string()
	*s = read
	return ok
}

// string reads a string and gives its content, which points into the input where it has no escapes.
func (d *decoder) string() ([]byte, bool) {
	if !d.eat('"') {
		return nil, false
	}
	start := d.i
	for d.i < len(d.b) {
		switch c := d.b[d.i]; {
		case c == '"':
			d.i++
			return d.b[start : d.i-1], true
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return nil, false
		}
		d.i++
	}
	return nil, false
}

// escaped reads the rest of a string with escapes in it, which began at start; encoding/json takes them apart.
func (d *decoder) escaped(start int) ([]byte, bool) {
	for d.i < len(d.b) {
		switch d.b[d.i] {
		case '\\':
			d.i++ // so that an escaped quotation mark does not end it
		case '"':
			d.i++
			var s string
			err := json.Unmarshal(d.b[start-1:d.i], &s)
			return []byte(s), err == nil
		}
		d.i++
	}
	return nil, false
}

func (d *decoder) literal(word string) bool {
	d.space()
	if bytes.HasPrefix(d.b[d.i:], []byte(word)) {
		d.i += len(word)
		return true
	}
	return false
}

// skip passes over a value of any kind.
func (d *decoder) skip(depth int) bool {
	d.space()
	if depth > maxDepth || d.i >= len(d.b) {
		return false
	}
	switch d.b[d.i] {
	case '{':
		return d.object(func([]byte) bool { return d.skip(depth + 1) })
	case '[':
		return d.array(func() bool { return d.skip(depth + 1) })
	case '"':
		_, ok := d.string()
		return ok
	case 't':
		return d.literal("true")
	case 'f':
		return d.literal("false")
	case 'n':
		return d.literal("null")
	}
	return d.number()
}

// number passes over a number (RFC 8259, 6).
func (d *decoder) number() bool {
	if d.i < len(d.b) && d.b[d.i] == '-' {
		d.i++
	}
	switch {
	case d.i < len(d.b) && d.b[d.i] == '0':
		d.i++
	case !d.digits():
		return false
	}
	if d.i < len(d.b) && d.b[d.i] == '.' {
		d.i++
		if !d.digits() {
			return false
		}
	}
	if d.i < len(d.b) && (d.b[d.i] == 'e' || d.b[d.i] == 'E') {
		d.i++
		if d.i < len(d.b) && (d.b[d.i] == '+' || d.b[d.i] == '-') {
			d.i++
		}
		return d.digits()
	}
	return true
}

func (d *decoder) digits() bool {
	start := d.i
	for d.i < len(d.b) && '0' <= d.b[d.i] && d.b[d.i] <= '9' {
		d.i++
	}
	return d.i > start
}
