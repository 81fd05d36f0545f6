package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// checkDefaultReport checks, before anything is sent, that the report of a job that runs here can be written where it goes
// unless --report says otherwise: this folder. What became of the stores would be gone with the process.
func (p place) checkDefaultReport(report string) error {
	if !p.here || report != "" {
		return nil
	}
	if err := checkWritable("report.csv"); err != nil {
		e := *job.AsError(err)
		e.Message = i18n.Plain("the report of a job that runs here goes into this folder, and " + e.Message.String() + ": name another place by --report FILE")
		return &e
	}
	return nil
}

// report writes a job's report, and says where it is. That of a job that runs here is written elsewhere where its own place does
// not take it any more, since there is no other chance; the error then says where, for whoever counts on the name finds nothing.
func (a *app) report(ctx context.Context, s *site, id, encoding, name string) (string, error) {
	wish := a.wish("", encoding)
	_, err := writeReport(ctx, s.ledger, id, wish, name)
	if err == nil || !s.isHere() || job.AsError(err).Code != job.CodeIO {
		return name, err
	}
	for _, folder := range otherFolders() {
		elsewhere := filepath.Join(folder, id+filepath.Ext(name))
		if _, failed := writeReport(ctx, s.ledger, id, wish, elsewhere); failed == nil {
			e := *job.AsError(err)
			e.Message = i18n.Plain(e.Message.String() + "; the report is " + elsewhere + " instead")
			return elsewhere, &e
		}
	}
	return name, err
}

// otherFolders are where a report may go that its own place does not take.
func otherFolders() (all []string) {
	for _, folder := range []func() (string, error){os.Getwd, os.UserHomeDir} {
		if dir, err := folder(); err == nil {
			all = append(all, dir)
		}
	}
	return append(all, os.TempDir())
}
