package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/job"
)

// Format is how a report is written.
type Format string

// The formats of a report, as a file's name ends.
const (
	CSV       Format = "csv"   // a header and a row a store, lines ended by \n
	JSONLines Format = "jsonl" // an object a store and line, always with all of its fields
)

// Columns are a report's columns, and the fields of a JSON line.
var Columns = []string{"store_id", "outcome", "code", "message", "request_id", "attempts", "decided_at"}

// ResyncColumns come after those in a resync's report: what was to be done to the store, and what WeChat Pay's list says
// of the outcome where it was asked for again.
var ResyncColumns = []string{"operation", "verified"}

// BatchColumns come after those in a batch's report: the job, its account and its target.
var BatchColumns = []string{"job", "account", "brand_id", "product_coupon_id", "stock_id", "stock_bundle_id"}

// MoreColumns are those that come after Columns in the report on such a job or batch.
func MoreColumns(s job.Status) []string {
	switch {
	case s.Targets > 0:
		return BatchColumns
	case s.Operation == job.Resync:
		return ResyncColumns
	}
	return nil
}

// FormatOf tells a report's format by its file's name; the error is a *job.Error of job.CodeUsage.
func FormatOf(name string) (Format, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return CSV, nil
	case ".jsonl":
		return JSONLines, nil
	}
	return "", job.Fail(job.CodeUsage, "report.name", "name", name)
}

// reportTime is RFC 3339 to the millisecond, which is how exactly the ledger knows it.
const reportTime = "2006-01-02T15:04:05.000Z07:00"

// RowWriter writes a report, row after row, and keeps none of them.
type RowWriter struct {
	buf   *bufio.Writer
	csv   *csv.Writer // either this
	json  *json.Encoder
	cells []string
	more  []string // columns beside Columns
	rows  int64
}

// reportRow is a row as a JSON line: job.Row with nothing left out.
type reportRow struct {
	StoreID   string      `json:"store_id"`
	Outcome   job.Outcome `json:"outcome"`
	Code      string      `json:"code"`
	Message   string      `json:"message"`
	RequestID string      `json:"request_id"`
	Attempts  int         `json:"attempts"`
	DecidedAt *string     `json:"decided_at"` // null until it is

	Operation job.Operation `json:"operation,omitempty"`
	Verified  job.Verdict   `json:"verified,omitempty"`

	Job     string `json:"job,omitempty"`
	Account string `json:"account,omitempty"`
	*job.Target
}

// NewRowWriter writes to w, which stays the caller's to close; Flush must follow the last row. An error of w's comes
// back from the Write after it, or from Flush.
//
// In CSV, a code, message or Request-Id that a spreadsheet would take for a formula, because of how it begins
// (noFormula), gets an apostrophe before it: these texts come from outside. So does a store_id that begins with - and is no
// number (-A1, -1-2): the characters of IDs make no other formula. A list that is read takes that apostrophe off again
// (storelist), as no ID can have one; all other IDs stand as they are. JSON lines have every text as it came.
//
// more, if any, are MoreColumns.
func NewRowWriter(w io.Writer, format Format, more ...string) *RowWriter {
	r := &RowWriter{buf: bufio.NewWriterSize(w, 64<<10), more: more}
	if format == JSONLines {
		r.json = json.NewEncoder(r.buf)
		r.json.SetEscapeHTML(false)
		return r
	}
	r.csv = csv.NewWriter(r.buf)
	r.cells = append(slices.Clone(Columns), more...)
	_ = r.csv.Write(r.cells) // it is buffered: an error shows at the next write
	return r
}

// Write adds a row.
func (r *RowWriter) Write(row job.Row) error {
	r.rows++
	decided := ""
	if row.DecidedAt != nil {
		decided = row.DecidedAt.UTC().Format(reportTime)
	}
	if r.json != nil {
		out := reportRow{StoreID: row.StoreID, Outcome: row.Outcome, Code: row.Code, Message: row.Message,
			RequestID: row.RequestID, Attempts: row.Attempts, Operation: row.Operation, Verified: row.Verified, Job: row.Job,
			Account: row.Account, Target: row.Target}
		if decided != "" {
			out.DecidedAt = &decided
		}
		return r.json.Encode(out)
	}
	r.cells = append(r.cells[:0], idNoFormula(row.StoreID), string(row.Outcome), noFormula(row.Code), noFormula(row.Message),
		noFormula(row.RequestID), strconv.Itoa(row.Attempts), decided)
	for _, column := range r.more {
		r.cells = append(r.cells, idNoFormula(MoreCell(column, row)))
	}
	return r.csv.Write(r.cells)
}

// MoreCell is what stands for a store in one of MoreColumns.
func MoreCell(column string, row job.Row) string {
	switch column {
	case "operation":
		return string(row.Operation)
	case "verified":
		return string(row.Verified)
	case "job":
		return row.Job
	case "account":
		return row.Account
	}
	if row.Target == nil {
		return ""
	}
	switch column {
	case "brand_id":
		return row.Target.BrandID
	case "product_coupon_id":
		return row.Target.ProductCouponID
	case "stock_id":
		return row.Target.StockID
	case "stock_bundle_id":
		return row.Target.StockBundleID
	}
	return ""
}

// Rows is how many rows were written.
func (r *RowWriter) Rows() int64 { return r.rows }

// Flush writes out what is held back.
func (r *RowWriter) Flush() error {
	if r.csv != nil {
		r.csv.Flush()
		if err := r.csv.Error(); err != nil {
			return err
		}
	}
	return r.buf.Flush()
}

// idNoFormula keeps a spreadsheet from taking an ID for a formula.
func idNoFormula(id string) string {
	if strings.HasPrefix(id, "-") && (id == "-" || strings.Trim(id[1:], "0123456789") != "") {
		return "'" + id
	}
	return id
}

// formulaMarks are what makes a spreadsheet take a CSV field that begins with it for a formula (OWASP, CSV Injection); the
// full-width ones do so where Chinese or Japanese is written.
const formulaMarks = "=+-@\t\r\n＝＋－＠"

// noFormula keeps a spreadsheet from taking a text for a formula: one that begins like a formula gets an apostrophe before
// it.
func noFormula(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune(formulaMarks, first) {
		return "'" + s
	}
	return s
}
