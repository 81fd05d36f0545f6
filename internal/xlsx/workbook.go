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
	"errors"
	"io"
	"path"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// MaxRows and MaxColumns are how large a sheet can be (Microsoft, Excel specifications and limits).
const (
	MaxRows    = 1_048_576
	MaxColumns = 16_384
)

// maxSheets bounds a workbook's sheets, which have no other limit than memory.
const maxSheets = 10_000

// Workbook is an open workbook. It is not safe for concurrent use.
type Workbook struct {
	parts   map[string]*zip.File // by name in lower case, which is how they are told apart
	sheets  []Sheet
	styles  []string // number formats, by a cell's style
	from    epoch
	strings *shared // nil where no cell needs them
}

// Sheet is a sheet of cells, as opposed to one of a chart.
type Sheet struct {
	Name   string
	Hidden bool
	part   string
}

// Open reads what a workbook says of itself. Its errors, like all of this package's, are *job.Error with one sentence
// and without a file's name: job.CodeBadList for what is wrong with the workbook, job.CodeIO for temporary files.
func Open(r io.ReaderAt, size int64) (*Workbook, error) {
	bounded := &boundedAt{r: r, left: maxDirectory}
	archive, err := zip.NewReader(bounded, size)
	if errors.Is(err, errTooMuch) {
		return nil, badf("this zip archive has too many parts for a spreadsheet: it may be made to do harm")
	}
	if err != nil {
		return nil, damaged(err)
	}
	bounded.open = true
	w := &Workbook{parts: make(map[string]*zip.File, len(archive.File))}
	for _, f := range archive.File {
		name := partName(f.Name)
		if _, twice := w.parts[name]; twice {
			return nil, damaged(errors.New("it has two parts called " + name))
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

func partName(s string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(s, `\`, "/"), "/"))
}

// main finds the workbook's main part, or says what else the archive is.
func (w *Workbook) main() (string, error) {
	rels, err := w.relations("_rels/.rels", "")
	if err != nil {
		return "", err
	}
	for _, r := range rels {
		if r.kind == "officeDocument" && strings.HasSuffix(r.target, ".xml") && strings.HasPrefix(r.target, "xl/") {
			return r.target, nil
		}
	}
	has := func(name string) bool { _, ok := w.parts[name]; return ok }
	switch {
	case has("xl/workbook.xml"):
		return "xl/workbook.xml", nil
	case has("xl/workbook.bin"):
		return "", badf("this is a binary spreadsheet (.xlsb): save it as .xlsx, or save the list as CSV")
	case has("mimetype") && has("content.xml"):
		return "", badf("this is an OpenDocument file (.ods), not .xlsx: save it as .xlsx, or save the list as CSV")
	case has("word/document.xml"):
		return "", badf("this is a text document (.docx), not a list: copy its table into a spreadsheet and save that as .xlsx")
	}
	return "", badf("this is a zip archive and no spreadsheet: unpack it and name the list that is in it, or save the list as CSV")
}

// relation is one part's reference to another.
type relation struct{ id, kind, target string }

// relations reads the references of a part in a folder; none where there is no such file.
func (w *Workbook) relations(name, folder string) ([]relation, error) {
	m, err := w.open(name, maxSmallPart)
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
	}
}

// read reads the main part and what it refers to.
func (w *Workbook) read(main string) error {
	folder, file := path.Split(main)
	rels, err := w.relations(folder+"_rels/"+file+".rels", strings.TrimSuffix(folder, "/"))
	if err != nil {
		return err
	}
	sheets := map[string]string{}
	styles := ""
	for _, r := range rels {
		switch r.kind {
		case "worksheet":
			sheets[r.id] = r.target
		case "styles":
			styles = r.target
		case "sharedStrings":
			w.strings = &shared{part: r.target}
		}
	}
	m, err := w.open(main, maxSmallPart)
	if err != nil {
		return err
	}
	if m == nil {
		return damaged(errors.New("its main part is missing"))
	}
	defer m.close()
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
		case e.depth == 3 && e.start.Name.Local == "sheet" && sheets[attr(e.start, "id")] != "":
			state := attr(e.start, "state")
			w.sheets = append(w.sheets, Sheet{Name: unescape(attr(e.start, "name")), part: sheets[attr(e.start, "id")],
				Hidden: state == "hidden" || state == "veryHidden"})
			if len(w.sheets) > maxSheets {
				return badf("this spreadsheet has more than %d sheets: it may be made to do harm", maxSheets)
			}
		}
	}
	w.styles, err = w.readStyles(styles)
	return err
}

func truth(s string) bool { return s == "1" || s == "true" }

func badf(format string, args ...any) *job.Error { return job.Errorf(job.CodeBadList, format, args...) }

// damaged is the error of a workbook that cannot be read.
func damaged(err error) error {
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return err
	}
	return badf("the spreadsheet is damaged or not whole, and cannot be read (%w): open it in the program that made it and save"+
		" it again, or save the list as CSV", err)
}
