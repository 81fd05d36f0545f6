package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

type format struct {
	format report.Format
	mime   string
}

// formats are those of reports that can be downloaded.
var formats = []format{
	{report.CSV, "text/csv"},
	{report.JSONLines, "application/jsonl"},
	{report.Workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
}

// errGone says that whoever asked has gone away.
var errGone = errors.New("nobody is there to take it")

// download streams a report. What breaks off breaks the connection off, so that no part of a report passes for a whole.
func (p *Dashboard) download(r *request, f format) error {
	s, err := p.status(r)
	if err != nil {
		return err
	}
	opts := report.Options{Status: s, Format: f.format, Lang: r.lang, Encoding: report.UTF8}
	if o := job.Outcome(r.URL.Query().Get("outcome")); slices.Contains(outcomes, o) {
		opts.Only = o
	}
	name, mime := s.Job, f.mime
	if opts.Only != "" {
		name += "-" + string(opts.Only)
	}
	if f.format == report.CSV {
		opts.Encoding = report.UTF8BOM // which Excel takes for what it is, in every language
		if e, err := report.ParseEncoding(r.URL.Query().Get("encoding")); err == nil && r.URL.Query().Has("encoding") {
			opts.Encoding = e
		}
		mime += "; charset=" + map[report.Encoding]string{report.GB18030: "gb18030"}[opts.Encoding]
		if opts.Encoding != report.GB18030 {
			mime += "utf-8"
		}
	}
	h := r.w.Header()
	h.Set("Content-Type", mime)
	h.Set("Content-Disposition", `attachment; filename="`+name+"."+string(f.format)+`"`)
	if r.Method == http.MethodHead {
		return nil
	}
	all := []turns{p.downloads}
	if f.format == report.Workbook {
		all = append(all, p.workbooks)
	}
	for _, t := range all {
		done := t.take(r.Context())
		if done == nil {
			h.Del("Content-Disposition")
			h.Set("Retry-After", "30")
			return r.refuse(http.StatusServiceUnavailable, "downloads-busy")
		}
		defer done()
	}
	out := &piecewise{w: r.w, rc: http.NewResponseController(r.w)}
	if err := p.write(r, opts, out); err != nil {
		if !out.begun {
			h.Del("Content-Disposition")
			return err
		}
		p.cfg.Logger.Warn("a report broke off", "job", s.Job, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (p *Dashboard) write(r *request, opts report.Options, out *piecewise) error {
	w, err := report.NewWriter(out, opts)
	if err != nil {
		return err
	}
	defer w.Close()
	for row, err := range p.cfg.Ledger.Rows(r.Context(), opts.Status.Job, opts.Only) {
		if err == nil {
			err = w.Write(row)
		}
		if err != nil {
			return err
		}
	}
	return w.Flush()
}

// piecewise gives whoever takes a download the same time for each piece of it.
type piecewise struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	begun bool
}

func (p *piecewise) Write(b []byte) (int, error) {
	p.begun = true
	_ = p.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	return p.w.Write(b)
}
