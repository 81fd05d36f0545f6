// Package manifest reads what a brand is onboarded with: many targets, each with its list of stores. It has two forms.
//
// # YAML
//
// Targets by name, with files of stores beside them:
//
//	defaults: {account: acme, priority: default, list: lists/all.csv, column: 门店编号, label: "spring"}
//	targets:
//	  - {brand: "120344", coupon: "1002323", stock: "100232301", list: lists/north.csv, account: other, priority: high}
//	  - {brand: "120345", coupon: "1002324", bundle: "100232401", chunk_size: 100}
//
// How a list is read can be said beside its column: header is the line of its header, or none; ids is wechat or own.
//
// defaults may set any key of a target; a target that names its stock or bundle has neither of the defaults. Paths are
// relative to the manifest's folder. IDs need no quotes where they are digits alone. A list that many targets use is
// given once.
//
// # A flat table
//
// CSV or TSV with a row a store, as package storelist reads them (gzip, UTF-8 or GB18030, Chinese headers). The columns
// are product_coupon_id, stock_id or stock_bundle_id (or both, one of them filled in each row) and store_id; brand_id,
// account and priority where they are wanted. The rows of a target may stand anywhere in it. A table of any length is
// read in bounded memory (spill.go).
//
// A manifest is checked whole before anything is made of it: it must never give out targets of one that has a mistake in
// it, nor guess what one means. What hangs on an account (whether there is such a one, and job.Target.Validate for its
// mode) is left to the caller.
package manifest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// The bounds.
const (
	MaxTargets = 100_000 // of either form
	maxLabel   = 200     // characters, as on the command line
	maxYAML    = 8 << 20 // bytes of the YAML form: some 50,000 targets
	maxTold    = 10      // mistakes that are told at once; the rest is counted
)

// Options say how a manifest is to be read.
type Options struct {
	// Name is what errors call the manifest: its file's name. The ending tells the form; with another than .yaml, .yml,
	// .json, .csv, .tsv and .gz, the text does.
	Name string
	// Dir is the manifest's folder, which the paths in it are relative to.
	Dir string
	// Defaults stand in for what the manifest itself leaves open: the command's own flags.
	Defaults Defaults
	// SetAside takes the bad rows of a flat table, as they came, each behind its line and why; nil to refuse a table that
	// has any. A YAML manifest with a mistake in it is always refused.
	SetAside io.Writer
	Lang     i18n.Lang // that the reasons there are written in; English where empty
	// TempDir is where a large flat table is kept while the manifest is open, some ten bytes a row; empty for the system's.
	TempDir string

	spillAt int // of tests; spillAt where 0
}

// Defaults are what holds for targets that do not say otherwise. What is empty is left open.
type Defaults struct {
	Account  string
	Priority job.Priority
	Label    string
	Column   string // of the store IDs: in each list, or in the flat table itself
	Lists
	ChunkSize int
}

// Manifest is one that was read. It must be closed.
type Manifest struct {
	Targets []Target // in the manifest's order; a flat table's by the first row of each
	Lists   []List   // of the YAML form, by the first target that uses each; none of the flat one
	Stats   Stats

	spill *spill // of the flat form
}

// Target is what one job is to be made for.
type Target struct {
	Line      int    // of the manifest, where it stands (first)
	Account   string // empty where neither the manifest nor the defaults name one
	Target    job.Target
	Priority  job.Priority
	Label     string
	ChunkSize int // 0 where nothing was said

	List int // in Manifest.Lists; -1 where the manifest itself holds the stores, which Manifest.Rows gives

	Stores  int64 // of the flat form: the stores that Rows gives
	Repeats int64 // of the flat form: the rows beyond the first for one store
}

// List is a file of stores that targets use. The same file read in another way is another list.
type List struct {
	Path   string // as it can be opened
	Column string // as storelist.Options has it; empty where nothing was said
	Lists
	Line int // of the manifest, where it stands first
}

// Options are those that the list is read with, by a name.
func (l List) Options(name string) storelist.Options { return l.Lists.options(name, l.Column) }

// Lists say beside the column how lists are read, or the flat table itself, as storelist.Options have it. What is empty is
// left open.
type Lists struct {
	HeaderLine int
	NoHeader   bool
	IDs        string
}

func (l Lists) options(name, column string) storelist.Options {
	return storelist.Options{Name: name, Column: column, HeaderLine: l.HeaderLine, NoHeader: l.NoHeader, IDs: l.IDs}
}

// Stats tell what was read.
type Stats struct {
	Form     string         // "YAML", "CSV" or "TSV"
	Rows     int64          // of a flat table, with something in them, without the header
	Stores   int64          // of a flat table: those of all targets
	Repeats  int64          // of a flat table: rows that name a target's store again, which were dropped
	SetAside int64          // of a flat table
	Warnings []i18n.Message // of how a flat table is read
	Ignored  []string       // columns of a flat table that mean nothing here
}

// Read reads a manifest. A wrong one is a *job.Error of job.CodeBadList that tells the first ten mistakes, each with its
// line, and how many there are; where they are a flat table's rows, with a *storelist.BadRows in its chain. Where the
// temporary file cannot be written, the error is one of job.CodeIO.
func Read(ctx context.Context, in io.Reader, o Options) (*Manifest, error) {
	buffered := bufio.NewReaderSize(storelist.Sticky(ctx, in), 64<<10)
	if isYAML(buffered, o.Name) {
		return readYAML(buffered, o)
	}
	return readTable(ctx, buffered, o)
}

// Close gives back what the manifest holds. Nothing can be read of its rows after that.
func (m *Manifest) Close() error {
	if m.spill == nil {
		return nil
	}
	return m.spill.close()
}

// Rows gives the stores of a target of the flat form, by its place in Targets, in the table's order, each once. It may
// be called again, and for several targets at once. An error is the last thing it gives.
func (m *Manifest) Rows(target int) iter.Seq2[string, error] {
	if m.spill == nil {
		return func(yield func(string, error) bool) {
			yield("", errors.New("manifest: this one has lists, and no rows of its own"))
		}
	}
	return m.spill.stores(target)
}

// isYAML tells the forms apart.
func isYAML(in *bufio.Reader, name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	case ".csv", ".tsv", ".gz":
		return false
	}
	head, _ := in.Peek(in.Size()) // an error shows again at the next read
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if line[0] == '{' || bytes.Equal(line, []byte("---")) || bytes.HasPrefix(line, []byte("%YAML")) {
			return true
		}
		key, _, ok := bytes.Cut(line, []byte(":"))
		key = bytes.Trim(key, " \"'")
		return ok && (string(key) == "targets" || string(key) == "defaults")
	}
	return false
}

// fail makes an error about a line of the manifest; 0 is all of it.
func fail(name string, line int, message string, args ...any) *job.Error {
	e := job.Fail(job.CodeBadList, message, args...)
	e.File, e.Line = name, line
	return e
}

// targetKey tells targets apart as the ledger does, which has one job at work for a stock or a bundle of a coupon.
type targetKey struct{ coupon, stock, bundle string }

func keyOf(t job.Target) targetKey { return targetKey{t.ProductCouponID, t.StockID, t.StockBundleID} }
