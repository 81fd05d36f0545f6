package storelist

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// newSource tells the formats apart by what the text begins with; the name's ending only tells JSON lines that begin
// with a string.
func newSource(in *text, opts Options) (source, error) {
	begin := bytes.TrimLeft(in.head(), " \t\r\n")
	name := strings.ToLower(strings.TrimSuffix(opts.Name, ".gz"))
	lines := strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson")
	second := bytes.TrimLeft(begin[min(1, len(begin)):], " \t\r\n")
	follows := func(set string) bool { return len(second) > 0 && strings.IndexByte(set, second[0]) >= 0 }
	switch {
	case bytes.HasPrefix(begin, []byte("<")) && len(second) > 0 && (isLetter(second[0]) || follows("!?/")):
		return nil, listError(opts.Name, 0, "list.web_page")
	case bytes.HasPrefix(begin, []byte("{")) && (len(second) == 0 || follows(`"}`)), lines && bytes.HasPrefix(begin, []byte(`"`)):
		return newObjects(in, opts)
	case bytes.HasPrefix(begin, []byte("[")) && (len(second) == 0 || follows(`"{[]-0123456789`)):
		return nil, listError(opts.Name, 1, "list.json_array")
	}
	return newTable(in, opts)
}

// table is CSV, TSV, or text with an ID a line.
type table struct {
	name  string
	rows  records
	head  head
	title string   // what errors call the column of the IDs
	line  int      // of the header; 0 for none
	top   []string // its cells

	held  []heldRecord // read to find the header
	given int          // those of them that were given out
	all   bool         // headers, blank rows and empty lines are given out too

	above, blanks int64                // rows that are the header or stand above it, and blank ones
	each          func(cells []string) // told of every row that next gives; may be nil
}

// heldRecord is a record that was read to find the header.
type heldRecord struct {
	record
	kind LineKind
	more int // empty lines that follow this one, which is empty itself
}

func newTable(in *text, opts Options) (*table, error) {
	t := &table{name: opts.Name, rows: records{in: in}}
	var err error
	if t.held, err = t.rows.begin(opts); err != nil {
		return nil, err
	}
	if err := t.find(opts); err != nil {
		return nil, err
	}
	t.title = strconv.Itoa(t.head.at + 1)
	if t.head.name != "" {
		t.title = t.head.name
	}
	return t, nil
}

// begin finds out what parts the cells. A first line that says it, as spreadsheets write and read it, is held.
func (c *records) begin(opts Options) ([]heldRecord, error) {
	head := c.in.head()
	line := head
	if end := bytes.IndexAny(line, "\r\n"); end >= 0 {
		line = line[:end]
	}
	said := strings.Trim(plain(string(line)), `"`)
	if len(said) == len("sep=,") && strings.EqualFold(said[:4], "sep=") && separates(said[4]) || strings.EqualFold(said, "sep=") && bytes.HasSuffix(bytes.Trim(line, `"`), []byte{'\t'}) {
		c.comma = '\t'
		if len(said) == len("sep=,") {
			c.comma = said[4]
		}
		text, number, err := c.in.line()
		if err != nil {
			return nil, err
		}
		r := record{line: number, cells: []string{string(text)}, kept: kept{slices.Clone(c.in.kept), c.in.end}}
		return []heldRecord{{record: r, kind: AboveLine}}, nil
	}
	c.comma = separator(head, opts)
	return nil, nil
}

// separates says whether a character can part cells: it is of ASCII, can be no part of an ID and is no quote.
func separates(c byte) bool {
	return c == '\t' || c > ' ' && c < 0x7f && c != '"' && !job.ValidID(string(rune(c)))
}

// holding is what is held of a table until its header is found.
type holding struct {
	search
	at   []int // where in the table's held each of the search's rows is
	size int
}

// hold reads until so many rows that have something in them are held.
func (t *table) hold(h *holding, want int) error {
	for !h.whole && !h.full && len(h.rows) < want {
		r, err := t.rows.next()
		if errors.Is(err, io.EOF) {
			h.whole = true
			return nil
		}
		if err != nil {
			return err
		}
		if n := len(t.held); len(r.cells) == 0 && n > 0 && len(t.held[n-1].cells) == 0 {
			t.held[n-1].more++
			t.held[n-1].kept.bytes = append(t.held[n-1].kept.bytes, r.kept.bytes...)
			continue
		}
		held := heldRecord{record: r, kind: BlankLine}
		held.cells, held.kept.bytes = slices.Clone(r.cells), slices.Clone(r.kept.bytes)
		for _, cell := range r.cells {
			h.size += len(cell) + 16
		}
		h.size += 64
		h.full = h.size >= maxHeldBytes
		if !r.blank() {
			held.kind = StoreLine
			names := make([]string, len(r.cells))
			for i, cell := range r.cells {
				names[i] = plain(cell)
			}
			h.rows, h.at = append(h.rows, headRow{r.line, names}), append(h.at, len(t.held))
		}
		t.held = append(t.held, held)
	}
	if h.full && len(h.rows) == 0 {
		return listError(t.name, 1, "list.blank_begin", "bytes", maxHeldBytes)
	}
	return nil
}

// find holds the first records and finds the header among them.
func (t *table) find(opts Options) error {
	h := holding{search: search{opts: opts}}
	for want := 64; ; want = maxHeld {
		if err := t.hold(&h, want); err != nil {
			return err
		}
		head, more, err := h.find()
		if err != nil {
			return err
		}
		if !more {
			t.settle(head, &h)
			return t.checkHeld()
		}
	}
}

// settle takes the header that was found.
func (t *table) settle(found head, h *holding) {
	t.head = found
	for i := range found.first {
		t.held[h.at[i]].kind = AboveLine
	}
	if found.row >= 0 {
		top := &t.held[h.at[found.row]]
		top.kind = HeadLine
		t.line, t.top = top.line, top.cells
	}
}

// checkHeld refuses a list in which what was taken for the header, or stands above it, has rows in a cell.
func (t *table) checkHeld() error {
	for _, r := range t.held {
		if r.folded && t.rows.swallowed(r.record, t.head.at, t.head.width) {
			return t.rows.swallowing(r.line)
		}
	}
	return nil
}

func (t *table) column() string { return t.title }
func (t *table) begin() head    { return t.head }

func (t *table) header() ([]Value, int) {
	if t.head.row < 0 {
		return nil, t.head.width
	}
	return rawValues(t.top), t.head.width
}

func (t *table) passed() (above, blank int64) { return t.above, t.blanks }

func (t *table) place() (int, ReadColumn) {
	return t.line, ReadColumn{Number: t.head.at + 1, Name: t.head.name}
}

// wide says whether the list has more than one column.
func (t *table) wide() bool { return !t.head.lone || t.head.width > 1 }

func (t *table) format() string {
	switch {
	case !t.wide():
		return "text"
	case t.rows.comma == '\t':
		return "TSV"
	}
	return "CSV"
}

// everything makes next give headers, blank rows and empty lines too.
func (t *table) everything() { t.all = true }

func (t *table) next() (row, error) {
	for {
		r, kind, err := t.record()
		if err != nil {
			return row{}, err
		}
		if kind == StoreLine && !(t.head.at < len(r.cells) && digits(r.cells[t.head.at])) && r.blank() {
			kind = BlankLine
		}
		switch kind {
		case AboveLine, HeadLine:
			t.above++
		case BlankLine:
			t.blanks++
		default:
			return t.row(r)
		}
		if t.all {
			return row{line: r.line, raw: r.cells, kind: kind, kept: r.kept}, nil
		}
	}
}

// record gives a record of those that were held, or the next one.
func (t *table) record() (r record, kind LineKind, err error) {
	if t.given < len(t.held) {
		h := &t.held[t.given]
		r, kind = h.record, h.kind
		if h.more == 0 {
			t.given++
		}
		h.more--
		h.line++
		h.kept = kept{} // of the lines that follow, too: they were given out with the first
	} else {
		t.held, t.given = nil, 0
		if r, err = t.rows.next(); err != nil {
			return r, kind, err
		}
		kind = StoreLine
	}
	if t.each != nil {
		t.each(r.cells)
	}
	return r, kind, nil
}

// row reads a store's row.
func (t *table) row(r record) (row, error) {
	if r.folded && t.rows.swallowed(r, t.head.at, t.head.width) {
		return row{}, t.rows.swallowing(r.line)
	}
	out := row{line: r.line, raw: r.cells, kept: r.kept}
	if t.head.at < len(r.cells) {
		out.id = r.cells[t.head.at]
	} else {
		out.fault = i18n.M("list.no_cell")
	}
	if o := t.head.own; o >= 0 && o < len(r.cells) {
		out.own = plain(r.cells[o])
	}
	if len(r.cells) <= t.head.width {
		return out, nil
	}
	for _, cell := range r.cells[t.head.width:] {
		if plain(cell) == "" {
			continue
		}
		if t.wide() {
			out.fault = MoreCells(t.head.width)
			return out, nil
		}
		out.id = strings.Join(r.cells, string(t.rows.comma))
		if out.fault = i18n.M("list.line_of_several"); damaged(out.id) {
			out.fault = Fault(storeID, out.id)
		}
		return out, nil
	}
	return out, nil
}

// MoreCells is why a row with more cells than the header's width is rejected: what stands behind the first cell too many may
// stand anywhere, the ID too.
func MoreCells(width int) i18n.Message { return i18n.M("list.more_cells", "n", width) }

// quoted is the first of some names as a message has them, each shortened; "…" is the last where there are more.
func quoted(names []string) []string {
	const most = 20
	out := []string{}
	for i, name := range names {
		if i == most {
			return append(out, "…")
		}
		out = append(out, Shown(name))
	}
	return out
}
