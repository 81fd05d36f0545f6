package ledger_test

import (
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/ledger"
)

func TestHistoryKeepsTheLatestEvents(t *testing.T) {
	onBoth(t, ledger.Options{}, func(w *bundle) {
		j := w.submit(10).ID
		if all, err := w.ledger.History(w.ctx, j); err != nil || len(all) != 0 {
			w.Errorf("a new job has the history %v (%v)", all, err)
		}
		long := "以后再说\nby " + strings.Repeat("王", 100)
		for range 100 {
			w.must(w.ledger.Pause(w.ctx, j, long))
			_, err := w.ledger.Resume(w.ctx, j)
			w.must(err)
		}
		all, err := w.ledger.History(w.ctx, j)
		if err != nil || len(all) < 20 || len(all) > 120 {
			w.Fatalf("%d events are kept (%v)", len(all), err)
		}
		for i, e := range all {
			want, why := "running", ""
			if i%2 == len(all)%2 {
				want, why = "paused", "以后再说 by 王"
			}
			if e.Word != want || !strings.HasPrefix(e.Reason, why) || e.At.IsZero() || i > 0 && e.At.Before(all[i-1].At) {
				w.Fatalf("event %d of %d is %+v", i, len(all), e)
			}
		}
		if all, err := w.ledger.History(w.ctx, "20260101-000000-aaaaaaaa"); err != nil || len(all) != 0 {
			w.Errorf("a job that is not there has the history %v (%v)", all, err)
		}
	})
}
