package ledger

import (
	"context"

	"github.com/storelink/storelink/internal/job"
)

// Discard deletes a job in staging whose enqueuer is gone, or must not commit it any more: from then on it cannot be
// committed. A job that is committed, or is not there, is left as it is.
func (l *Ledger) Discard(ctx context.Context, id string) error {
	j, err := l.Job(ctx, id)
	if err != nil {
		if job.AsError(err).Code == job.CodeUnknownJob {
			return nil
		}
		return err
	}
	return (&Staging{l: l, job: j, target: keyTarget(j.Target)}).discard(ctx)
}
