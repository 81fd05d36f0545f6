package main

import (
	"net/url"
	"strings"

	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
)

// hookFlags say whom to tell when a job or a batch has ended.
type hookFlags struct{ notify, format string }

func (f *hookFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.notify, "notify", "", "when it has ended, tell the hook of this `NAME|URL`: one of the worker's notify.hooks, or"+
		" an address at its notify.hosts")
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
	if !strings.Contains(f.notify, "/") {
		return f.named(p)
	}
	rules := egress.Rules{Hosts: p.config.Notify.Hosts, Private: p.config.Notify.Private}
	switch {
	case p.sandbox && !p.dry:
		return nil, job.Errorf(job.CodeUsage, notifySandbox)
	case p.here && !p.dry && len(rules.Hosts) == 0:
		return nil, job.Errorf(job.CodeUsage, "--notify: the configuration lists no notify.hosts, so that nobody can be told from here")
	case p.here && !p.dry && format == notify.JSON && p.config.Notify.Secret.Empty():
		return nil, job.Errorf(job.CodeUsage, notifySecret)
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

// named gives the hook of that name. Where no configuration here names any, the worker's is believed to.
func (f *hookFlags) named(p place) (*job.Hook, error) {
	var names []string
	var known *config.Hook
	for _, h := range p.config.Notify.Hooks {
		names = append(names, h.Name)
		if h.Name == f.notify {
			known = &h
		}
	}
	here := p.here && !p.dry
	switch {
	case f.format != "":
		return nil, job.Errorf(job.CodeUsage, "--notify-format goes with an address: of the hook %s the configuration says it", f.notify)
	case !config.ValidName(f.notify):
		return nil, job.Errorf(job.CodeUsage, "--notify %s: it is a hook's name (of a-z, 0-9 and -), or an address (https://HOST/PATH)", f.notify)
	case p.sandbox && !p.dry:
		return nil, job.Errorf(job.CodeUsage, notifySandbox)
	case known == nil && len(names) > 0:
		return nil, job.Errorf(job.CodeUsage, "--notify %s: the configuration has no hook of that name (notify.hooks: %s)", f.notify,
			strings.Join(names, ", "))
	case known == nil && here:
		return nil, job.Errorf(job.CodeUsage, "--notify %s: the configuration names no hooks (notify.hooks)", f.notify)
	case here && known.Format == config.HookJSON && p.config.Notify.Secret.Empty():
		return nil, job.Errorf(job.CodeUsage, notifySecret)
	}
	return &job.Hook{Name: f.notify}, nil
}

// Why nobody can be told from here.
const (
	notifySandbox = "--notify needs a configuration, which says where may be told what, and --sandbox uses none"
	notifySecret  = "--notify: the configuration has no notify.secret to sign the document with"
)
