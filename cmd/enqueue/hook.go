package main

import (
	"net/url"

	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
)

// hookFlags say whom to tell when a job or a batch has ended.
type hookFlags struct{ notify, format string }

func (f *hookFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.notify, "notify", "", "when it has ended, post that to this https `URL`, which the worker's notify.hosts allow")
	flags.StringVar(&f.format, "notify-format", "", "json, signed with the worker's notify.secret (default), or wecom, a WeCom"+
		" (企业微信) robot's message")
}

// hook gives the hook that is asked for; nil for none. Whether its host is on the list only a configuration that has one
// can tell; the worker's decides.
func (f *hookFlags) hook(p place) (*job.Hook, error) {
	if f.notify == "" {
		if f.format != "" {
			return nil, job.Errorf(job.CodeUsage, "--notify-format needs --notify, which says whom to tell")
		}
		return nil, nil
	}
	format, err := notify.ParseFormat(f.format)
	if err != nil {
		return nil, err
	}
	rules := egress.Rules{Hosts: p.config.Notify.Hosts, Private: p.config.Notify.Private}
	switch {
	case p.sandbox && !p.dry:
		return nil, job.Errorf(job.CodeUsage, "--notify needs a configuration, which says where may be told what, and --sandbox uses"+
			" none")
	case p.here && !p.dry && len(rules.Hosts) == 0:
		return nil, job.Errorf(job.CodeUsage, "--notify: the configuration lists no notify.hosts, so that nobody can be told from here")
	case p.here && !p.dry && format == notify.JSON && p.config.Notify.Secret.Empty():
		return nil, job.Errorf(job.CodeUsage, "--notify: the configuration has no notify.secret to sign the document with")
	case len(rules.Hosts) == 0:
		if u, err := url.Parse(f.notify); err == nil && u.Host != "" {
			rules.Hosts = []string{u.Host}
		}
		rules.Private = []string{"0.0.0.0/0", "::/0"}
	}
	policy, err := egress.New(rules)
	if err != nil {
		return nil, err
	}
	if err := notify.NewSender(policy, notify.Options{}).Check(f.notify, format); err != nil {
		return nil, err
	}
	return &job.Hook{URL: f.notify, Format: string(format)}, nil
}
