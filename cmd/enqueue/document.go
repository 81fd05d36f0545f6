package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// printer is standard output. The first error sticks and is told at the end.
type printer struct {
	w     io.Writer
	shown bool // to a person, on a terminal
	err   error
}

func (p *printer) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.w.Write(b)
	p.err = err
	return n, err
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// json prints one document on a line of its own.
func (p *printer) json(v any) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil && p.err == nil {
		p.err = err
		return
	}
	text := b.String()
	if p.shown {
		text = terminal.JSON(text)
	}
	_, _ = io.WriteString(p, text) // its error sticks
}

// receiptDocument is what submitting a job prints with --json.
type receiptDocument struct {
	Job      string `json:"job"`
	Total    int64  `json:"total"`
	Chunks   int64  `json:"chunks"`
	Repeats  int64  `json:"repeats"`
	SetAside int64  `json:"set_aside"`

	List *job.Reading `json:"list,omitempty"` // how it was read
}

// dryRunDocument is what a dry run prints with --json: the receipt of a job that is not made, and what it would cost.
type dryRunDocument struct {
	Job      *string  `json:"job"` // null: there is none
	DryRun   bool     `json:"dry_run"`
	Total    int64    `json:"total"`
	Chunks   int64    `json:"chunks"`
	Calls    int64    `json:"calls"` // at least: one a chunk, and none for stores that are sent again
	Repeats  int64    `json:"repeats"`
	SetAside int64    `json:"set_aside"`
	Rate     float64  `json:"rate"`    // calls a second; 0 for no pace
	Seconds  *float64 `json:"seconds"` // at that pace; null where there is none

	List job.Reading `json:"list"` // how it was read
}

// endDocument is what waiting for a job's end prints with --json: its status document, and the report that was written.
type endDocument struct {
	job.Status
	Report string `json:"report,omitempty"`
}

// failure is an error that came after something was done that its reader wants to know of.
type failure struct {
	err    error
	report string      // the report that was written all the same
	status *job.Status // where the job stood
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// errorBody is what any command prints with --json where it failed.
type errorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`

	MessageCode string    `json:"message_code,omitempty"` // of i18n's table
	MessageArgs i18n.Args `json:"message_args,omitempty"`

	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Job  string `json:"job,omitempty"`

	BadRows *storelist.BadRows `json:"bad_rows,omitempty"` // of a list: the first of them, and how many there are
	Report  string             `json:"report,omitempty"`   // the report that was written all the same
	Status  *job.Status        `json:"status,omitempty"`   // where the job was left
}

func errorDocument(err error) any {
	e := job.AsError(err)
	body := errorBody{Code: e.Code, Message: e.Message.String(), MessageCode: e.Message.Code, MessageArgs: e.Message.Args,
		File: e.File, Line: e.Line, Job: e.Job}
	if f := (*failure)(nil); errors.As(err, &f) {
		body.Report, body.Status = f.report, f.status
	}
	if errors.As(err, &body.BadRows) { // the sentence goes without them then
		first, _, _ := strings.Cut(body.Message, "\n")
		body.Message = strings.TrimSuffix(first, ":")
	}
	return struct {
		Error errorBody `json:"error"`
	}{body}
}
