package report

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

// BookOptions say what a workbook is about.
type BookOptions struct {
	Status    job.Status
	Lang      catalogue.Lang
	Only      job.Outcome // the only one that rows are given of; "" for all
	SheetRows int         // a sheet's rows, the header included; SheetRows unless set
}

// Book is a job's report as a workbook: a summary with the counts and the failures by code, with what each means and what
// to do; and the stores, on as many sheets as they need.
type Book struct {
	opts   BookOptions
	out    io.Writer
	words  words
	more   []string // columns that only some reports have
	stores sheets
	rows   int64
	cells  []Cell
}

// NewBook writes a workbook to out, which stays the caller's to close, once Flush is called. Close must follow in any
// case.
func NewBook(out io.Writer, opts BookOptions) (*Book, error) {
	b := &Book{opts: opts, out: out, words: wordsIn(opts.Lang), more: MoreColumns(opts.Status)}
	if b.opts.SheetRows == 0 {
		b.opts.SheetRows = SheetRows
	}
	file := excelize.NewFile()
	head, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err == nil {
		err = file.SetSheetName("Sheet1", b.words.summary)
	}
	b.stores = sheets{file: file, title: b.words.stores, rows: b.opts.SheetRows, head: head}
	for i, width := range []float64{20, 12, 26, 50, 40, 50, 40, 9, 26} {
		b.stores.columns = append(b.stores.columns, column{b.words.columns[i], width})
	}
	for _, name := range b.more {
		b.stores.columns = append(b.stores.columns, column{b.words.more(name), 20})
	}
	if err == nil {
		err = b.stores.next() // a report without rows still has its header
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Write adds a store.
func (b *Book) Write(r job.Row) error {
	b.rows++
	meaning, do := "", ""
	if e, ok := catalogue.Of(r); ok {
		meaning, do = e.Happened.In(b.opts.Lang), e.Do.In(b.opts.Lang)
	}
	b.cells = append(b.cells[:0], Cell{Text: r.StoreID}, Cell{Text: b.words.outcome(r.Outcome)}, Cell{Text: r.Code},
		Cell{Text: catalogue.Message(r.Message, b.opts.Lang)}, Cell{Text: meaning}, Cell{Text: do}, Cell{Text: r.RequestID},
		Cell{Number: float64(r.Attempts), Format: "0"}, Cell{Text: decidedAt(r)})
	for _, name := range b.more {
		b.cells = append(b.cells, Cell{Text: b.words.moreCell(name, r)})
	}
	return b.stores.add(0, b.cells)
}

// Rows is how many stores were written.
func (b *Book) Rows() int64 { return b.rows }

// Flush writes the workbook.
func (b *Book) Flush() error {
	if err := b.stores.end(); err != nil {
		return err
	}
	if err := b.summary(); err != nil {
		return err
	}
	return b.stores.write(b.out)
}

// Close gives the temporary files back. It can be called after Flush, and twice.
func (b *Book) Close() { b.stores.close() }

func decidedAt(r job.Row) string {
	if r.DecidedAt == nil {
		return ""
	}
	return r.DecidedAt.UTC().Format(reportTime)
}

// summary writes the first sheet.
func (b *Book) summary() error {
	file, w, s := b.stores.file, b.words, b.opts.Status
	bold, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	wrapped, err := file.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	sheet, err := file.NewStreamWriter(w.summary)
	if err != nil {
		return err
	}
	for i, width := range []float64{26, 34, 60, 60} {
		if err := sheet.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	row := 0
	put := func(cells ...any) {
		if row++; err == nil {
			err = sheet.SetRow("A"+strconv.Itoa(row), cells)
		}
	}
	title := func(s string) excelize.Cell { return excelize.Cell{StyleID: bold, Value: s} }
	fact := func(name, value string) {
		if value != "" {
			put(title(name), excelize.Cell{StyleID: wrapped, Value: value})
		}
	}
	number := func(name string, n int64) { put(title(name), n) }

	fact(w.job, s.Job)
	fact(w.state, w.stateOf(s.State))
	fact(w.reason, catalogue.Sentence(s.Reason, b.opts.Lang))
	if e, ok := catalogue.OfReason(s.Reason); ok {
		fact(w.meaning, e.Happened.In(b.opts.Lang))
		fact(w.do, e.Do.In(b.opts.Lang))
	}
	fact(w.operation, w.operationOf(s.Operation))
	fact(w.brand, s.BrandID)
	fact(w.coupon, s.ProductCouponID)
	fact(w.stock, s.StockID)
	fact(w.bundle, s.StockBundleID)
	fact(w.account, s.Account)
	fact(w.label, s.Label)
	fact(w.source, catalogue.Sentence(s.Source, b.opts.Lang))
	fact(w.submittedBy, s.SubmittedBy)
	fact(w.created, moment(&s.CreatedAt))
	fact(w.started, moment(s.StartedAt))
	fact(w.ended, moment(s.EndedAt))
	put()
	if s.Targets > 0 {
		number(catalogue.Term("targets", b.opts.Lang), s.Targets)
		for _, state := range slices.Sorted(maps.Keys(s.Jobs)) {
			if s.Jobs[state] > 0 {
				put(nil, w.stateOf(state), s.Jobs[state])
			}
		}
	}
	number(w.total, s.Total)
	number(w.outcome(job.Succeeded), s.Succeeded)
	number(w.outcome(job.Failed), s.Failed)
	if s.State.Ended() {
		number(w.outcome(job.Unprocessed), s.Unprocessed)
	} else {
		number(w.outcome(job.Pending), s.Pending)
	}
	number(w.calls, s.Calls)
	if s.Settled > 0 && (s.Resync == nil || s.Resync.Phase != job.PhaseVerified) {
		number(w.settled, s.Settled)
	}
	if r := s.Resync; r != nil && r.Phase != job.PhaseList {
		term := func(word string) string { return catalogue.Term(word, b.opts.Lang) }
		put()
		if r.Wanted > 0 { // else it does what another resync left undone
			number(term("in line"), r.InLine) // beside the total
			number(term("missing"), r.Missing)
			number(term("surplus"), r.Surplus)
		}
		if r.Phase == job.PhaseVerified {
			number(term("contradicted"), r.Contradicted)
			number(w.settled, r.Settled)
			if r.Unsteady {
				fact(w.unsteady, w.proves)
			}
		}
		if r.Strange > 0 {
			number(w.strange, r.Strange)
		}
		put(nil, title(w.total), title(w.outcome(job.Succeeded)), title(w.outcome(job.Failed)))
		put(title(w.operationOf(job.Associate)), r.Associate, r.AssociateSucceeded, r.AssociateFailed)
		put(title(w.operationOf(job.Disassociate)), r.Disassociate, r.DisassociateSucceeded, r.DisassociateFailed)
	}
	if len(s.Failures) > 0 {
		put()
		put(title(w.code), title(w.failed), title(w.meaning), title(w.do))
	}
	for _, code := range catalogue.ByCount(s.Failures) {
		meaning, do := w.unknown, ""
		if e, ok := catalogue.OfStore(code); ok {
			meaning, do = e.Happened.In(b.opts.Lang), e.Do.In(b.opts.Lang)
		}
		put(code, s.Failures[code], excelize.Cell{StyleID: wrapped, Value: meaning}, excelize.Cell{StyleID: wrapped, Value: do})
	}
	put()
	if b.opts.Only != "" {
		fact(w.only, w.outcome(b.opts.Only))
	}
	number(w.rows, b.rows)
	for _, name := range b.stores.names {
		put(nil, name)
	}
	if err != nil {
		return err
	}
	return sheet.Flush()
}

func moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05 -07:00")
}
