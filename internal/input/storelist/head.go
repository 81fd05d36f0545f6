package storelist

import (
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
)

// What is held of a list until its header is found: rows that have something in them, and bytes or cells.
const (
	maxHeld      = 1000
	maxHeldBytes = 4 << 20
)

// headRow is one of a list's first rows: its header, or what stands above that, or a store's.
type headRow struct {
	line  int
	names []string // what its cells say, by column, without white space around it
}

// filled gives the texts of a row.
func (r headRow) filled() (out []string) {
	for _, n := range r.names {
		if n != "" {
			out = append(out, n)
		}
	}
	return out
}

func (r headRow) cell(at int) string {
	if at < 0 || at >= len(r.names) {
		return ""
	}
	return r.names[at]
}

// text gives the first text of a row.
func (r headRow) text() string {
	for _, n := range r.names {
		if n != "" {
			return n
		}
	}
	return ""
}

// lone gives the place of the only text of a row; -1 where it has several.
func (r headRow) lone() int {
	at := -1
	for i, n := range r.names {
		if n != "" && at >= 0 {
			return -1
		}
		if n != "" {
			at = i
		}
	}
	return max(at, 0)
}

// head is how a list begins.
type head struct {
	at    int // the IDs' column, from 0
	own   int // that of the merchant's own numbers; -1 for none
	row   int // of the rows, the header; -1 for none
	first int // of the rows, the first that is no header and does not stand above one
	width int // columns: of the header, or of the first row
	lone  bool
	name  string // the column's, in the header

	ownName string // that of the column of the merchant's own numbers
	ids     string // WeChatIDs or OwnIDs

	count    string // a number that stands above the header: it has to be the count of the rows, or of the IDs
	countRow int    // its line
	warnings []i18n.Message
}

// search looks for the header among a list's first rows.
type search struct {
	rows  []headRow
	whole bool // there are no more rows
	full  bool // no more of them can be held
	opts  Options
}

// find finds the header and the column. more says that it may be found with more rows.
func (s *search) find() (h head, more bool, err error) {
	if len(s.rows) == 0 {
		return h, false, listError(s.opts.Name, 0, "list.empty")
	}
	s.withoutOurs()
	if s.opts.NoHeader {
		h, err = s.without()
		return h, false, err
	}
	if s.opts.HeaderLine > 0 {
		return s.inLine()
	}
	if name := s.opts.columnName(); name != "" {
		return s.named(name)
	}
	return s.known()
}

// withoutOurs takes out what stands in columns that we added to the list.
func (s *search) withoutOurs() {
	for i, r := range s.rows[:min(len(s.rows), 64)] {
		for c, name := range r.names {
			if !strings.HasPrefix(name, OurPrefix) {
				continue
			}
			for _, below := range s.rows[i:] {
				if c < len(below.names) {
					below.names[c] = ""
				}
			}
		}
	}
}

// enough says that no more rows can come.
func (s *search) enough() bool { return s.whole || s.full || len(s.rows) >= maxHeld }

// columnNumber gives the column that was named by its number, from 1; 0 for none.
func (o Options) columnNumber() int {
	n, err := strconv.Atoi(strings.TrimSpace(o.Column))
	if err != nil {
		return 0
	}
	return n
}

func (o Options) columnName() string {
	if _, err := strconv.Atoi(strings.TrimSpace(o.Column)); err == nil {
		return ""
	}
	return strings.TrimSpace(o.Column)
}

// checkHeader refuses options that contradict one another.
func (o Options) checkHeader() error {
	_, ids := ParseIDs(o.IDs)
	switch {
	case !ids:
		return listError(o.Name, 0, "list.flag_ids", "value", o.IDs)
	case o.HeaderLine < 0:
		return listError(o.Name, 0, "list.flag_header", "value", o.HeaderLine)
	case o.HeaderLine > 0 && o.NoHeader:
		return listError(o.Name, 0, "list.header_or_none")
	case o.NoHeader && o.columnName() != "":
		return listError(o.Name, 0, "list.name_without_header", "column", o.Column)
	}
	return nil
}

// width gives the number of columns that the rows have.
func (s *search) width() (width int) {
	for _, r := range s.rows {
		for i, n := range r.names {
			if n != "" {
				width = max(width, i+1)
			}
		}
	}
	return width
}

// tooFar refuses a column's number that no row has.
func (s *search) tooFar() error {
	n := s.opts.columnNumber()
	if width := s.width(); s.opts.Column != "" && s.opts.columnName() == "" && (n < 1 || n > width) {
		r := s.widest()
		return listError(s.opts.Name, r.line, "list.no_column", "column", n, "n", width, "cells", quoted(r.names))
	}
	return nil
}

// widest gives the row that is most likely a header where none is known: the first of those with the most cells.
func (s *search) widest() (out headRow) {
	most := 0
	for _, r := range s.rows[:min(len(s.rows), 50)] {
		if n := len(r.filled()); n > most {
			out, most = r, n
		}
	}
	return out
}

// without is a list that was said to have no header.
func (s *search) without() (head, error) {
	h := head{own: -1, row: -1, ids: s.ids(noFamily)}
	if err := s.tooFar(); err != nil {
		return h, err
	}
	if n := s.opts.columnNumber(); n > 0 {
		h.at, h.width = n-1, len(s.rows[0].names)
		return h, nil
	}
	lone := s.rows[0].lone()
	if lone < 0 {
		return h, listError(s.opts.Name, s.rows[0].line, "list.no_header", "n", len(s.rows[0].names), "cells", quoted(s.rows[0].names))
	}
	h.at, h.lone, h.width = lone, true, len(s.rows[0].names)
	return h, nil
}

// inLine is a list whose header was said to stand in a line.
func (s *search) inLine() (h head, more bool, err error) {
	i := slices.IndexFunc(s.rows, func(r headRow) bool { return r.line == s.opts.HeaderLine })
	if i < 0 && !s.enough() && s.rows[len(s.rows)-1].line < s.opts.HeaderLine {
		return h, true, nil
	}
	if i < 0 {
		return h, false, listError(s.opts.Name, s.opts.HeaderLine, "list.no_header_line", "line", s.opts.HeaderLine, "rows", maxHeld)
	}
	r := s.rows[i]
	switch name := s.opts.columnName(); {
	case name != "":
		at, err := s.cellNamed(r, name)
		if err == nil && at < 0 {
			err = s.noSuchColumn(name, r)
		}
		if err != nil {
			return h, false, err
		}
		return s.header(i, at), false, nil
	case s.opts.Column != "":
		n := s.opts.columnNumber()
		if n < 1 || n > len(r.names) {
			return h, false, s.noNumber(n, r)
		}
		return s.header(i, n-1), false, nil
	}
	at, found, err := s.pick(r)
	if err != nil {
		return h, false, err
	}
	if !found {
		if at = r.lone(); at < 0 {
			return h, false, s.unknown(r)
		}
	}
	return s.header(i, at), false, nil
}

func (s *search) noNumber(n int, r headRow) error {
	return listError(s.opts.Name, r.line, "list.no_column", "column", n, "n", len(r.names), "cells", quoted(r.names))
}

func (s *search) noSuchColumn(name string, r headRow) error {
	return listError(s.opts.Name, r.line, "list.no_column_named", "column", name, "cells", quoted(r.names))
}

func (s *search) unknown(r headRow) error {
	return listError(s.opts.Name, r.line, "list.unknown_column", "cells", quoted(r.names), "n", len(r.names))
}

// cellNamed finds the cell of a row that has a name, exactly or else but for what Fold leaves out; -1 for none.
func (s *search) cellNamed(r headRow, name string) (int, error) {
	for _, same := range []func(string) bool{
		func(cell string) bool { return cell == name },
		func(cell string) bool { return cell != "" && Fold(cell) != "" && Fold(cell) == Fold(name) },
	} {
		var found []int
		for i, cell := range r.names {
			if same(cell) {
				found = append(found, i)
			}
		}
		switch {
		case len(found) > 1:
			return 0, listError(s.opts.Name, r.line, "list.same_columns", "column", s.opts.Column, "n", len(found))
		case len(found) == 1:
			return found[0], nil
		}
	}
	return -1, nil
}

// named is a list whose column was named: the header is the first row with this name.
func (s *search) named(name string) (h head, more bool, err error) {
	for i, r := range s.rows {
		at, err := s.cellNamed(r, name)
		if err != nil {
			return h, false, err
		}
		if at < 0 {
			continue
		}
		h := s.header(i, at)
		return h, false, s.above(&h)
	}
	if !s.enough() {
		return h, true, nil
	}
	r := s.widest()
	if i, _, _ := s.firstKnown(); i >= 0 {
		r = s.rows[i]
	}
	return h, false, s.noSuchColumn(name, r)
}

// firstKnown finds the first row with a known name of the IDs' column; -1 for none. Where that is a text alone, as in a list of
// explanations, and the next such row is of several columns, that one is it, and of several one below another the last.
func (s *search) firstKnown() (row, at int, err error) {
	row = -1
	for i, r := range s.rows {
		a, found, e := s.pick(r)
		if !found && e == nil {
			if row >= 0 && (s.rows[row].lone() < 0 || r.lone() < 0 || storeLike(r.text())) {
				break
			}
			continue
		}
		if row >= 0 && i > row+1 && (s.rows[row].lone() < 0 || r.lone() >= 0) {
			break
		}
		row, at, err = i, a, e
	}
	return row, at, err
}

// known is a list whose header is found by a known name, or which has none.
func (s *search) known() (h head, more bool, err error) {
	if err := s.tooFar(); err != nil {
		if s.enough() {
			return h, false, err
		}
		return h, true, nil
	}
	i, at, err := s.firstKnown()
	if i < 0 && s.span() {
		i, at, err = s.firstKnown()
	}
	n := s.opts.columnNumber()
	if n > 0 {
		at, err = n-1, nil
	}
	if i >= 0 && err != nil {
		return h, false, err
	}
	if i >= 0 {
		h := s.header(i, at)
		refused := s.above(&h)
		if refused == nil || n == 0 && !s.alone() {
			return h, false, refused
		}
	}
	if n > 0 && !s.alone() {
		return s.numbered(n - 1), false, nil
	}
	return s.unnamed()
}

// span makes one of two rows one below the other whose names say only together which column the IDs' is: 门店 over ID. Where
// names are merged over several columns, they stand in the first. It says whether there are such rows.
func (s *search) span() bool {
	for i := 0; i+1 < len(s.rows) && i < 64; i++ {
		up, low := s.rows[i], s.rows[i+1]
		if up.lone() >= 0 || low.lone() >= 0 || slices.ContainsFunc(slices.Concat(up.names, low.names), storeLike) {
			continue
		}
		both, over := headRow{line: low.line, names: make([]string, max(len(up.names), len(low.names)))}, ""
		for c := range both.names {
			if name := up.cell(c); name != "" {
				over = name
			}
			if both.names[c] = over + low.cell(c); low.cell(c) == "" {
				both.names[c] = up.cell(c)
			}
		}
		if _, found, _ := s.pick(both); found {
			s.rows[i+1] = both
			return true
		}
	}
	return false
}

// header is a list whose header is a row, and at the IDs' column.
func (s *search) header(i, at int) head {
	r := s.rows[i]
	h := head{at: at, own: -1, row: i, first: i + 1, width: len(r.names), lone: r.lone() >= 0, name: r.cell(at)}
	h.ids = s.ids(familyOf(h.name))
	if h.ids == WeChatIDs {
		h.own = slices.IndexFunc(r.names, func(name string) bool { return familyOf(name) == ownNumber })
		if h.own == at {
			h.own = -1
		}
		h.ownName = r.cell(h.own)
	}
	if familyOf(h.name) == ambiguous && s.opts.IDs == "" {
		h.warnings = append(h.warnings, i18n.M("list.either_ids", "column", Shown(h.name)))
	}
	if s.secondLine(i, at) {
		h.first++
		h.warnings = append(h.warnings, i18n.M("list.second_line", "line", s.rows[i+1].line))
	}
	return h
}

// ids says which IDs a column has, by what was said and by its name.
func (s *search) ids(f family) string {
	switch {
	case s.opts.IDs != "":
		return s.opts.IDs
	case f == ownNumber:
		return OwnIDs
	}
	return WeChatIDs
}

// secondLine says whether the row below a header belongs to it, as where names are merged over columns and have others below
// them: it has nothing in the IDs' column, and all that it has are names, at least one of them below none.
func (s *search) secondLine(i, at int) bool {
	if i+1 >= len(s.rows) || s.rows[i+1].cell(at) != "" {
		return false
	}
	up, low, below := s.rows[i], s.rows[i+1], false
	for c, name := range low.names {
		if name == "" {
			continue
		}
		if len([]rune(name)) > 20 || hasDigit(name) || up.cell(c) != "" && up.cell(c+1) != "" {
			return false
		}
		below = below || up.cell(c) == ""
	}
	return below && i+2 < len(s.rows) && storeLike(s.rows[i+2].cell(at))
}

// pick finds the column of the IDs by the known names in a row.
func (s *search) pick(r headRow) (at int, found bool, err error) {
	var all [ambiguous + 1][]int
	for i, name := range r.names {
		if f := familyOf(name); f != noFamily {
			all[f] = append(all[f], i)
		}
	}
	either := all[wechat]
	switch {
	case s.opts.IDs == OwnIDs && len(all[ownNumber]) > 0:
		either = all[ownNumber]
	case s.opts.IDs == OwnIDs && len(all[ambiguous]) > 0:
		either = all[ambiguous]
	case s.opts.IDs == WeChatIDs && len(either) == 1:
	default:
		either = append(either, all[ambiguous]...)
	}
	if len(either) == 0 {
		either = all[ownNumber]
	}
	switch len(either) {
	case 0:
		return 0, false, nil
	case 1:
		return either[0], true, nil
	}
	slices.Sort(either)
	var names []string
	for _, i := range either {
		names = append(names, Shown(r.names[i]))
	}
	return either[0], true, listError(s.opts.Name, r.line, "list.several_columns", "columns", names)
}
