package ledger_test

import (
	"fmt"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/registry"
)

func TestOneRecordThatCannotBeReadHidesNoOther(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		var ids []string
		for i := range 5 {
			j := newJob(fmt.Sprintf("s%d", i))
			b.submitJob(j, 3)
			ids = append(ids, j.ID)
		}
		hash := func(id string) string { return "storelink:1:{" + id + "}:job" }
		b.must(b.rdb.HSet(b.ctx, hash(ids[0]), "meta", "{torn").Err())
		b.must(b.rdb.HSet(b.ctx, hash(ids[1]), "succeeded", "many").Err())
		b.must(b.rdb.Del(b.ctx, hash(ids[2])).Err())
		b.must(b.rdb.Set(b.ctx, hash(ids[2]), "no hash", 0).Err())
		list, err := b.ledger.JobList(b.ctx, ledger.Filter{}, 0)
		b.must(err)
		if len(list.Jobs) != 2 || list.Jobs[0].Job == list.Jobs[1].Job || len(list.Damaged) != 3 {
			b.Errorf("got %d jobs, damaged are %v of %v", len(list.Jobs), list.Damaged, ids)
		}
		for _, s := range list.Jobs {
			if s.Lane.State == "" {
				b.Errorf("job %s has no lane", s.Job)
			}
		}
		if atWork, err := b.ledger.AtWork(b.ctx, 10); err != nil || len(atWork) != 2 {
			b.Errorf("at work are %d jobs, %v", len(atWork), err)
		}
		for _, id := range ids[:3] {
			if _, err := b.ledger.Status(b.ctx, id); err == nil || job.AsError(err).Code == job.CodeUnknownJob {
				b.Errorf("the status of a damaged job is %v", err)
			}
		}
		b.must(b.ledger.Publish(b.ctx, "torn", []registry.Lane{{Account: "gone", State: job.LaneIdle}}, true))
		b.must(b.ledger.Publish(b.ctx, "whole", []registry.Lane{{Account: "other", State: job.LaneIdle}}, true))
		b.must(b.rdb.HSet(b.ctx, "storelink:1:accounts", "gone", "{torn").Err())
		b.must(b.rdb.Set(b.ctx, "storelink:1:worker:torn", "{torn", 0).Err())
		accounts, err := b.ledger.Accounts(b.ctx)
		if err != nil || len(accounts) != 1 {
			b.Errorf("accounts are %+v, %v", accounts, err)
		}
	})
}

func TestASearchOfJobsIsBoundedAndGoesOn(t *testing.T) {
	onBoth(t, ledger.Options{}, func(b *bundle) {
		var wanted string
		for i := range 250 {
			j := newJob(fmt.Sprintf("s%d", i))
			b.submitJob(j, 1)
			if i == 0 { // the oldest
				wanted = j.ID
			}
		}
		f, looked := ledger.Filter{Stock: "s0"}, 0
		for f.Before = ""; ; looked++ {
			list, err := b.ledger.JobList(b.ctx, f, 100)
			b.must(err)
			if len(list.Jobs) > 0 {
				if list.Jobs[0].Job != wanted || looked != 2 {
					b.Errorf("found %s after %d looks", list.Jobs[0].Job, looked)
				}
				return
			}
			if list.On == "" || looked > 3 {
				b.Fatalf("it is not found in %d looks", looked)
			}
			f.Before = list.On
		}
	})
}
