package registry

import (
	"context"
	"fmt"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
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
func (r *Registry) Serve(ctx context.Context, worker string, accounts []Serving) (others map[string]job.Installation, err error) {
	others = map[string]job.Installation{}
	for len(accounts) > 0 {
		n := min(len(accounts), serveAtOnce)
		if err := r.serve(ctx, worker, WorkerLife.Milliseconds(), accounts[:n], others); err != nil {
			return nil, redisconn.CommandError("claim the accounts", err)
		}
		accounts = accounts[n:]
	}
	return others, nil
}

// LetGo ends what Serve gave, so that another installation need not wait for it to expire.
func (r *Registry) LetGo(ctx context.Context, worker string, accounts []Serving) error {
	for len(accounts) > 0 {
		n := min(len(accounts), serveAtOnce)
		if err := r.serve(ctx, worker, 0, accounts[:n], nil); err != nil {
			return redisconn.CommandError("let go of the accounts", err)
		}
		accounts = accounts[n:]
	}
	return nil
}

func (r *Registry) serve(ctx context.Context, worker string, life int64, accounts []Serving, others map[string]job.Installation) error {
	args := append(make([]any, 0, 2+2*len(accounts)), worker, life)
	for _, a := range accounts {
		text, err := a.As.MarshalText()
		if err != nil {
			return err
		}
		args = append(args, a.Account, text)
	}
	said, err := r.scripts.serve.Run(ctx, r.rdb, []string{keyServing}, args...).StringSlice()
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
