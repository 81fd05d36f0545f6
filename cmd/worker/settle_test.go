//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// A worker is killed while its calls are in flight, which WeChat Pay carries out; it refuses to associate a store twice. The
// next worker is told so of stores that are associated, and finds them in WeChat Pay's list.
func TestWhatAKilledWorkerSentIsSettledByTheList(t *testing.T) {
	t.Parallel()
	w := startSlow(t, 3*time.Second)
	if err := w.process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-w.exit
	if err := w.sandbox.SetFaults(sandbox.Faults{AlreadyCode: "STORE_ALREADY_ASSOCIATED"}); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.until("its end", func() bool { return w.status().State.Ended() })
	s := w.status()
	if s.State != job.Completed || s.Succeeded != 2000 || s.Settled < 30 || len(s.Failures) != 0 {
		t.Fatalf("%+v\n%s", s, &w.log)
	}
	settled := int64(0)
	for row, err := range w.ledger.Rows(t.Context(), w.job, "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(row.Message, "WeChat Pay's list after the writes shows that it was done") {
			settled++
		}
	}
	if settled != s.Settled {
		t.Errorf("the report says of %d stores that the list settled them, the status of %d", settled, s.Settled)
	}
	if calls := w.sandbox.Stats().Calls; s.Calls < calls {
		t.Errorf("WeChat Pay had %d calls, the status says %d", calls, s.Calls)
	}
}
