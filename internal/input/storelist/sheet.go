package storelist

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/spool"
	"github.com/storelink/storelink/internal/input/xlsx"
	"github.com/storelink/storelink/internal/job"
)

const maxSpreadsheet = 2 << 30 // bytes of a file: ten times what a full sheet of stores has

// sheet is a sheet of a spreadsheet. Rows that are hidden, by a filter or by hand, are read like the others: a row that
// is not read would be a store lost without a word, and one that is can be seen in Stats.Hidden.
type sheet struct {
	name   string // the file's
	title  string // the sheet's
	chosen xlsx.Sheet
	spool  *spool.Spool
	book   *xlsx.Workbook
	rows   *xlsx.Rows

	held    []xlsx.Row // read to find the header
	head    int        // which of them is the header; those before it are titles; -1 for none
	wide    bool       // it has more than one column
	at      int        // the ID's column, from 1
	named   string     // what errors call that column
	top     []Value    // the header's cells
	columns int        // of the row that the IDs' column was found in
	all     bool       // titles, headers and blank rows are given out too
	bare    bool       // of these, nothing but the header's cells
	given   int        // rows of held that were given out
	size    int        // of held, about, in bytes
	first   int        // of held, that is no header and does not stand above one
	line    int        // of the header; 0 for none
	found   head

	above, blanks int64 // rows that are the header or stand above it, and blank ones

	aside   bool             // rejected rows are given out with all that stands in them
	width   int64            // cells that were given out, those with nothing in them too
	looks   map[string]looks // of number formats
	empties empties
}

// newSheet spools a spreadsheet and finds the sheet and the column of the IDs.
func newSheet(ctx context.Context, in io.Reader, opts Options) (source, error) {
	s := &sheet{name: opts.Name, aside: opts.SetAside != nil, looks: map[string]looks{}, empties: newEmpties()}
	err := s.open(ctx, in, opts)
	if err != nil {
		return nil, errors.Join(s.inFile(err, 0), s.close())
	}
	return s, nil
}

// inFile says in which list an error was met.
func (s *sheet) inFile(err error, line int) error {
	var e *job.Error
	if !errors.As(err, &e) || e.File != "" || e.Code != job.CodeBadList {
		return err
	}
	inFile := *e
	inFile.File, inFile.Line = s.name, line
	return &inFile
}

func (s *sheet) open(ctx context.Context, in io.Reader, opts Options) error {
	var err error
	if s.spool, err = spool.From(in, maxSpreadsheet); err != nil {
		if e := (*job.Error)(nil); errors.As(err, &e) {
			return err
		}
		return readError(s.name, err)
	}
	if s.spool.Size() > maxSpreadsheet {
		return listError(s.name, 0, "list.sheet_too_large", "bytes", int64(maxSpreadsheet))
	}
	if s.book, err = xlsx.Open(ctx, s.spool, s.spool.Size(), opts.MaxText); err != nil {
		return err
	}
	chosen, err := chooseSheet(s.book, opts)
	if err != nil {
		return err
	}
	s.title, s.chosen = chosen.Name, chosen
	if s.rows, err = s.book.Rows(chosen); err != nil {
		return err
	}
	if err := s.headerOf(opts); err != nil || s.head < 0 {
		return err
	}
	s.top, err = s.values(s.held[s.head])
	return err
}

// headerOf finds the header. Names that are formulas' whose results are not in the file are not known: none of the others
// is taken then, unless the operator says which.
func (s *sheet) headerOf(opts Options) error {
	err := s.findHeader(opts)
	if err == nil && (s.head < 0 || opts.Column != "") || err != nil && job.AsError(err).Code != job.CodeBadList {
		return err
	}
	for i, r := range s.held {
		if err == nil && i != s.head {
			continue
		}
		if slices.ContainsFunc(r.Cells, func(c xlsx.Cell) bool { return c.Kind == xlsx.Number }) {
			break // a store's, or one below
		}
		for _, c := range r.Cells {
			if c.Kind == xlsx.Unsaved {
				return listError(s.name, r.Number, "list.header_unsaved", "cell", xlsx.Name(c.Column, r.Number))
			}
		}
	}
	return err
}

func (s *sheet) close() error {
	if s.rows != nil {
		s.rows.Close()
	}
	var err error
	if s.book != nil {
		err = s.book.Close()
	}
	if s.spool != nil {
		err = errors.Join(err, s.spool.Close())
	}
	return err
}

func (s *sheet) column() string         { return s.named }
func (s *sheet) format() string         { return "xlsx" }
func (s *sheet) everything()            { s.all = true }
func (s *sheet) header() ([]Value, int) { return s.top, s.columns }

func (s *sheet) place() (int, ReadColumn) {
	return s.line, ReadColumn{Number: s.at, Name: s.found.name}
}

// findHeader holds the first rows and finds the header among them.
func (s *sheet) findHeader(opts Options) error {
	h := search{opts: opts}
	for want := 64; ; want = maxHeld {
		if err := s.hold(&h, want); err != nil {
			return err
		}
		found, more, err := h.find()
		if err != nil {
			return err
		}
		if !more {
			s.settle(found, &h)
			return nil
		}
	}
}

// hold reads until so many rows that have something in them are held.
func (s *sheet) hold(h *search, want int) error {
	for !h.whole && !h.full && len(h.rows) < want {
		r, err := s.readRow()
		if errors.Is(err, io.EOF) {
			h.whole = true
			return nil
		}
		if err != nil {
			return err
		}
		if blank, err := s.blank(r); err != nil {
			return err
		} else if blank {
			s.blanks++
			continue
		}
		r.Cells = slices.Clone(r.Cells)
		s.held = append(s.held, r)
		names, err := s.names(r)
		if err != nil {
			return err
		}
		h.rows = append(h.rows, headRow{r.Number, names})
		for _, n := range names {
			s.size += len(n) + 16
		}
		s.size += 96 * len(r.Cells)
		h.full = s.size >= maxHeldBytes
	}
	return nil
}

// settle takes the header that was found.
func (s *sheet) settle(found head, h *search) {
	s.found, s.head, s.first, s.at, s.columns = found, found.row, found.first, found.at+1, found.width
	s.wide = !found.lone || found.width > s.at
	if s.named = strconv.Itoa(s.at); found.name != "" {
		s.named = found.name
	}
	if found.row >= 0 {
		s.line = h.rows[found.row].line
	}
}

func (s *sheet) begin() head                  { return s.found }
func (s *sheet) passed() (above, blank int64) { return s.above, s.blanks }

// names gives the texts of a row, by column.
func (s *sheet) names(r xlsx.Row) ([]string, error) {
	raw, err := s.texts(r)
	for i := range raw {
		raw[i] = plain(raw[i])
	}
	for _, c := range r.Cells {
		if c.Kind == xlsx.Unsaved && err == nil {
			raw[c.Column-1] = unsavedIn(c.Column, r.Number)
		}
	}
	return raw, err
}

// texts gives what stands in a row, by column.
func (s *sheet) texts(r xlsx.Row) ([]string, error) {
	if len(r.Cells) == 0 {
		return nil, nil
	}
	width := r.Cells[len(r.Cells)-1].Column
	if s.width += int64(width); s.width > maxWidth+widthRatio*s.spool.Size() {
		return nil, badWidth(s.name, r)
	}
	out := make([]string, width)
	for _, c := range r.Cells {
		var err error
		if out[c.Column-1], err = s.book.Text(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readRow reads the next row of the sheet.
func (s *sheet) readRow() (xlsx.Row, error) {
	r, err := s.rows.Next()
	if err == nil {
		s.empties.note(r)
	}
	return r, err
}

// filled gives the texts of the cells of a row that have one.
func (s *sheet) filled(r xlsx.Row) (out []string, err error) {
	for _, c := range r.Cells {
		text, err := s.book.Text(c)
		if err != nil {
			return nil, err
		}
		if text = plain(text); text != "" {
			out = append(out, text)
		}
	}
	return out, nil
}

// blank says whether a row has nothing in it.
func (s *sheet) blank(r xlsx.Row) (bool, error) {
	for _, c := range r.Cells {
		if c.Kind != xlsx.Text {
			return false, nil
		}
		if text, err := s.book.Text(c); err != nil || plain(text) != "" {
			return false, err
		}
	}
	return true, nil
}

func (s *sheet) next() (row, error) {
	for {
		r, kind, err := s.nextRow()
		if errors.Is(err, io.EOF) && !s.all {
			if out, suspect := s.empties.end(s.at); suspect {
				return out, nil
			}
		}
		if err != nil {
			return row{}, s.inFile(err, 0)
		}
		out, err := s.row(r, kind)
		if err != nil {
			return row{}, s.inFile(err, r.Number)
		}
		switch out.kind {
		case AboveLine, HeadLine:
			s.above++
		case BlankLine:
			s.blanks++
		}
		if out.kind == StoreLine || s.all {
			return out, nil
		}
	}
}

// nextRow gives a row of those that were held, or the next one.
func (s *sheet) nextRow() (xlsx.Row, LineKind, error) {
	if i := s.given; i < len(s.held) {
		s.given++
		switch {
		case i == s.head:
			return s.held[i], HeadLine, nil
		case i < s.first:
			return s.held[i], AboveLine, nil
		}
		return s.held[i], StoreLine, nil
	}
	s.held, s.head, s.first, s.given = nil, -1, 0, 0
	r, err := s.readRow()
	return r, StoreLine, err
}

func (s *sheet) row(r xlsx.Row, kind LineKind) (row, error) {
	out := row{line: r.Number, kind: kind, hidden: r.Hidden}
	var err error
	if kind == StoreLine {
		if err = s.readID(r, &out); err != nil {
			return out, err
		}
	}
	if n := len(r.Cells); n > 0 {
		out.width = r.Cells[n-1].Column
	}
	if s.all && !(s.bare && kind != HeadLine) || s.aside && (!out.fault.IsZero() || !good(out.id)) {
		out.values, err = s.values(r)
	}
	return out, err
}

// readID finds a row's ID, or why it has none; or that it is blank.
func (s *sheet) readID(r xlsx.Row, out *row) error {
	at, found := slices.BinarySearchFunc(r.Cells, s.at, func(c xlsx.Cell, column int) int { return c.Column - column })
	if found {
		c := r.Cells[at]
		text, err := s.book.Text(c)
		if err != nil {
			return err
		}
		out.id, out.fault = s.cellID(c, plain(text), r.Number)
	}
	if s.found.own >= 0 {
		if err := s.readOwn(r, out); err != nil {
			return err
		}
	}
	if out.id == "" {
		blank, err := s.blank(r)
		if err != nil {
			return err
		}
		if blank {
			out.kind, out.fault = BlankLine, i18n.Message{}
			return nil
		}
	}
	if !s.wide && len(r.Cells) > 1 && out.fault.IsZero() {
		if texts, err := s.filled(r); err != nil {
			return err
		} else if len(texts) > 1 {
			out.id = strings.Join(texts, " ")
			out.fault = i18n.M("list.row_of_several")
		}
	}
	return nil
}

// readOwn reads the merchant's own number that stands beside a row's ID.
func (s *sheet) readOwn(r xlsx.Row, out *row) error {
	at, found := slices.BinarySearchFunc(r.Cells, s.found.own+1, func(c xlsx.Cell, column int) int { return c.Column - column })
	if !found {
		return nil
	}
	text, err := s.book.Text(r.Cells[at])
	out.own = plain(text)
	return err
}

// values gives what a row's cells hold, by column.
func (s *sheet) values(r xlsx.Row) ([]Value, error) {
	texts, err := s.texts(r)
	if err != nil {
		return nil, err
	}
	out := make([]Value, len(texts))
	for i, text := range texts {
		out[i].Text = text
	}
	for _, c := range r.Cells {
		v := &out[c.Column-1]
		switch {
		case c.Kind == xlsx.Number, c.Kind == xlsx.Date && c.Format != "":
			v.Number, v.Format = c.Number, c.Format
		case c.Kind == xlsx.Bool:
			v.Bool = true
		}
	}
	return out, nil
}
