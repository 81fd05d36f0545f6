package schedule

import (
	"bufio"
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/source"
	"github.com/storelink/storelink/internal/storelist"
)

// pemBegins is how a key's file begins. One that was named by mistake would be shown in the run, for its bad IDs.
const pemBegins = "-----BEGIN "

// idsOf gives the store IDs of a list, and how many of its rows are repeats once they are read. What is wrong with it
// names where it came from.
func idsOf(ctx context.Context, list *source.Source, column, sheet string) (ids iter.Seq2[string, error], counts func() (repeats, setAside int64)) {
	var stats storelist.Stats
	ids = func(yield func(string, error) bool) {
		in := bufio.NewReader(list)
		if head, _ := in.Peek(len(pemBegins)); string(head) == pemBegins { // an error shows again at the next read
			yield("", placed(job.Errorf(job.CodeBadList, "this is a PEM file, a key or a certificate, and no store list"), list))
			return
		}
		reader, err := storelist.NewReader(ctx, in, storelist.Options{Name: list.Name, Column: column, Sheet: sheet,
			MaxText: source.MaxText, MaxIDs: source.MaxIDs})
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
		stats = reader.Stats()
	}
	return ids, func() (int64, int64) { return stats.Repeats, stats.SetAside }
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
