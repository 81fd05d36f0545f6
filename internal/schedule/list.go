package schedule

import (
	"errors"
	"iter"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/source"
)

// idsOf gives the store IDs of a list, and once they are read how many of its rows are repeats and how it was read. What is wrong with it
// names where it came from. All of it has the time that the source gives, what is left to do once the last byte has come
// too: a workbook is read only then.
func idsOf(list *source.Source, d Definition, warn func(i18n.Message)) (ids iter.Seq2[string, error], counts func() (repeats, setAside int64),
	reading func() job.Reading) {
	var stats storelist.Stats
	var read job.Reading
	ids = func(yield func(string, error) bool) {
		reader, err := storelist.NewReader(list.Context(), list, storelist.Options{Name: list.Name, Column: d.Column, Sheet: d.Sheet,
			HeaderLine: d.Header, NoHeader: d.NoHeader, IDs: d.IDs, MaxText: source.MaxText, MaxIDs: source.MaxIDs})
		if err != nil {
			yield("", placed(err, list))
			return
		}
		for id, err := range reader.IDs() {
			if err != nil {
				yield("", placed(err, list))
				return
			}
			if !yield(id, nil) {
				return
			}
		}
		stats, read = reader.Stats(), reader.Reading()
		for _, said := range reader.Warnings() {
			warn(said)
		}
	}
	return ids, func() (int64, int64) { return stats.Repeats, stats.SetAside }, func() job.Reading { return read }
}

// placed is an error about a list with the place that the list came from, instead of its name alone.
func placed(err error, list *source.Source) error {
	e := *job.AsError(err)
	if e.File == "" || e.File == list.Name {
		e.File = list.Place
	}
	return &e
}

// badRows gives the rows for which a list was refused; nil where that was for something else.
func badRows(err error) *storelist.BadRows {
	if bad := (*storelist.BadRows)(nil); errors.As(err, &bad) && len(bad.First) > 0 {
		return bad
	}
	return nil
}

// oneLine makes one line of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
