package ledger

import (
	"context"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// SentTo notes that a job is served as an installation, where nobody has served it yet, and gives the installation that
// has served it first: whoever is another must not go on with it. Of a job that is not there it gives the one that was asked for.
func (l *Ledger) SentTo(ctx context.Context, id string, as job.Installation) (job.Installation, error) {
	text, err := as.MarshalText()
	if err != nil {
		return job.Installation{}, err
	}
	said, err := l.run(ctx, l.scripts.sentTo, id, text).Text()
	if err != nil {
		return job.Installation{}, redisconn.CommandError("note where job "+id+" is sent to", err)
	}
	first := as
	if said != "" {
		err = first.UnmarshalText([]byte(said))
	}
	return first, err
}
