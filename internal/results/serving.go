package results

import (
	"context"
	"fmt"

	"github.com/storelink/storelink/internal/job"
)

// Serving is an account as a worker would serve it.
type Serving struct {
	Account string
	As      job.Installation
}

// serveAtOnce bounds how many accounts one script looks at: it takes about a microsecond each.
const serveAtOnce = 2000

// Serve lets a worker serve accounts for WorkerLife, or renews that. It gives the installation that other workers, which
// are there, serve an account as, for each account that this one must not serve: whoever came first goes on. Accounts of a
// cluster, or of many workers, are decided on one after another, each by itself.
func (l *Ledger) Serve(ctx context.Context, worker string, accounts []Serving) (others map[string]job.Installation, err error) {
	others = map[string]job.Installation{}
	for len(accounts) > 0 {
		n := min(len(accounts), serveAtOnce)
		if err := l.serve(ctx, worker, millis(WorkerLife), accounts[:n], others); err != nil {
			return nil, redisError("claim the accounts", err)
		}
		accounts = accounts[n:]
	}
	return others, nil
}

// LetGo ends what Serve gave, so that another installation need not wait for it to expire.
func (l *Ledger) LetGo(ctx context.Context, worker string, accounts []Serving) error {
	for len(accounts) > 0 {
		n := min(len(accounts), serveAtOnce)
		if err := l.serve(ctx, worker, "0", accounts[:n], nil); err != nil {
			return redisError("let go of the accounts", err)
		}
		accounts = accounts[n:]
	}
	return nil
}

func (l *Ledger) serve(ctx context.Context, worker, life string, accounts []Serving, others map[string]job.Installation) error {
	args := append(make([]any, 0, 2+2*len(accounts)), worker, life)
	for _, a := range accounts {
		text, err := a.As.MarshalText()
		if err != nil {
			return err
		}
		args = append(args, a.Account, text)
	}
	said, err := l.scripts.serve.Run(ctx, l.rdb, []string{keyServing}, args...).StringSlice()
	if err != nil {
		return err
	}
	if len(said)%2 != 0 {
		return fmt.Errorf("the script returned %d fields", len(said))
	}
	for i := 0; i < len(said); i += 2 {
		var as job.Installation
		if err := as.UnmarshalText([]byte(said[i+1])); err != nil {
			return err
		}
		others[said[i]] = as
	}
	return nil
}

// SentTo notes that a job is served as an installation, where nobody has served it yet, and gives the installation that
// has served it first: whoever is another must not go on with it. Of a job that is not there it gives the one that was asked for.
func (l *Ledger) SentTo(ctx context.Context, id string, as job.Installation) (job.Installation, error) {
	text, err := as.MarshalText()
	if err != nil {
		return job.Installation{}, err
	}
	said, err := l.run(ctx, l.scripts.sentTo, id, text).Text()
	if err != nil {
		return job.Installation{}, redisError("note where job "+id+" is sent to", err)
	}
	first := as
	if said != "" {
		err = first.UnmarshalText([]byte(said))
	}
	return first, err
}
