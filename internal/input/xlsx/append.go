package xlsx

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/storelink/storelink/internal/i18n"
)

// Plain reports whether the workbook is what an .xlsx is, and neither a template nor one with macros, which a spreadsheet
// program opens under their own endings alone.
func (w *Workbook) Plain() bool {
	f := w.part("[content_types].xml")
	if f == nil {
		return true
	}
	in, err := f.Open()
	if err != nil {
		return false
	}
	defer in.Close()
	markup, err := utf8Markup(io.LimitReader(in, maxSmallPart))
	if err != nil {
		return false
	}
	b, err := io.ReadAll(markup)
	return err == nil && !bytes.Contains(b, []byte("macroEnabled")) && !bytes.Contains(b, []byte("template.main"))
}

// Added are the columns that Append adds.
type Added struct {
	First   int                                     // the first of them, from 1; what stands there and behind it has no value
	Columns int                                     // how many there are
	Cells   func(row int) (texts []string, _ error) // of a row, by its number; nil to leave the row as it is. Rows come in order
}

// Append copies the workbook to out with texts behind the cells of a sheet's rows. All else is the same, to the byte: other
// parts are copied as they are packed, and so is the sheet's markup around what is added, but for the width that it claims and
// for cells without a value that stand where texts are added.
//
// The sheet must have been read to its end by Rows: Append relies on its markup to be whole.
func (w *Workbook) Append(out io.Writer, s Sheet, add Added) error {
	all := uint64(0)
	for _, f := range w.files {
		if all += f.CompressedSize64; all > uint64(w.size) || f.CompressedSize64 > uint64(w.size) {
			return bad("sheet.overlap")
		}
	}
	z := zip.NewWriter(out)
	sheet := w.part(s.part)
	for _, f := range w.files {
		if f != sheet {
			if err := z.Copy(f); err != nil {
				return err
			}
			continue
		}
		if err := appendTo(z, f, add); err != nil {
			return err
		}
	}
	return z.Close()
}

func appendTo(z *zip.Writer, f *zip.File, add Added) error {
	in, err := f.Open()
	if err != nil {
		return damaged(err)
	}
	defer in.Close()
	to, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: f.Modified})
	if err != nil {
		return err
	}
	markup, err := utf8Markup(in)
	if err != nil {
		return damaged(err)
	}
	e := &editor{in: markup, out: bufio.NewWriterSize(to, 64<<10),
		gone: bufio.NewWriterSize(io.Discard, 64<<10), add: add}
	if err := e.edit(); err != nil {
		return err
	}
	return e.out.Flush()
}

// utf8Markup gives markup in UTF-8, whatever it is in and declares to be in; a declaration of anything else is left out.
func utf8Markup(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, _ := in.Peek(4) // an error comes again
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte("<\x00")):
		in = bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), 64<<10)
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), bytes.HasPrefix(head, []byte("\x00<")):
		in = bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()), 64<<10)
	}
	head, _ = in.Peek(1 << 10)
	declared := bytes.TrimPrefix(head, []byte("\ufeff"))
	end := bytes.Index(declared, []byte("?>"))
	if !bytes.HasPrefix(declared, []byte("<?xml")) || end < 0 {
		return in, nil
	}
	label := encodingName.FindSubmatch(declared[:end])
	if label == nil || strings.EqualFold(string(label[1]), "utf-8") {
		return in, nil
	}
	if _, err := in.Discard(len(head) - len(declared) + end + len("?>")); err != nil {
		return nil, err
	}
	decoded, err := charset(string(label[1]), in)
	if err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(decoded, 64<<10), nil
}

var encodingName = regexp.MustCompile(`\sencoding\s*=\s*["']([^"']*)["']`)

// editor copies a sheet's markup and adds cells to its rows.
type editor struct {
	in  *bufio.Reader
	out *bufio.Writer // its errors stick
	add Added

	tag    []byte // the tag that was read last, without < and >
	depth  int
	inside bool          // <sheetData>
	row    int           // the last row's number
	column int           // the last cell's
	texts  []string      // for the row that it is in; nil for none
	gone   *bufio.Writer // where what is left out goes
	left   int           // the depth of the cell that is left out; 0 for none
	prefix string        // of the row's name, with its colon
}

// errMarkup is of markup that Rows takes and the editor does not.
var errMarkup = i18n.E("sheet.not_editable")

func (e *editor) edit() error {
	for {
		if err := e.until('<', e.out); errors.Is(err, io.EOF) {
			if e.depth != 0 {
				return damaged(io.ErrUnexpectedEOF)
			}
			return nil
		} else if err != nil {
			return damaged(err)
		}
		if err := e.element(); err != nil {
			return err
		}
	}
}

// until copies what comes before a byte, and takes the byte.
func (e *editor) until(end byte, to *bufio.Writer) error {
	for {
		b, err := e.in.ReadSlice(end)
		if err == nil {
			b = b[:len(b)-1]
		}
		_, _ = to.Write(b)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// element handles what begins with the < that was taken.
func (e *editor) element() error {
	head, _ := e.in.Peek(8) // an error comes again
	switch {
	case bytes.HasPrefix(head, []byte("!--")):
		return e.verbatim("-->")
	case bytes.HasPrefix(head, []byte("![CDATA[")):
		return e.verbatim("]]>")
	case bytes.HasPrefix(head, []byte("?")):
		return e.verbatim("?>")
	case bytes.HasPrefix(head, []byte("!")):
		return e.directive()
	}
	if err := e.readTag(); err != nil {
		return damaged(err)
	}
	switch {
	case e.tag[0] == '/':
		e.end()
		e.depth--
		return nil
	case e.tag[len(e.tag)-1] == '/':
		e.depth++
		err := e.start(true)
		e.depth--
		return err
	}
	e.depth++
	return e.start(false)
}

// verbatim copies markup that is no tag to its end.
func (e *editor) verbatim(end string) error {
	_ = e.out.WriteByte('<') // it sticks
	var last [3]byte
	for {
		c, err := e.in.ReadByte()
		if err != nil {
			return damaged(err)
		}
		_ = e.out.WriteByte(c)
		copy(last[:], last[1:])
		last[2] = c
		if bytes.HasSuffix(last[:], []byte(end)) {
			return nil
		}
	}
}

// directive copies a <!DOCTYPE …>, with what it may have in it.
func (e *editor) directive() error {
	_ = e.out.WriteByte('<') // it sticks
	for depth, quote := 1, byte(0); depth > 0; {
		c, err := e.in.ReadByte()
		if err != nil {
			return damaged(err)
		}
		_ = e.out.WriteByte(c)
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			depth++
		case c == '>':
			depth--
		}
	}
	return nil
}

// readTag reads a tag to its >, which is taken. A > in quotes is none.
func (e *editor) readTag() error {
	e.tag = e.tag[:0]
	quote := byte(0)
	for {
		c, err := e.in.ReadByte()
		switch {
		case err != nil:
			return err
		case quote == 0 && c == '>':
			if len(e.tag) == 0 {
				return errMarkup
			}
			return nil
		case len(e.tag) > maxToken:
			return errMarkup
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
		e.tag = append(e.tag, c)
	}
}

// name is the tag's, and what of it stands before its colon, with that.
func (e *editor) name() (prefix, local string) {
	n := bytes.TrimPrefix(e.tag, []byte("/"))
	if end := bytes.IndexAny(n, " \t\r\n/"); end >= 0 {
		n = n[:end]
	}
	at := bytes.IndexByte(n, ':') + 1
	return string(n[:at]), string(n[at:])
}

// start copies a start tag; whole says that it is the element's end as well.
func (e *editor) start(whole bool) error {
	prefix, local := e.name()
	switch {
	case e.depth == 2:
		e.inside = local == "sheetData" && !whole
		if local == "dimension" {
			e.widen()
		}
	case e.depth == 3 && e.inside && local == "row":
		return e.startRow(prefix, whole)
	case e.depth == 4 && e.texts != nil && local == "c" && e.left == 0:
		if e.startCell() {
			if !whole {
				e.left = e.depth
				e.out, e.gone = e.gone, e.out
			}
			return nil
		}
	}
	e.write(e.tag)
	return nil
}

func (e *editor) write(tag []byte) {
	_ = e.out.WriteByte('<') // its errors stick
	_, _ = e.out.Write(tag)
	_ = e.out.WriteByte('>')
}

func (e *editor) startRow(prefix string, whole bool) error {
	e.row++
	if n, err := strconv.Atoi(e.attr("r")); err == nil {
		e.row = n
	}
	var err error
	if e.texts, err = e.add.Cells(e.row); err != nil {
		return err
	}
	e.prefix, e.column = prefix, 0
	if e.texts == nil {
		e.write(e.tag)
		return nil
	}
	e.cut("spans") // a hint that would no longer be true
	if !whole {
		e.write(e.tag)
		return nil
	}
	e.write(bytes.TrimRight(bytes.TrimSuffix(e.tag, []byte("/")), " \t\r\n"))
	e.cells()
	_, _ = e.out.WriteString("</" + prefix + "row>")
	return nil
}

// startCell says whether a cell that begins stands where a text is added.
func (e *editor) startCell() bool {
	e.column++
	if n := columnOf(e.attr("r"), e.row); n > 0 {
		e.column = n
	}
	return e.column >= e.add.First
}

// end copies an end tag, behind the cells that are added where it is a row's.
func (e *editor) end() {
	if e.depth == 3 && e.inside && e.texts != nil {
		e.cells()
	}
	if e.depth == 2 {
		e.inside = false
	}
	e.write(e.tag)
	if e.left == e.depth {
		e.left = 0
		e.out, e.gone = e.gone, e.out
	}
}

// cells writes the texts of the row.
func (e *editor) cells() {
	for i, text := range e.texts {
		if text == "" {
			continue
		}
		p := e.prefix
		_, _ = e.out.WriteString("<" + p + `c r="` + Name(e.add.First+i, e.row) + `" t="inlineStr"><` + p + "is><" + p +
			`t xml:space="preserve">`)
		escapeText(e.out, text)
		_, _ = e.out.WriteString("</" + p + "t></" + p + "is></" + p + "c>")
	}
	e.texts = nil
}

// place finds an attribute of the tag: where it begins, with the space before it, where its value is, and its end.
func (e *editor) place(name string) (begin, from, to, end int, ok bool) {
	for i := 0; i < len(e.tag); i++ {
		switch c := e.tag[i]; {
		case c == '"' || c == '\'': // another's value
			n := bytes.IndexByte(e.tag[i+1:], c)
			if n < 0 {
				return 0, 0, 0, 0, false
			}
			i += n + 1
		case (c == ' ' || c == '\t' || c == '\r' || c == '\n') && bytes.HasPrefix(e.tag[i+1:], []byte(name)):
			at := skipSpace(e.tag, i+1+len(name))
			if at >= len(e.tag) || e.tag[at] != '=' {
				continue
			}
			at = skipSpace(e.tag, at+1)
			if at >= len(e.tag) {
				return 0, 0, 0, 0, false
			}
			n := bytes.IndexByte(e.tag[at+1:], e.tag[at])
			if n < 0 {
				return 0, 0, 0, 0, false
			}
			return i, at + 1, at + 1 + n, at + n + 2, true
		}
	}
	return 0, 0, 0, 0, false
}

func skipSpace(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\t' || b[at] == '\r' || b[at] == '\n') {
		at++
	}
	return at
}

func (e *editor) attr(name string) string {
	_, from, to, _, ok := e.place(name)
	if !ok {
		return ""
	}
	return string(e.tag[from:to])
}

// cut takes an attribute out of the tag.
func (e *editor) cut(name string) {
	if begin, _, _, end, ok := e.place(name); ok {
		e.tag = append(e.tag[:begin], e.tag[end:]...)
	}
}

// widen makes the sheet's claimed range reach to the columns that are added: some readers believe it.
func (e *editor) widen() {
	_, from, to, _, ok := e.place("ref")
	if !ok {
		return
	}
	first, last, two := strings.Cut(string(e.tag[from:to]), ":")
	if !two {
		last = first
	}
	column, digits := letters(last)
	row, err := strconv.Atoi(digits)
	wide := e.add.First + e.add.Columns - 1
	if err != nil || column == 0 || column >= wide {
		return
	}
	ref := first + ":" + Name(wide, row)
	e.tag = append(append(append([]byte(nil), e.tag[:from]...), ref...), e.tag[to:]...)
}

// maxText is how much a cell can hold, in UTF-16 units (Microsoft, Excel specifications and limits).
const maxText = 32_767

// escapeText writes a text as XML holds it, what it cannot hold as ECMA-376 escapes it (unescape), and what is too long for a
// cell cut.
func escapeText(out *bufio.Writer, s string) {
	units := 0
	for i, c := range s {
		if units++; c > 0xffff {
			units++
		}
		if units > maxText {
			return
		}
		switch {
		case c == '<':
			_, _ = out.WriteString("&lt;")
		case c == '>':
			_, _ = out.WriteString("&gt;")
		case c == '&':
			_, _ = out.WriteString("&amp;")
		case c < ' ' && c != '\t' && c != '\n', c == 0xfffe, c == 0xffff:
			_, _ = out.WriteString("_x" + strings.ToUpper(strconv.FormatInt(int64(c)|0x10000, 16)[1:]) + "_")
		case c == '_' && isEscape(s[i:]):
			_, _ = out.WriteString("_x005F_")
		default:
			_, _ = out.WriteRune(c)
		}
	}
}

// isEscape says whether a text begins like an escape, of any character.
func isEscape(s string) bool {
	if len(s) < len("_x0000_") || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}
