package worker

import (
	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
	"github.com/storelink/storelink/internal/secret"
)

// Hooks is what completion hooks are told with.
type Hooks struct {
	Sender *notify.Sender
	Secret secret.Text // of the signature of those that are JSON
}

// NewHooks gives what completion hooks are told with, as they are configured; a hook that can be seen to be wrong is a
// job.CodeBadConfig. It connects to nothing.
func NewHooks(n config.Notify) (*Hooks, error) {
	policy, err := egress.New(egress.Rules{Hosts: n.Hosts, Private: n.Private})
	if err != nil {
		return nil, job.Errorf(job.CodeBadConfig, "notify: %w", err)
	}
	named := map[string]notify.Hook{}
	for _, h := range n.Hooks {
		named[h.Name] = notify.Hook{URL: h.URL.Reveal(), Format: notify.Format(h.Format)}
	}
	sender := notify.NewSender(policy, notify.Options{Named: named})
	for _, h := range n.Hooks {
		if err := sender.Check(h.URL.Reveal(), notify.Format(h.Format)); err != nil {
			return nil, job.Errorf(job.CodeBadConfig, "notify.hooks: hook %s: %w", h.Name, err)
		}
	}
	return &Hooks{Sender: sender, Secret: n.Secret}, nil
}
