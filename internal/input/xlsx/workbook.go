// Package xlsx reads the sheets of an Office Open XML workbook (.xlsx, ECMA-376) as a stream: row after row, each cell
// with its kind and the value that is stored, not the one that is displayed. It keeps no row; shared strings go to a
// spool. github.com/xuri/excelize/v2, which writes our workbooks, is not used for reading: its row iterator takes markup
// that breaks off for the end of the sheet (rows.go, Next: the decoder's error is dropped), so that a damaged list would
// pass as a shorter one, and it does not tell a number from a date or a text.
//
// It must never give out fewer rows than the sheet has without an error, never change a value, and never use more memory
// than its bounds allow, whatever the file holds.
package xlsx

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// MaxRows and MaxColumns are how large a sheet can be (Microsoft, Excel specifications and limits).
const (
	MaxRows    = 1_048_576
	MaxColumns = 16_384
)

// Of a workbook that is read. A spreadsheet program has no other limit for them than memory.
const (
	maxSheets    = 10_000
	maxRelations = 100_000 // from one part to others
)

// Workbook is an open workbook. It is not safe for concurrent use.
type Workbook struct {
	ctx      context.Context // ends all reading
	file     *file
	size     int64 // of the file
	most     int64 // bytes that may be unpacked; 0 for no bound but that of the file's size
	budget   int64 // bytes that may be unpacked of a file of this size
	unpacked int64

	files        []*zip.File          // in their order
	parts        map[string]*zip.File // by name in lower case, which is how they are told apart
	sheets       []Sheet
	styles       []style // by a cell's style
	styled       bool    // it names a part that has them
	from         epoch
	uncalculated bool    // it says that the results of its formulas are yet to be calculated
	strings      *shared // nil where no cell needs them
}

// Sheet is a sheet of cells, as opposed to one of a chart.
type Sheet struct {
	Name   string
	Hidden bool
	part   string
}

// Open reads what a workbook says of itself. ctx ends this and all later reading, within the time that 32 KB take; most
// bounds the bytes that may be unpacked of it, 0 by the file's size alone. Its errors, like all of this package's, are
// *job.Error with one sentence and without a file's name: job.CodeBadList for what is wrong with the workbook, job.CodeIO
// for temporary files, and once ctx has ended its cause, or job.CodeTimeout or job.CodeInterrupted.
func Open(ctx context.Context, r io.ReaderAt, size, most int64) (*Workbook, error) {
	w := &Workbook{ctx: ctx, file: &file{r: r, bound: maxDirectory}, size: size, most: most, budget: bombFrom + 2*bombRatio*size}
	archive, err := zip.NewReader(w.file, size)
	if errors.Is(err, errTooMuch) {
		return nil, bad("sheet.many_parts")
	}
	if err != nil {
		return nil, damaged(err)
	}
	w.file.open = true
	w.files, w.parts = archive.File, make(map[string]*zip.File, len(archive.File))
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue // a folder
		}
		name := partName(f.Name)
		if _, twice := w.parts[name]; twice {
			return nil, damaged(i18n.E("sheet.part_twice", "part", shortened(name)))
		}
		w.parts[name] = f
	}
	main, err := w.main()
	if err != nil {
		return nil, err
	}
	return w, w.read(main)
}

// Sheets gives the sheets in the order of their tabs, hidden ones too.
func (w *Workbook) Sheets() []Sheet { return w.sheets }

// Close gives back what was spooled. It can be called twice.
func (w *Workbook) Close() error {
	if w.strings == nil {
		return nil
	}
	return w.strings.close()
}

// partName is a part's name as parts are told apart: in lower case, without what zip programs write before it.
func partName(s string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(s, `\`, "/")), "/"))
}

// unescapedPath is the name of a part that a reference gives with escapes (sheet%201.xml), if it has any.
func unescapedPath(name string) (string, bool) {
	plain, err := url.PathUnescape(name)
	return strings.ToLower(plain), err == nil && plain != name
}

// main finds the workbook's main part, or says what else the archive is.
func (w *Workbook) main() (string, error) {
	rels, err := w.relations("_rels/.rels", "")
	if err != nil {
		return "", err
	}
	main := ""
	for _, r := range rels {
		switch {
		case r.kind != "officeDocument":
		case main != "" && main != r.target:
			return "", damaged(i18n.E("sheet.two_mains"))
		default:
			main = r.target
		}
	}
	has := func(name string) bool { return w.part(name) != nil }
	if main == "" && has("xl/workbook.xml") {
		main = "xl/workbook.xml"
	}
	switch {
	case strings.HasSuffix(main, ".bin"), main == "" && has("xl/workbook.bin"):
		return "", bad("sheet.xlsb")
	case strings.HasPrefix(main, "word/"), main == "" && has("word/document.xml"):
		return "", bad("sheet.docx")
	case main == "" && (has("index/document.iwa") || has("index.zip")):
		return "", bad("sheet.numbers")
	case main != "" && !strings.HasPrefix(main, "ppt/"):
		return main, nil
	case has("mimetype") && has("content.xml"):
		return "", bad("sheet.ods")
	}
	return "", bad("sheet.zip")
}

// relation is one part's reference to another.
type relation struct{ id, kind, target string }

// relations reads the references of a part in a folder; none where there is no such file.
func (w *Workbook) relations(name, folder string) ([]relation, error) {
	m, err := w.open(name, "Relationships", maxSmallPart)
	if m == nil || err != nil {
		return nil, err
	}
	defer m.close()
	var out []relation
	for {
		e, err := m.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if e.start == nil || e.start.Name.Local != "Relationship" || attr(e.start, "TargetMode") == "External" {
			continue
		}
		target := strings.ReplaceAll(attr(e.start, "Target"), `\`, "/")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(folder, target)
		}
		kind := attr(e.start, "Type")
		out = append(out, relation{id: attr(e.start, "Id"), kind: kind[strings.LastIndexByte(kind, '/')+1:], target: partName(target)})
		if len(out) > maxRelations {
			return nil, bad("sheet.many_references", "most", maxRelations)
		}
	}
}

// read reads the main part and what it refers to.
func (w *Workbook) read(main string) error {
	folder, file := path.Split(main)
	rels, err := w.relations(folder+"_rels/"+file+".rels", strings.TrimSuffix(folder, "/"))
	if err != nil {
		return err
	}
	byID := map[string]relation{}
	styles := ""
	for _, r := range rels {
		byID[r.id] = r
		switch r.kind {
		case "styles":
			styles, w.styled = r.target, true
		case "sharedStrings":
			w.strings = &shared{part: r.target}
		}
	}
	m, err := w.open(main, "workbook", maxSmallPart)
	if err != nil {
		return err
	}
	if m == nil {
		return damaged(i18n.E("sheet.no_main"))
	}
	defer m.close()
	used := map[string]bool{}
	for {
		e, err := m.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch {
		case e.start == nil:
		case e.depth == 2 && e.start.Name.Local == "workbookPr" && truth(attr(e.start, "date1904")):
			w.from = epoch1904
		case e.depth == 2 && e.start.Name.Local == "calcPr":
			w.uncalculated = uncalculated(e.start)
		case e.depth == 3 && e.start.Name.Local == "sheet":
			if err := w.addSheet(e.start, byID, used); err != nil {
				return err
			}
		}
	}
	w.styles, err = w.readStyles(styles)
	return err
}

// uncalculated says whether a workbook's formulas are to be calculated by whoever opens it (ECMA-376-1, 18.2.2, calcPr):
// XlsxWriter, openpyxl, PhpSpreadsheet, EPPlus and POI, which do not calculate, write that, with 0, nothing or the results
// of a template in the cells. Spreadsheet programs take it out once they have calculated.
func uncalculated(calc *xml.StartElement) bool {
	done := attr(calc, "calcCompleted")
	return truth(attr(calc, "fullCalcOnLoad")) || done == "0" || done == "false"
}

// addSheet adds a sheet of cells. One that has no part is damage and not to be passed over: a list is refused where several
// sheets have something in them, and it may be one of those. No two sheets have one part.
func (w *Workbook) addSheet(e *xml.StartElement, rels map[string]relation, used map[string]bool) error {
	name, state := unescape(attr(e, "name")), attr(e, "state")
	id := relationID(e)
	if id == "" && state == "veryHidden" {
		return nil // what Excel makes of the modules of old workbooks
	}
	r, ok := rels[id]
	if ok && (r.kind == "chartsheet" || r.kind == "dialogsheet" || strings.HasSuffix(strings.ToLower(r.kind), "macrosheet")) {
		return nil
	}
	if !ok || r.kind != "worksheet" || w.part(r.target) == nil {
		return damaged(i18n.E("sheet.missing", "sheet", shortened(name)))
	}
	if used[r.target] {
		return damaged(i18n.E("sheet.twice", "sheet", shortened(name)))
	}
	used[r.target] = true
	if w.sheets = append(w.sheets, Sheet{Name: name, part: r.target, Hidden: state == "hidden" || state == "veryHidden"}); len(w.sheets) > maxSheets {
		return bad("sheet.many_sheets", "most", maxSheets)
	}
	return nil
}

func truth(s string) bool { return s == "1" || s == "true" }

func bad(message string, args ...any) *job.Error { return job.Fail(job.CodeBadList, message, args...) }

// damaged is the error of a workbook that cannot be read.
func damaged(err error) error {
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return err
	}
	return bad("sheet.damaged", "error", err)
}
