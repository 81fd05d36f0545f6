package chaos

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// check compares what the reports say with the lists, with the figures and with what WeChat Pay's stand-in knows.
func (r *run) check() error {
	c, err := r.counted()
	if err != nil {
		return err
	}
	if c.Violations.TooManyStores+c.Violations.Repeats != 0 {
		return broken("calls that WeChat Pay would refuse: %+v", c.Violations)
	}
	for _, j := range r.jobs {
		if j.id == "" {
			continue
		}
		if err := r.checkJob(j); err != nil {
			return fmt.Errorf("job %s, %s: %w", j.id, j.stock, err)
		}
	}
	return nil
}

func (r *run) checkJob(j *submitted) error {
	truth, err := r.truth(j.stock)
	if err != nil {
		return err
	}
	var s job.Status
	if err := r.enqueue(&s, "status", j.id, "--redis", r.redis.direct, "--json"); err != nil {
		return err
	}
	path := filepath.Join(r.Dir, j.id+".jsonl")
	if err := r.enqueue(nil, "results", j.id, "--redis", r.redis.direct, "--output", path); err != nil {
		return err
	}
	report, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rows := map[string]job.Row{}
	counts := map[job.Outcome]int64{}
	at := 0
	for line := range bytes.Lines(report) {
		var row job.Row
		if err := json.Unmarshal(line, &row); err != nil {
			return err
		}
		if at >= len(j.ids) || row.StoreID != j.ids[at] {
			return broken("row %d of the report is store %s", at+1, row.StoreID)
		}
		at++
		rows[row.StoreID] = row
		counts[row.Outcome]++
		if err := r.checkRow(j, row, truth[row.StoreID]); err != nil {
			return err
		}
	}
	switch {
	case at != len(j.ids):
		return broken("%d stores were accepted, %d are in the report", len(j.ids), at)
	case s.Total != int64(len(j.ids)) || s.Succeeded != counts[job.Succeeded] || s.Failed != counts[job.Failed] ||
		s.Unprocessed != counts[job.Unprocessed] || s.Pending != 0:
		return broken("the figures %+v are not those of the report, %v", s, counts)
	case !j.cancelled && s.State != job.Completed:
		return broken("it is %s: %s", s.State, s.Reason)
	}
	for id := range truth {
		if _, ok := rows[id]; !ok {
			return broken("store %s is associated, and nobody asked for it", id)
		}
	}
	r.logf("job %s: %v, %d calls, %d retries, %d late", j.id, counts, s.Calls, s.Retries, s.Late)
	return nil
}

// unanswered is what a report says of a store for which a call may have been carried out.
const unanswered = "unanswered"

func (r *run) checkRow(j *submitted, row job.Row, associated bool) error {
	switch row.Outcome {
	case job.Succeeded:
		if !associated {
			return broken("store %s reads succeeded and is not associated", row.StoreID)
		}
		if row.RequestID == "" || row.DecidedAt == nil {
			return broken("store %s succeeded without an answer: %+v", row.StoreID, row)
		}
	case job.Failed, job.Unprocessed:
		// An answer that came while its worker died, or that Redis forgot, is nobody's to tell of: then only a store that
		// is sent again can be known to be associated, and a cancelled job sends nothing again.
		if associated && !strings.Contains(row.Message, unanswered) && !(r.crashed && (j.cancelled || row.Outcome == job.Failed)) {
			return broken("store %s is associated and reads %s: %+v", row.StoreID, row.Outcome, row)
		}
	default:
		return broken("store %s reads %s in a job that has ended", row.StoreID, row.Outcome)
	}
	return nil
}

// truth are the stores that are associated.
func (r *run) truth(stock string) (map[string]bool, error) {
	out := map[string]bool{}
	q := url.Values{"product_coupon_id": {"1001"}, "stock_id": {stock}, "brand_id": {"120344"}}
	err := r.get("/sandbox/truth?"+q.Encode(), func(b io.Reader) error {
		lines := bufio.NewScanner(b)
		for lines.Scan() {
			out[lines.Text()] = true
		}
		return lines.Err()
	})
	return out, err
}
