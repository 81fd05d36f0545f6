package main

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// readFlags say how a list is to be read, where it does not say so itself.
type readFlags struct {
	column, ids string
	header      int
	noHeader    bool
}

// register adds the flags; of is what their usage begins with.
func (f *readFlags) register(flags *pflag.FlagSet, of string) {
	flags.StringVar(&f.column, "column", "", of+"the column of the store IDs: its `NAME|NUMBER`")
	flags.StringVar(&f.ids, "ids", "", of+"these are WeChat Pay's IDs, or own numbers: `wechat|own` (default: as the header says)")
	flags.IntVar(&f.header, "header", 0, of+"the header is in this `LINE` (default: it is looked for)")
	flags.BoolVar(&f.noHeader, "no-header", false, of+"there is no header: the first row is a store's")
}

// check checks what can be told from the flags alone.
func (f *readFlags) check() error {
	_, known := storelist.ParseIDs(f.ids)
	switch {
	case !known:
		return job.Errorf(job.CodeUsage, "--ids %q: it is wechat or own", f.ids)
	case f.header < 0:
		return job.Errorf(job.CodeUsage, "--header %d: it is the number of a line, from 1", f.header)
	case f.header > 0 && f.noHeader:
		return job.Errorf(job.CodeUsage, "--header and --no-header exclude each other")
	case f.noHeader && strings.Trim(f.column, "0123456789 ") != "":
		return job.Errorf(job.CodeUsage, "--column %q: without a header (--no-header) a column has no name: choose it by its number", f.column)
	}
	return nil
}

// any says that one of them was given.
func (f *readFlags) any() bool { return *f != readFlags{} }

// options are the flags as the reader takes them.
func (f *readFlags) options() storelist.Options {
	return storelist.Options{Column: f.column, IDs: f.ids, HeaderLine: f.header, NoHeader: f.noHeader}
}
