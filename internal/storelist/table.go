package storelist

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// newSource tells the formats apart by what the text begins with; the name's ending only tells JSON lines that begin
// with a string.
func newSource(in *bufio.Reader, opts Options) (source, error) {
	head, err := in.Peek(in.Size())
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	begin := bytes.TrimLeft(head, " \t\n")
	name := strings.ToLower(strings.TrimSuffix(opts.Name, ".gz"))
	lines := strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson")
	switch {
	case bytes.HasPrefix(begin, []byte("<")):
		return nil, listErrorf(opts.Name, 0, "this is a web page or XML under a spreadsheet's name, as some systems export it: open it in a"+
			" spreadsheet program and save it as .xlsx, or save the list as CSV")
	case bytes.HasPrefix(begin, []byte("{")), lines && bytes.HasPrefix(begin, []byte(`"`)):
		return newObjects(in, opts)
	case bytes.HasPrefix(begin, []byte("[")):
		return nil, listErrorf(opts.Name, 1, "this is one JSON array: write it as JSON lines, an object or an ID a line")
	}
	return newTable(in, separator(begin), opts)
}

// separator gives what parts the cells of the first line; a line without any is of one column.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	quoted := false
	count := map[byte]int{}
	for _, c := range line {
		switch c {
		case '"':
			quoted = !quoted
		case '\t', ',', ';':
			if !quoted {
				count[c]++
			}
		}
	}
	for _, c := range []byte{'\t', ',', ';'} {
		if count[c] > 0 {
			return rune(c)
		}
	}
	return ','
}

// table is CSV, TSV, or text with an ID a line.
type table struct {
	name    string
	csv     *csv.Reader
	comma   rune
	wide    bool                 // it has more than one column
	at      int                  // the ID's column, from 0
	title   string               // what errors call that column
	first   []string             // the first row, until it is given out
	line    int                  // of it
	head    bool                 // it is a header
	names   []Value              // the header's cells as they came
	columns int                  // of the first row
	all     bool                 // headers, blank rows and empty lines are given out too
	held    []string             // the row that comes next, where empty lines come before it
	begin   int                  // its line
	ended   int                  // the line on which the last row that was given out ended
	each    func(cells []string) // told of every row that next gives; may be nil
}

func newTable(in io.Reader, comma rune, opts Options) (*table, error) {
	c := csv.NewReader(in)
	c.Comma, c.FieldsPerRecord, c.ReuseRecord = comma, -1, true
	t := &table{name: opts.Name, csv: c, comma: comma}
	first, line, err := t.read()
	if errors.Is(err, io.EOF) {
		return nil, listErrorf(opts.Name, 0, "the list is empty: it has no store IDs")
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(first))
	for i, s := range first {
		names[i] = plain(s)
	}
	t.wide, t.columns = len(names) > 1, len(names)
	at, header, err := findColumn(names, opts)
	if err != nil {
		return nil, err
	}
	t.at, t.title = at, strconv.Itoa(at+1)
	if header {
		t.title = names[at]
	}
	t.first, t.line, t.head = append([]string(nil), first...), line, header
	if header {
		t.names = rawValues(t.first)
	}
	return t, nil
}

func (t *table) column() string { return t.title }

func (t *table) place() (int, ReadColumn) {
	if !t.head {
		return 0, ReadColumn{Number: t.at + 1}
	}
	return t.line, ReadColumn{t.at + 1, t.title}
}

func (t *table) header() ([]Value, int) { return t.names, t.columns }

func (t *table) format() string {
	switch {
	case !t.wide:
		return "text"
	case t.comma == '\t':
		return "TSV"
	}
	return "CSV"
}

// everything makes next give headers, blank rows and empty lines too.
func (t *table) everything() { t.all = true }

// read gives the next row that has something in it.
func (t *table) read() ([]string, int, error) {
	for {
		cells, err := t.csv.Read()
		if err != nil {
			return nil, 0, t.csvError(err)
		}
		if line, _ := t.csv.FieldPos(0); t.all && t.first == nil || !isBlank(cells) {
			return cells, line, nil
		}
	}
}

func isBlank(cells []string) bool {
	for _, cell := range cells {
		if plain(cell) != "" {
			return false
		}
	}
	return true
}

func (t *table) csvError(err error) error {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return listErrorf(t.name, e.StartLine, "a quote (\") stands where it cannot: in CSV a cell with one is put in quotes and"+
			" the quote is doubled, and every quote that opens is closed")
	}
	return err // io.EOF, or text's own
}

func (t *table) next() (row, error) {
	if !t.all {
		return t.nextRow()
	}
	// CSV passes over empty lines: they are those between where a row ended and the next begins.
	if t.held == nil && t.first == nil {
		var err error
		if t.held, t.begin, err = t.read(); err != nil {
			return row{}, err
		}
	}
	begin := t.begin
	if t.first != nil {
		begin = t.line
	}
	if t.ended++; t.ended < begin {
		return row{line: t.ended, kind: BlankLine}, nil
	}
	r, err := t.nextRow()
	for _, cell := range r.raw {
		t.ended += strings.Count(cell, "\n")
	}
	return r, err
}

// nextRow gives the next row that CSV knows of.
func (t *table) nextRow() (row, error) {
	cells, line := t.first, t.line
	t.first = nil
	if t.each != nil && cells != nil {
		t.each(cells)
	}
	if cells != nil && t.head {
		if t.all {
			return row{line: line, raw: cells, kind: HeadLine}, nil
		}
		cells = nil
	}
	if cells == nil && t.held != nil {
		cells, line, t.held = t.held, t.begin, nil
		if t.each != nil {
			t.each(cells)
		}
	} else if cells == nil {
		var err error
		if cells, line, err = t.read(); err != nil {
			return row{}, err
		}
		if t.each != nil {
			t.each(cells)
		}
	}
	r := row{line: line, raw: cells}
	switch {
	case t.all && isBlank(cells):
		r.kind = BlankLine
		return r, nil
	case t.at < len(cells):
		r.id = plain(cells[t.at])
	default:
		r.fault = "the row has no cell in the column of the store IDs"
	}
	if !t.wide && len(cells) > 1 {
		r.id = strings.Join(cells, string(t.comma))
		if r.fault = "the line has more than one value, and the list's first line has one"; damaged(r.id) {
			r.fault = Fault(storeID, r.id)
		}
	}
	return r, nil
}

// idNames are what the column of the store IDs is called, as Fold gives them.
var idNames = map[string]bool{
	"storeid": true, "storeids": true, "storeno": true, "storenumber": true, "storecode": true, "wechatstoreid": true,
	"门店id": true, "门店编号": true, "门店编码": true, "门店号": true, "门店代码": true, "门店号码": true,
	"微信门店id": true, "微信门店编号": true, "微信支付门店id": true, "微信支付门店编号": true,
	"店铺id": true, "店铺编号": true, "店铺编码": true, "品牌门店id": true, "品牌门店编号": true,
}

// Fold gives a column's name without what people write in different ways: case, spaces and line breaks, _, -, brackets, and
// the marks of a form's field that must be filled in (*门店编号, 门店编号（必填）).
func Fold(s string) string {
	return strings.ToLower(folding.Replace(s))
}

var folding = strings.NewReplacer(" ", "", "\n", "", "_", "", "-", "", "\u3000", "", "（", "", "）", "", "(", "", ")", "", "*", "", "＊", "",
	"必填", "")

// findColumn gives the column of the IDs, from 0, and whether the first row is a header.
func findColumn(names []string, opts Options) (at int, header bool, err error) {
	if opts.Column != "" {
		return namedColumn(names, opts)
	}
	var found []int
	for i, name := range names {
		if idNames[Fold(name)] {
			found = append(found, i)
		}
	}
	alone, isAlone := lone(names)
	switch {
	case len(found) == 1:
		return found[0], true, nil
	case len(found) > 1:
		var candidates []string
		for _, i := range found {
			candidates = append(candidates, strconv.Quote(names[i]))
		}
		return 0, false, listErrorf(opts.Name, 1, "several columns may hold the store IDs: %s: choose one by --column NAME",
			strings.Join(candidates, ", "))
	case isAlone:
		return alone, isHeader(names[alone]), nil
	}
	return 0, false, listErrorf(opts.Name, 1, "no column is known to hold the store IDs; the first row has %s: choose the column"+
		" by --column NAME or by its number (1 to %d)", quoted(names), len(names))
}

// words are what people write above a lone column, that could be store IDs as well.
var words = map[string]bool{
	"id": true, "ids": true, "no": true, "number": true, "code": true, "store": true, "stores": true, "shop": true,
	"shops": true, "shopid": true, "storelist": true,
}

// isHeader says whether a cell of the first row names its column: it is a name that is known, or it cannot be a store ID
// and has no digit, as a damaged one would.
func isHeader(s string) bool {
	name := Fold(s)
	return idNames[name] || words[name] || s != "" && !job.ValidID(s) && !strings.ContainsAny(s, "0123456789０１２３４５６７８９")
}

// namedColumn finds the column that the operator named, or numbered; then the first row is a header only if its cell
// looks like one.
func namedColumn(names []string, opts Options) (int, bool, error) {
	if n, err := strconv.Atoi(opts.Column); err == nil {
		if n < 1 || n > len(names) {
			return 0, false, listErrorf(opts.Name, 1, "--column %d: the first row has %d columns", n, len(names))
		}
		return n - 1, isHeader(names[n-1]), nil
	}
	matching := func(same func(string) bool) (found []int) {
		for i, name := range names {
			if same(name) {
				found = append(found, i)
			}
		}
		return found
	}
	found := matching(func(name string) bool { return name == opts.Column })
	if len(found) == 0 {
		found = matching(func(name string) bool { return Fold(name) == Fold(opts.Column) })
	}
	switch len(found) {
	case 1:
		return found[0], true, nil
	case 0:
		return 0, false, listErrorf(opts.Name, 1, "--column %q: there is no such column; the first row has %s", opts.Column,
			quoted(names))
	}
	return 0, false, listErrorf(opts.Name, 1, "--column %q: %d columns are called so: choose one by its number", opts.Column,
		len(found))
}

// quoted lists some names for a person.
func quoted(names []string) string {
	const most = 20
	var out []string
	for i, name := range names {
		if i == most {
			out = append(out, "…")
			break
		}
		out = append(out, strconv.Quote(Shown(name)))
	}
	return strings.Join(out, ", ")
}
