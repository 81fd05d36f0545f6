package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/worker"
)

// installations looks whether workers that are there serve an account of the configuration as another merchant or brand,
// or send its calls to another host: then a worker of this configuration would not serve it.
func (l *look) installations(ctx context.Context) {
	if l.rdb == nil || len(l.accounts) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	infos, err := ledger.Open(l.rdb, ledger.Options{}).Accounts(ctx)
	if err != nil {
		l.warn(CheckInstallation, "", CodeRedisRefuses, "it cannot be seen who else serves these accounts: "+job.AsError(err).Message.String())
		return
	}
	conflict := false
	for _, a := range l.accounts {
		at := slices.IndexFunc(infos, func(i job.AccountInfo) bool { return i.Name == a.Name })
		if at < 0 {
			continue
		}
		as := worker.InstallationOf(a)
		var keys []string
		for _, w := range infos[at].Workers {
			if w.State == job.LaneConflict {
				continue // it stands aside itself
			}
			if !w.ServedAs.Same(as) {
				conflict = true
				l.fail(CheckInstallation, a.Name, CodeOtherInstallation, "worker "+w.ID+" serves account "+a.Name+" as "+
					w.ServedAs.String()+", and this configuration says "+as.String()+": a worker with it would not serve the account; "+
					"give each installation a Redis of its own, or its accounts other names")
				break
			}
			if w.Serial != "" && !strings.EqualFold(w.Serial, a.SerialNo) && !slices.Contains(keys, w.Serial) {
				keys = append(keys, w.Serial)
			}
		}
		if len(keys) > 0 {
			l.ok(CheckInstallation, a.Name, "workers serve it with another key too (serial number "+strings.Join(keys, ", ")+
				"), which is well while a key is being changed")
		}
	}
	if !conflict {
		l.ok(CheckInstallation, "", "no worker on this Redis serves these accounts as another merchant or brand, or at another host")
	}
}
