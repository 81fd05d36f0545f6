package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/control"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
	"github.com/storelink/storelink/internal/redisconn"
	"github.com/storelink/storelink/internal/schedule"
	"github.com/storelink/storelink/internal/terminal"
)

// What a person who pressed Tab waits for, and is offered.
const (
	completionPatience = 900 * time.Millisecond
	completedJobs      = 200
)

// shells are those that completion writes a script for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: a.help("help.completion"),
		Long:  a.help("help.completion_long"),
		Example: `  source <(enqueue completion bash)
  enqueue completion zsh > "${fpath[1]}/_enqueue"`,
		Args:                  one(i18n.M("flag.a_shell")),
		ValidArgs:             shells,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			switch root := cmd.Root(); args[0] {
			case "bash":
				err = root.GenBashCompletionV2(a.out, true)
			case "zsh":
				err = root.GenZshCompletion(a.out)
			case "fish":
				err = root.GenFishCompletion(a.out, true)
			case "powershell":
				err = root.GenPowerShellCompletionWithDesc(a.out)
			default:
				return job.Fail(job.CodeUsage, "flag.shell", "value", cell(args[0], 40), "shells", shells)
			}
			if a.out.err != nil {
				return nil // told at the end
			}
			return err
		},
	}
}

// completer offers what a word can become.
type completer = cobra.CompletionFunc

// complete tells cobra what the arguments and flags of the commands below root can be.
func (a *app) complete(root *cobra.Command) {
	any := func(job.Status) bool { return true }
	can := func(v job.Verb) func(job.Status) bool { return func(s job.Status) bool { return v.Changes(s.State) } }
	going := func(s job.Status) bool { return !s.State.Ended() }
	arguments := map[string]completer{
		"status": a.jobIDs(any), "results": a.jobIDs(any), "watch": a.jobIDs(going), "cancel": a.jobIDs(can(job.Cancel)),
		"pause":  a.jobIDs(can(job.Pause)),
		"resume": a.jobIDs(can(job.Resume)),
		"retry":  a.jobIDs(func(s job.Status) bool { return control.Retryable(s) == nil }),
		"jobs":   nothing, "accounts": nothing, "schedule list": nothing,
	}
	for _, verb := range []string{"show", "pause", "resume", "run", "remove"} {
		arguments["schedule "+verb] = a.scheduleNames
	}
	flags := map[string]completer{
		"account": a.accountNames, "batch": a.flagged(a.jobIDs(func(s job.Status) bool { return s.Targets > 0 })),
		"state": words(states), "only": words(outcomes), "ids": words([]string{storelist.WeChatIDs, storelist.OwnIDs}), "priority": words([]job.Priority{job.High, job.Default, job.Low}),
		"encoding": words([]string{"utf-8", "utf-8-bom", "gb18030"}), "lang": words([]string{"zh", "en"}),
		"redis": nothing, "brand": nothing, "coupon": nothing, "stock": nothing, "bundle": nothing, "label": nothing,
	}
	var walk func(cmd *cobra.Command, path string)
	walk = func(cmd *cobra.Command, path string) {
		if f, ok := arguments[path]; ok {
			cmd.ValidArgsFunction = f
		}
		for name, f := range flags {
			if cmd.LocalFlags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, f) // the flag is there, and it is registered once
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub, strings.TrimSpace(path+" "+sub.Name()))
		}
	}
	walk(root, "")
}

// words offers words that are always the same.
func words[T ~string](all []T) completer {
	return func(_ *cobra.Command, _ []string, begun string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
		for _, w := range all {
			if strings.HasPrefix(string(w), begun) {
				out = append(out, cobra.Completion(w))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// nothing is for what only the person knows.
func nothing(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// flagged is a completer of a command's one argument, for a flag.
func (a *app) flagged(f completer) completer {
	return func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return f(cmd, nil, begun)
	}
}

// jobIDs offers the IDs of the jobs and batches that are wanted, the newest first, with how they stand.
func (a *app) jobIDs(wanted func(job.Status) bool) completer {
	return func(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nothing(nil, nil, "")
		}
		t := tongue(a.language())
		return a.offered(func(ctx context.Context, s *site) (out []cobra.Completion) {
			jobs, err := s.ledger.Jobs(ctx, ledger.Filter{Limit: completedJobs})
			if err != nil {
				return nil
			}
			for _, j := range jobs {
				if strings.HasPrefix(j.Job, begun) && wanted(j) {
					out = append(out, described(j.Job, t.term(string(j.State)), terminal.Line(j.Label),
						t.in(aboutJob(j)), j))
				}
			}
			return out
		})
	}
}

func described(id, state, label, target string, s job.Status) cobra.Completion {
	about := []string{state}
	if s.Targets > 0 {
		target = ""
	}
	for _, s := range []string{label, target} {
		if s != "" {
			about = append(about, s)
		}
	}
	return cobra.CompletionWithDesc(id, strings.Join(about, " · "))
}

// accountNames offers the accounts that workers have published and those of the configuration.
func (a *app) accountNames(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	t, about := tongue(a.language()), map[string]string{}
	if c, err := config.LoadWithoutKeys(a.config, a.environ); err == nil {
		for _, account := range c.Accounts {
			about[account.Name] = fmt.Sprintf("%s %s", t.term(string(account.Mode)), account.Identity())
		}
	}
	a.offered(func(ctx context.Context, s *site) []cobra.Completion {
		infos, _ := s.ledger.Accounts(ctx) // the configuration's are left
		for _, info := range infos {
			state, _ := laneOf(info)
			about[info.Name] = fmt.Sprintf("%s %s · %s", t.term(string(info.Mode)), info.Identity, t.term(state))
		}
		return nil
	})
	var out []cobra.Completion
	for name, said := range about {
		if strings.HasPrefix(name, begun) {
			out = append(out, cobra.CompletionWithDesc(terminal.Line(name), terminal.Line(said)))
		}
	}
	slices.Sort(out)
	return out, cobra.ShellCompDirectiveNoFileComp
}

// scheduleNames offers the schedules.
func (a *app) scheduleNames(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nothing(nil, nil, "")
	}
	t := tongue(a.language())
	return a.offered(func(ctx context.Context, s *site) (out []cobra.Completion) {
		all, err := schedule.Open(s.rdb).List(ctx)
		if err != nil {
			return nil
		}
		for _, sc := range all {
			if !strings.HasPrefix(sc.Name, begun) {
				continue
			}
			about := t.term(string(sc.Job.Operation)) + " · " + sc.Cron
			if sc.Paused {
				about += " · " + t.say("cmd.schedule_paused")
			}
			out = append(out, cobra.CompletionWithDesc(terminal.Line(sc.Name), terminal.Line(about)))
		}
		return out
	})
}

// offered gives what can be found out within completionPatience, and nothing where that is not enough or anything is wrong:
// a person who pressed Tab wants no error.
func (a *app) offered(find func(context.Context, *site) []cobra.Completion) ([]cobra.Completion, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	p, err := a.redisPlace()
	if err != nil {
		return nil, none
	}
	rdb, err := redisconn.Open(p.url.Reveal(), redisconn.Options{Name: "storelink-completion", PoolSize: 2,
		TLS: redisconn.TLS(p.config.RedisTLS.Files())})
	if err != nil {
		return nil, none
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionPatience)
	defer cancel()
	out := find(ctx, newSite(rdb, p))
	_ = rdb.Close() // nothing was written
	return out, none
}
