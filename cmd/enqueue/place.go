package main

import (
	"cmp"
	"os"
	"os/user"
	"strings"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/secret"
)

// place says where a job is to run, before anything is connected to.
type place struct {
	config  *config.Config // without keys, unless it is here
	url     secret.URL     // Redis; empty if it is here
	here    bool
	dry     bool // nothing runs anywhere
	sandbox bool
}

// placeFlags are those of all that may run here.
type placeFlags struct{ here, sandbox, verbose bool }

func (f *placeFlags) register(flags flagSet) {
	flags.addBool(&f.here, "here", false, "help.flag_here")
	flags.addBool(&f.sandbox, "sandbox", false, "help.flag_sandbox")
	flags.addBool(&f.verbose, "verbose", false, "help.flag_verbose")
}

// place decides where a job runs: on the Redis that is named, or here where none is, or where that is asked for.
func (a *app) place(f placeFlags, dryRun bool) (place, error) {
	if f.sandbox { // whatever is configured, rightly or wrongly
		return place{config: &config.Config{}, here: true, sandbox: true, dry: dryRun}, nil
	}
	c, err := config.LoadWithoutKeys(a.config, a.environ)
	if err != nil {
		return place{}, err
	}
	p := place{config: c, url: c.Redis, here: f.here || dryRun, dry: dryRun}
	if a.redis != "" {
		p.url = secret.NewURL(a.redis)
	}
	switch {
	case dryRun:
		return p, nil
	case p.url.Empty() && !p.here && len(c.Accounts) == 0:
		return p, job.Fail(job.CodeUsage, "cmd.no_redis_no_account")
	case p.url.Empty() || p.here:
		p.here, p.url = true, secret.URL{}
		if p.config, err = config.Load(a.config, a.environ); err != nil {
			return p, err
		}
	}
	return p, nil
}

// redisPlace is where the jobs are, for the commands that look after them.
func (a *app) redisPlace() (place, error) {
	c, err := config.LoadWithoutKeys(a.config, a.environ)
	if err != nil {
		return place{}, err
	}
	p := place{config: c, url: c.Redis}
	if a.redis != "" {
		p.url = secret.NewURL(a.redis)
	}
	if p.url.Empty() {
		return p, job.Fail(job.CodeUsage, "cmd.no_redis")
	}
	return p, nil
}

// submitter names who runs this command: user@host.
func submitter(environ []string) string {
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, "USER="); ok {
			name = cmp.Or(name, v)
		}
	}
	host, _ := os.Hostname() // without one, the user alone says something
	return cmp.Or(name, "unknown") + "@" + cmp.Or(host, "unknown")
}
