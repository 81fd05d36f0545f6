package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chunker"
	"github.com/storelink/storelink/internal/input/storeset"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// The phases of a resync, as the scripts know them.
const (
	phaseList   = string(job.PhaseList)
	phaseVerify = string(job.PhaseVerify)
	phaseWrite  = string(job.PhaseWrite)
)

// planLife is how long a plan that was all that was asked for is kept.
const planLife = time.Hour

// Listing is a run that lists what is associated with a target: before a resync's writes to make its plan, and after a
// job's writes to verify, where that was asked for, or to settle what failed after a call for it went unanswered. It is
// used by one goroutine.
type Listing struct {
	r     *Run
	phase string
	token string // of the page that is listed next; "" for the first
	pages int    // recorded so far, by this run and those before it
	begun int    // how often the list was begun again
}

func (l *Ledger) beginListing(ctx context.Context, rem job.Reminder, token string, rest []string) (*Run, error) {
	doing := "begin listing for job " + rem.Job
	if len(rest) != 4 {
		return nil, fmt.Errorf("%s: %q", doing, rest)
	}
	k, err := l.know(ctx, rem.Job)
	if err != nil {
		return nil, err
	}
	r := &Run{l: l, k: k, reminder: rem, token: token}
	r.listing = &Listing{r: r, phase: rest[0], token: rest[1], pages: atoi(rest[2]), begun: atoi(rest[3])}
	return r, nil
}

// Next is the token of the page that is listed next, "" for the first, and whether there is one.
func (l *Listing) Next() (token string, more bool) { return l.token, l.token != "" || l.pages == 0 }

// Pages is how many pages were recorded, by this run and those before it.
func (l *Listing) Pages() int { return l.pages }

// Begun is how often the list was begun again with its first page.
func (l *Listing) Begun() int { return l.begun }

// PageTold is what came of asking for a page.
type PageTold struct {
	StoreIDs        []string // of the page
	Next            string   // the token of the page after it; "" where it was the last
	Total           int      // how many stores the list has, as the page tells it; 0 where it does not
	Sent, Throttled int

	Failed  bool // nothing came
	Counted bool // that counts
}

// Page records a page, or that there was none, and gives the job's state and how many failures counted since the last
// page. IDs that no store can have are counted, and left out.
func (l *Listing) Page(ctx context.Context, told PageTold) (job.State, int, error) {
	doing := fmt.Sprintf("record page %d of what is associated, for job %s", l.pages, l.r.reminder.Job)
	what, blob, counted := "nothing", []byte(nil), ""
	good := make([]string, 0, len(told.StoreIDs))
	if told.Counted {
		counted = "1"
	}
	if !told.Failed {
		what = "page"
		for _, id := range told.StoreIDs {
			if job.ValidID(id) {
				good = append(good, id)
			}
		}
		if len(good) > job.MaxStoresPerCall {
			return "", 0, fmt.Errorf("%s: it has %d stores", doing, len(good))
		}
		if len(good) > 0 {
			blob = chunker.Encode(nil, good)
		}
	}
	word, rest, err := reply(l.run(ctx, l.r.l.scripts.page, millis(l.r.l.opts.Lease), what, l.pages, blob,
		len(told.StoreIDs), told.Next, told.Sent, told.Throttled, counted, len(told.StoreIDs)-len(good), told.Total))
	switch {
	case err != nil:
		return "", 0, redisconn.CommandError(doing, err)
	case word != "ok" || len(rest) != 2:
		return "", 0, ErrLost
	}
	if !told.Failed {
		l.token = told.Next
		l.pages++
	}
	return job.State(rest[0]), atoi(rest[1]), nil
}

func (l *Listing) run(ctx context.Context, s *redis.Script, args ...any) *redis.Cmd {
	return l.r.l.run(ctx, s, l.r.reminder.Job, append([]any{leaseToken(l.r.token, 0)}, args...)...)
}

// settles reports whether the list is asked for stores alone that failed after a call for them went unanswered: nobody
// wanted the job verified.
func (l *Listing) settles() bool {
	return l.phase == phaseVerify && (l.r.k.job.Resync == nil || !l.r.k.job.Resync.Verify)
}

// Leave gives the listing back, to be taken up after delay where it was; from its first page if anew says so. A reason
// to abort ends the job; of a list that only settles, it ends the listing.
func (l *Listing) Leave(ctx context.Context, delay time.Duration, abort string, anew bool) (Progress, error) {
	if abort != "" && l.settles() {
		return l.verified(ctx, verdict{}, false, abort, nil) // nobody asked for the list: the outcomes stand as they are
	}
	flag := ""
	if anew {
		flag = "1"
	}
	return l.end(reply(l.run(ctx, l.r.l.scripts.leave, millis(delay), abort, flag)))
}

// end reads how a listing's last script went.
func (l *Listing) end(word string, rest []string, err error) (Progress, error) {
	doing := "list what is associated, for job " + l.r.reminder.Job
	switch {
	case err != nil:
		return Progress{}, redisconn.CommandError(doing, err)
	case word == "lost":
		return Progress{}, ErrLost
	case word != "ok" || len(rest) == 0:
		return Progress{}, fmt.Errorf("%s: %s %q", doing, word, rest)
	}
	rems, err := reminders(l.r.reminder.Job, rest[1:])
	if err != nil {
		return Progress{}, fmt.Errorf("%s: %w", doing, err)
	}
	l.r.l.forget(l.r.reminder.Job)
	return Progress{State: job.State(rest[0]), Over: true, Reminders: rems}, nil
}

// Finish does what the listing was for, once its last page was recorded: makes the plan, or verifies. A list that did not
// hold still is listed once more first.
func (l *Listing) Finish(ctx context.Context) (Progress, error) {
	have, steady, err := l.have(ctx)
	switch {
	case err != nil:
		return Progress{}, fmt.Errorf("list what is associated, for job %s: %w", l.r.reminder.Job, err)
	case !steady && l.begun == 0:
		return l.Leave(ctx, 0, "", true)
	case l.phase == phaseVerify:
		return l.verify(ctx, have, steady)
	}
	return l.plan(ctx, have)
}

// have is the set of what was listed, and whether that is all of it: as many stores as all pages said. Where stores come
// and go meanwhile, a page may begin behind one that was not listed yet.
func (l *Listing) have(ctx context.Context) (have *storeset.Set, steady bool, err error) {
	have = &storeset.Set{}
	distinct := 0
	err = l.listed(ctx, func(id string) error {
		if have.Add(id) { // pages may overlap
			distinct++
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	fields, err := l.r.l.rdb.HMGet(ctx, keysOf(l.r.reminder.Job)[kJob], "list_total", "list_uneven", "strange").Result()
	if err != nil {
		return nil, false, redisconn.CommandError("read job "+l.r.reminder.Job, err)
	}
	number := func(i int) int { s, _ := fields[i].(string); return atoi(s) }
	total := number(0)
	return have, number(1) == 0 && (total == 0 || total == distinct+number(2)), nil
}

// blobs reads n chunks of IDs of a hash whose fields are numbered, some at a time, and hands each on.
func (l *Ledger) blobs(ctx context.Context, key string, n int, each func(number int, ids []string) error) error {
	const batch = 200
	for first := 0; first < n; first += batch {
		var fields []string
		for i := first; i < min(first+batch, n); i++ {
			fields = append(fields, strconv.Itoa(i))
		}
		values, err := l.rdb.HMGet(ctx, key, fields...).Result()
		if err != nil {
			return redisconn.CommandError("read "+key, err)
		}
		for i, v := range values {
			blob, ok := v.(string)
			if !ok {
				return fmt.Errorf("%s: field %d is missing", key, first+i)
			}
			var ids []string
			if blob != "" {
				if ids, err = chunker.Decode([]byte(blob)); err != nil {
					return fmt.Errorf("%s: field %d: %w", key, first+i, err)
				}
			}
			if err := each(first+i, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// listed hands on the IDs of all pages.
func (l *Listing) listed(ctx context.Context, each func(id string) error) error {
	return l.r.l.blobs(ctx, keysOf(l.r.reminder.Job)[kList], l.pages, func(_ int, ids []string) error {
		for _, id := range ids {
			if err := each(id); err != nil {
				return err
			}
		}
		return nil
	})
}

// marks are the stores of some chunks that WeChat Pay lists and should not, or the other way round.
type marks struct {
	verified bool
	unsteady bool     // the list did not hold still: that it lacks a store proves nothing
	places   []string // by chunk
}

func (l *Ledger) marks(ctx context.Context, k *known, chunks []string) (marks, error) {
	if k.job.Resync == nil || !k.job.Resync.Verify {
		return marks{}, nil
	}
	keys := keysOf(k.job.ID)
	fields, err := l.rdb.HMGet(ctx, keys[kJob], "phase", "unsteady").Result()
	if err != nil {
		return marks{}, redisconn.CommandError("read job "+k.job.ID, err)
	}
	if fields[0] != string(job.PhaseVerified) {
		return marks{}, nil
	}
	values, err := l.rdb.HMGet(ctx, keys[kMark], chunks...).Result()
	if err != nil {
		return marks{}, redisconn.CommandError("read job "+k.job.ID, err)
	}
	m := marks{verified: true, unsteady: fields[1] == "1", places: make([]string, len(values))}
	for i, v := range values {
		m.places[i], _ = v.(string)
	}
	return m, nil
}

// of is what the list says of a store's outcome.
func (m marks) of(i, place int, op job.Operation, outcome job.Outcome) job.Verdict {
	if !m.verified || outcome != job.Succeeded && outcome != job.Failed {
		return ""
	}
	against := strings.IndexByte(m.places[i], byte(place)) >= 0
	listed := (op == job.Associate) == (outcome == job.Succeeded) != against
	switch {
	case m.unsteady && !listed:
		return ""
	case against:
		return job.Contradicted
	}
	return job.Confirmed
}
