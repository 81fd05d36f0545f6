package main

import (
	"net/url"
	"strings"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/notify"
)

// hookFlags say whom to tell when a job or a batch has ended.
type hookFlags struct{ notify, format string }

func (f *hookFlags) register(flags flagSet) {
	flags.addString(&f.notify, "notify", "", "help.flag_notify")
	flags.addString(&f.format, "notify-format", "", "help.flag_notify_format")
}

// hook gives the hook that is asked for; nil for none. Whether its host is on the list only a configuration that has one
// can tell; the worker's decides.
func (f *hookFlags) hook(p place) (*job.Hook, error) {
	if f.notify == "" {
		if f.format != "" {
			return nil, job.Fail(job.CodeUsage, "flag.notify_format_alone")
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
		return nil, job.Fail(job.CodeUsage, "flag.notify_sandbox")
	case p.here && !p.dry && len(rules.Hosts) == 0:
		return nil, job.Fail(job.CodeUsage, "flag.notify_no_hosts")
	case p.here && !p.dry && format == notify.JSON && p.config.Notify.Secret.Empty():
		return nil, job.Fail(job.CodeUsage, "flag.notify_secret")
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
		return nil, job.Fail(job.CodeUsage, "flag.notify_format_hook", "hook", f.notify)
	case !config.ValidName(f.notify):
		return nil, job.Fail(job.CodeUsage, "flag.notify", "hook", f.notify)
	case p.sandbox && !p.dry:
		return nil, job.Fail(job.CodeUsage, "flag.notify_sandbox")
	case known == nil && len(names) > 0:
		return nil, job.Fail(job.CodeUsage, "flag.notify_unknown", "hook", f.notify, "hooks", names)
	case known == nil && here:
		return nil, job.Fail(job.CodeUsage, "flag.notify_none", "hook", f.notify)
	case here && known.Format == config.HookJSON && p.config.Notify.Secret.Empty():
		return nil, job.Fail(job.CodeUsage, "flag.notify_secret")
	}
	return &job.Hook{Name: f.notify}, nil
}
