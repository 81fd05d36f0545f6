package main

import (
	"strings"

	"github.com/storelink/storelink/internal/i18n"
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
func (f *readFlags) register(flags flagSet, of i18n.Message) {
	flags.addString(&f.column, "column", "", "help.flag_column", "of", of)
	flags.addString(&f.ids, "ids", "", "help.flag_ids", "of", of)
	flags.addInt(&f.header, "header", 0, "help.flag_header", "of", of)
	flags.addBool(&f.noHeader, "no-header", false, "help.flag_no_header", "of", of)
}

// check checks what can be told from the flags alone.
func (f *readFlags) check() error {
	_, known := storelist.ParseIDs(f.ids)
	switch {
	case !known:
		return job.Fail(job.CodeUsage, "flag.ids", "value", f.ids)
	case f.header < 0:
		return job.Fail(job.CodeUsage, "flag.header", "value", f.header)
	case f.header > 0 && f.noHeader:
		return job.Fail(job.CodeUsage, "flag.header_twice")
	case f.noHeader && strings.Trim(f.column, "0123456789 ") != "":
		return job.Fail(job.CodeUsage, "flag.column_number", "column", f.column)
	}
	return nil
}

// any says that one of them was given.
func (f *readFlags) any() bool { return *f != readFlags{} }

// options are the flags as the reader takes them.
func (f *readFlags) options() storelist.Options {
	return storelist.Options{Column: f.column, IDs: f.ids, HeaderLine: f.header, NoHeader: f.noHeader}
}
