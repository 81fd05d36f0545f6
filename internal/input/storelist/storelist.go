// Package storelist reads a list of store IDs as operators have them: CSV, TSV, plain text or JSON lines, plain or gzip,
// in UTF-8, UTF-16 or GB18030, or a spreadsheet (.xlsx); with or without a header. It streams: what it keeps of a list is
// what it must know to drop repeats. It must never change an ID, guess one, or lose one without saying so.
package storelist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storeset"
	"github.com/storelink/storelink/internal/input/xlsx"
	"github.com/storelink/storelink/internal/job"
)

// Options say how a list is to be read.
type Options struct {
	// Name is what errors call the list: its file's name. The ending hints at the format.
	Name string
	// Column is the column of the IDs, by its name in the header or by its number from 1; empty to find it by its name.
	Column string
	// Sheet is a spreadsheet's sheet, by its name or by its number from 1 among the visible ones; empty for the only visible
	// one that has something in it.
	Sheet string
	// HeaderLine is the line (a spreadsheet's row) that the header stands in; 0 to look for it. NoHeader says that there is
	// none: the first row is a store's.
	HeaderLine int
	NoHeader   bool
	// IDs says what the column has, WeChatIDs or OwnIDs; empty to go by the header.
	IDs string
	// SetAside takes the bad rows, one after another; nil to refuse a list that has any. Its error ends the reading.
	SetAside func(Rejected) error
	// MaxText and MaxIDs bound a list from somewhere that is not trusted to send a reasonable one: its text in bytes, once
	// it is unpacked, and its IDs without repeats. A list that has more is refused. 0 is no bound.
	MaxText, MaxIDs int64
	// Keep keeps the bytes that rows come in, which WriteText needs.
	Keep bool
}

// Stats tell what was read.
type Stats struct {
	Rows     int64  `json:"rows"`      // with something in them, without the header
	IDs      int64  `json:"ids"`       // without repeats
	Repeats  int64  `json:"repeats"`   // rows whose ID came before
	SetAside int64  `json:"set_aside"` // bad rows that went to Options.SetAside
	Format   string `json:"format"`    // "CSV", "TSV", "text", "JSON lines" or "xlsx"
	Column   string `json:"column"`    // its name, or its number where there is no header
	Sheet    string `json:"sheet,omitempty"`
	Hidden   int64  `json:"hidden,omitempty"` // rows that a spreadsheet hides; they are read like the others
	Above    int64  `json:"above"`            // rows that are the header or stand above it
	Blank    int64  `json:"blank"`            // rows without anything in them, and empty lines
}

// Stdin is what a list's name is where it comes from standard input, and Open's path for it.
const Stdin = "-"

// Open opens a list's file, or standard input, and gives the name that errors call it by.
func Open(path string, stdin io.Reader) (io.ReadCloser, string, error) {
	if path == Stdin {
		return io.NopCloser(stdin), "<stdin>", nil
	}
	f, err := os.Open(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, "", listError(path, 0, "list.unreadable", "error", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close() // nothing was read from it
		return nil, "", listError(path, 0, "list.folder")
	}
	return f, path, nil
}

// Reader reads one list, once.
type Reader struct {
	ctx   context.Context
	opts  Options
	src   source
	text  *text // nil of a spreadsheet
	seen  storeset.Set
	good  int64 // IDs seen, those after a bad row too
	stats Stats
	bad   BadRows

	head    head
	own     string // of the ID that was given out last
	repeats repeats

	reading  Reading // without Rows, Last and Encoding
	last     string  // ID that was given out
	warnings []i18n.Message
	looked   int // rows read: see ended
}

// row is one row of a list, or one line.
type row struct {
	line   int          // of its first character, from 1
	id     string       // as it stands in the ID's cell
	own    string       // the merchant's own number, where there is a column of these beside the IDs
	fault  i18n.Message // why the row is bad, where that is known already; else the ID is yet to be checked
	raw    []string
	kind   LineKind // StoreLine unless the source was told to give everything
	hidden bool
	values []Value // instead of raw, of a spreadsheet
	width  int     // of a spreadsheet's row: the last column that has a value
	kept   kept    // of a text, where they are kept
}

// source gives rows one after another, and io.EOF after the last. Rows without anything in them are passed over.
type source interface {
	next() (row, error)
	column() string
	format() string
	place() (headerLine int, column ReadColumn) // headerLine is 0 where there is none
	header() (cells []Value, columns int)       // as Reader.Header returns them
	begin() head
	passed() (above, blank int64) // rows that were no store's: the header and what stands above it, and blank ones
}

// NewReader finds out what a list is. It reads no further than it must for that; a spreadsheet is spooled, as it can be
// read only from its end. The end of ctx is that of the reading, within a second, but for a Read of the list itself that is under
// way: the error is its cause, or tells of it.
func NewReader(ctx context.Context, r io.Reader, opts Options) (*Reader, error) {
	if err := checkName(opts.Name); err != nil {
		return nil, err
	}
	if err := opts.checkHeader(); err != nil {
		return nil, err
	}
	src, text, err := open(ctx, &input{ctx: ctx, from: r}, opts)
	if err != nil {
		return nil, err
	}
	rd := &Reader{ctx: ctx, opts: opts, src: src, text: text, bad: BadRows{file: opts.Name}, head: src.begin()}
	rd.stats.Format, rd.stats.Column = src.format(), src.column()
	rd.reading = Reading{Format: rd.stats.Format, IDs: rd.head.ids, First: []string{}}
	rd.reading.HeaderLine, rd.reading.Column = src.place()
	if s, ok := src.(*sheet); ok {
		rd.stats.Sheet, rd.reading.Sheet = s.title, s.title
	}
	if rd.head.ids == OwnIDs {
		return nil, errors.Join(ownNumbers(opts.Name, rd.reading.HeaderLine, rd.stats.Column), rd.Close())
	}
	rd.warnings = rd.head.warnings
	return rd, nil
}

func open(ctx context.Context, r io.Reader, opts Options) (source, *text, error) {
	text, err := newText(r, opts.Name, opts.MaxText)
	if a := (*archive)(nil); errors.As(err, &a) {
		src, err := newSheet(ctx, a.in, opts)
		return src, nil, err
	}
	if err != nil {
		return nil, nil, err
	}
	if opts.Sheet != "" {
		return nil, nil, listError(opts.Name, 0, "list.sheet_of_text", "sheet", opts.Sheet)
	}
	text.keep = opts.Keep
	src, err := newSource(text, opts)
	return src, text, err
}

// Close gives back what a spreadsheet was spooled to. IDs and Lines do so at their end; it can be called again.
func (rd *Reader) Close() error {
	if s, ok := rd.src.(*sheet); ok {
		return s.close()
	}
	return nil
}

// Stats tells what was read so far.
func (rd *Reader) Stats() Stats {
	s := rd.stats
	s.Above, s.Blank = rd.src.passed()
	return s
}

// IDs gives the list's IDs in order, each once. An error is the last thing it gives: a *job.Error of job.CodeBadList,
// for bad rows with a *BadRows in its chain, told once the list's end has been reached; a *job.Error that the list was
// read with comes as it is.
func (rd *Reader) IDs() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		defer rd.Close() // it was only read
		for {
			id, err := rd.next()
			if errors.Is(err, io.EOF) {
				err = rd.end()
				if err == nil {
					return
				}
			}
			if !yield(id, err) || err != nil {
				return
			}
		}
	}
}

// next gives the next new ID. Once a row is refused, it gives no more IDs: it only counts what else is wrong.
func (rd *Reader) next() (string, error) {
	for {
		if err := rd.ended(); err != nil {
			return "", err
		}
		r, err := rd.src.next()
		if err != nil {
			return "", err
		}
		rd.stats.Rows++
		if r.hidden {
			rd.stats.Hidden++
		}
		id, why := r.id, r.fault
		if why.IsZero() {
			id, why = ID(r.id)
		}
		if !why.IsZero() {
			r.id = plain(r.id)
			if err := rd.refuse(r, why); err != nil {
				return "", err
			}
			continue
		}
		if !rd.seen.Add(id) {
			rd.stats.Repeats++
			rd.repeats.add(id)
			continue
		}
		if rd.good++; rd.opts.MaxIDs > 0 && rd.good > rd.opts.MaxIDs {
			return "", listError(rd.opts.Name, r.line, "list.too_many_ids", "n", rd.opts.MaxIDs)
		}
		if rd.bad.Count > 0 {
			continue
		}
		rd.stats.IDs++
		rd.own = r.own
		rd.read(id)
		return id, nil
	}
}

func (rd *Reader) refuse(r row, why i18n.Message) error {
	if rd.opts.SetAside == nil {
		bad := BadRow{Line: r.line, Column: rd.stats.Column, Value: Shown(r.id), Why: why}
		if rd.text == nil {
			bad.Cell = xlsx.Name(rd.head.at+1, r.line)
		}
		rd.bad.Add(bad)
		return nil
	}
	rd.stats.SetAside++
	return rd.opts.SetAside(Rejected{Line: r.line, Why: why, Cells: r.cells()})
}

// end judges a list that was read to its end.
func (rd *Reader) end() error {
	switch {
	case rd.bad.Count > 0:
		return rd.bad.err()
	case rd.stats.IDs == 0 && rd.stats.SetAside > 0:
		return listError(rd.opts.Name, 0, "list.all_aside", "n", rd.stats.SetAside)
	case rd.stats.IDs == 0:
		return listError(rd.opts.Name, 0, "list.empty")
	}
	if c := rd.head.count; c != "" && c != fmt.Sprint(rd.stats.Rows) && c != fmt.Sprint(rd.stats.IDs) {
		return listError(rd.opts.Name, rd.head.countRow, "list.count_above", "text", c, "header", rd.reading.HeaderLine)
	}
	if said := rd.repeats.warning(); !said.IsZero() {
		rd.warnings = append(rd.warnings, said)
	}
	return nil
}

// ownNumbers refuses a list of the merchant's own numbers.
func ownNumbers(file string, line int, column string) error {
	return listError(file, line, "list.own_numbers", "column", column)
}

func listError(file string, line int, message string, args ...any) *job.Error {
	e := job.Fail(job.CodeBadList, message, args...)
	e.File, e.Line = file, line
	return e
}

// checkName refuses what is no list by its name alone: the files that office programs keep beside one that is open.
func checkName(name string) error {
	base := name[strings.LastIndexAny(name, `/\\`)+1:]
	for _, lock := range [][2]string{{"~$", ""}, {".~lock.", "#"}} {
		if rest, ok := strings.CutPrefix(base, lock[0]); ok {
			return listError(name, 0, "list.lock_file", "name", strings.TrimSuffix(rest, lock[1]))
		}
	}
	return nil
}
