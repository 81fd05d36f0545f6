package report

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/spool"
)

// ReasonColumn is the column of what was set aside that says why, by the language it is said in. A list that is read passes
// over it (storelist.OurPrefix).
var ReasonColumn = map[catalogue.Lang]string{catalogue.English: "storelink_reason", catalogue.Chinese: "storelink_原因"}

// AsideForm is how rows that were set aside are written: in the form of the list that they came from.
type AsideForm int

// The forms.
const (
	AsideText  AsideForm = iota // CSV or TSV
	AsideBook                   // a workbook
	AsideLines                  // JSON lines
)

// Aside keeps the rows of a list that are set aside, in a spool, until how the list is written is known: at its end.
type Aside struct {
	spool spool.Spool
	out   *bufio.Writer
	rows  int64
	utf   int // cells in UTF-8 that are no ASCII
	gb    int // cells that are no UTF-8
}

// AsideList is what there is to know of the list that rows were set aside from.
type AsideList struct {
	Form     AsideForm
	Lang     catalogue.Lang
	Header   []Cell   // as it came; nil where the list has none
	Columns  int      // of the list's first row
	ID       int      // the column of the IDs, from 1
	Comma    rune     // of text
	Encoding Encoding // of text. The cells of a list in UTF-16 are UTF-8, and of all others the list's own bytes
}

// Add keeps a row: its cells as they came, its line, and why it is rejected.
func (a *Aside) Add(line int, cells []Cell, why i18n.Message) error {
	if a.out == nil {
		a.out = bufio.NewWriterSize(&a.spool, 64<<10)
	}
	a.rows++
	b := binary.AppendUvarint(nil, uint64(line))
	b = appendText(b, why.Stored())
	b = binary.AppendUvarint(b, uint64(len(cells)))
	for _, c := range cells {
		a.weigh(c.Text)
		b = appendText(appendText(b, c.Text), c.Format)
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(c.Number))
		b = append(b, map[bool]byte{true: 1}[c.Bool])
	}
	_, err := a.out.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
	return err
}

func (a *Aside) weigh(s string) {
	switch {
	case !utf8.ValidString(s):
		a.gb++
	case utf8.RuneCountInString(s) < len(s):
		a.utf++
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Rows is how many rows were kept.
func (a *Aside) Rows() int64 { return a.rows }

// Close gives back what was spooled.
func (a *Aside) Close() error { return a.spool.Close() }

// Write writes the rows as a list that can be mended and be read again: with the list's header and cells, in its encoding, and
// the reason in a column behind them. A cell that a spreadsheet would take for a formula gets an apostrophe before it. Without a
// row, text is empty.
func (a *Aside) Write(w io.Writer, list AsideList) error {
	if a.out != nil {
		if err := a.out.Flush(); err != nil {
			return err
		}
	}
	var out asideWriter
	var err error
	switch {
	case list.Form == AsideBook:
		out, err = newAsideBook(w, &list)
	case a.rows == 0:
		return nil
	case list.Form == AsideLines:
		out = &asideLines{out: bufio.NewWriter(w), lang: list.Lang}
	default:
		out, err = a.newText(w, &list)
	}
	if err != nil {
		return err
	}
	defer out.close()
	old := list.reasonAt()
	if head := drop(list.head(), old); head != nil {
		if err := out.row(head, ReasonColumn[list.Lang], len(head)); err != nil {
			return err
		}
	}
	width := list.Columns
	if old >= 0 {
		width--
	}
	for in := bufio.NewReaderSize(a.spool.Reader(), 64<<10); ; {
		line, why, cells, err := readAside(in)
		if errors.Is(err, io.EOF) {
			return out.flush()
		}
		if err == nil {
			err = out.row(drop(cells, old), i18n.M("list.set_aside_line", "line", line, "why", why).In(list.Lang), width)
		}
		if err != nil {
			return err
		}
	}
}

func readAside(in *bufio.Reader) (line int, why i18n.Message, cells []Cell, err error) {
	size, err := binary.ReadUvarint(in)
	if err != nil {
		return 0, why, nil, err
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(in, b); err != nil {
		return 0, why, nil, err
	}
	number := func() int { n, w := binary.Uvarint(b); b = b[w:]; return int(n) }
	text := func() string { n := number(); s := string(b[:n]); b = b[n:]; return s }
	line, why = number(), i18n.FromStored(text())
	cells = make([]Cell, number())
	for i := range cells {
		c := &cells[i]
		c.Text, c.Format = text(), text()
		c.Number, c.Bool = math.Float64frombits(binary.BigEndian.Uint64(b)), b[8] == 1
		b = b[9:]
	}
	return line, why, cells, nil
}

// head is the header that is written: the list's own, or, where it has none, one that says which column has the IDs, so that
// it is a list again.
func (l *AsideList) head() []Cell {
	switch {
	case l.Form == AsideLines:
		return nil
	case l.Header != nil:
		return l.Header
	}
	head := make([]Cell, max(l.Columns, l.ID))
	for i := range head {
		head[i].Text = fmt.Sprintf("column_%d", i+1)
	}
	head[l.ID-1].Text = "store_id"
	return head
}

// reasonAt is where the reasons of an earlier time stand, from 0; -1 where there are none.
func (l *AsideList) reasonAt() int {
	return slices.IndexFunc(l.Header, func(c Cell) bool {
		for _, name := range ReasonColumn {
			if decoded(c.Text) == name {
				return true
			}
		}
		return false
	})
}

func drop(cells []Cell, at int) []Cell {
	if at < 0 || at >= len(cells) {
		return cells
	}
	return slices.Delete(slices.Clone(cells), at, at+1)
}

// asideWriter writes rows with a reason behind them. A row that is narrower than the list is filled up; one that is wider is
// left so: what is wrong with it is to be seen when it is read again.
type asideWriter interface {
	row(cells []Cell, reason string, width int) error
	flush() error
	close()
}

// decoded gives UTF-8: what is none is GB18030.
func decoded(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	if d, err := simplifiedchinese.GB18030.NewDecoder().String(s); err == nil {
		return d
	}
	return s
}

// asideText writes CSV or TSV.
type asideText struct {
	buf     *bufio.Writer
	encoded io.WriteCloser
	csv     *csv.Writer
	gb      bool
	cells   []string
}

func (a *Aside) newText(w io.Writer, list *AsideList) (asideWriter, error) {
	for _, c := range list.Header {
		a.weigh(c.Text)
	}
	encoding := list.Encoding
	switch { // cells are GB18030 already
	case a.gb > a.utf && encoding != UTF16LE && encoding != UTF16BE:
		encoding = GB18030
	case a.gb+a.utf == 0 && encoding == UTF8 && list.Lang == catalogue.Chinese:
		encoding = UTF8BOM // what was ASCII alone has Chinese now, and Excel is to see it
	}
	t := &asideText{gb: encoding == GB18030}
	if t.gb {
		encoding = UTF8
	}
	var err error
	if t.encoded, err = encoding.Writer(w); err != nil {
		return nil, err
	}
	t.buf = bufio.NewWriterSize(t.encoded, 64<<10)
	t.csv = csv.NewWriter(t.buf)
	if t.csv.Comma = ','; list.Comma != 0 {
		t.csv.Comma = list.Comma
	}
	return t, nil
}

func (t *asideText) row(cells []Cell, reason string, width int) error {
	t.cells = t.cells[:0]
	for _, c := range cells {
		t.cells = append(t.cells, masked(c.Text))
	}
	for len(t.cells) < width {
		t.cells = append(t.cells, "")
	}
	if t.gb {
		if s, err := simplifiedchinese.GB18030.NewEncoder().String(reason); err == nil {
			reason = s
		}
	}
	return t.csv.Write(append(t.cells, reason))
}

// masked keeps a spreadsheet from taking a text, in UTF-8 or GB18030, for a formula.
func masked(s string) string {
	if noFormula(decoded(s)) != decoded(s) {
		return "'" + s
	}
	return s
}

func (t *asideText) flush() error {
	t.csv.Flush()
	if err := t.csv.Error(); err != nil {
		return err
	}
	if err := t.buf.Flush(); err != nil {
		return err
	}
	return t.encoded.Close()
}

func (t *asideText) close() {}

// asideBook writes a workbook.
type asideBook struct {
	out io.Writer
	sheets
}

func newAsideBook(w io.Writer, list *AsideList) (asideWriter, error) {
	return &asideBook{out: w, sheets: sheets{file: excelize.NewFile(), title: wordsIn(list.Lang).stores, rows: SheetRows}}, nil
}

func (b *asideBook) row(cells []Cell, reason string, width int) error {
	cells = slices.Clone(cells)
	for i, c := range cells {
		cells[i].Text = strings.TrimPrefix(decoded(c.Text), "\ufeff")
	}
	if more := width - len(cells); more > 0 {
		cells = append(cells, make([]Cell, more)...)
	}
	return b.add(0, append(cells, Cell{Text: reason}))
}

func (b *asideBook) flush() error {
	if err := b.end(); err != nil {
		return err
	}
	if err := b.file.DeleteSheet("Sheet1"); err != nil {
		return err
	}
	return b.write(b.out)
}

func (b *asideBook) close() { b.sheets.close() }

// asideLines writes JSON lines: of each object what it had, and the reason.
type asideLines struct {
	out  *bufio.Writer
	lang catalogue.Lang
}

func (l *asideLines) row(cells []Cell, reason string, _ int) error {
	value := json.RawMessage(cells[0].Text)
	fields, ok := fieldsOf(value)
	if !ok {
		fields = []field{{"store_id", value}}
	}
	said, err := json.Marshal(reason)
	if err != nil {
		return err
	}
	fields = append(fields, field{ReasonColumn[l.lang], said})
	for i, f := range fields {
		name, err := json.Marshal(f.name)
		if err != nil {
			return err
		}
		_, _ = l.out.WriteString(map[bool]string{true: "{", false: ","}[i == 0]) // an error sticks to out
		_, _ = l.out.Write(name)
		_ = l.out.WriteByte(':')
		_, _ = l.out.Write(f.value)
	}
	_, err = l.out.WriteString("}\n")
	return err
}

func (l *asideLines) flush() error { return l.out.Flush() }
func (l *asideLines) close()       {}

type field struct {
	name  string
	value json.RawMessage
}

// fieldsOf gives an object's fields in their order, without a reason of an earlier time; false where it is no object.
func fieldsOf(object json.RawMessage) (fields []field, ok bool) {
	in := json.NewDecoder(bytes.NewReader(object))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for in.More() {
		name, err := in.Token()
		f := field{}
		if f.name, ok = name.(string); err != nil || !ok || in.Decode(&f.value) != nil {
			return nil, false
		}
		if f.name != ReasonColumn[catalogue.English] && f.name != ReasonColumn[catalogue.Chinese] {
			fields = append(fields, f)
		}
	}
	return fields, true
}
