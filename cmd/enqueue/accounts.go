package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

func (a *app) accountsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "accounts",
		Short: a.help("help.accounts"),
		Long:  a.help("help.accounts_long"),
		Example: `  enqueue accounts
  enqueue accounts --json | jq -r '.[] | select(.workers == []) | .name'`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			accounts, err := s.ledger.Accounts(cmd.Context())
			if err == nil {
				a.listAccounts(accounts)
			}
			return s.closed(err)
		},
	}
}

// listAccounts prints accounts, and a line for each worker that serves one.
func (a *app) listAccounts(accounts []job.AccountInfo) {
	if a.json {
		a.out.json(accounts)
		return
	}
	if len(accounts) == 0 {
		a.line("cmd.no_accounts")
		return
	}
	say := a.tongue(a.screen)
	t := a.table(terminal.Column{Name: "cmd.head_account"}, terminal.Column{Name: "cmd.head_mode", Drop: 5},
		terminal.Column{Name: "cmd.head_identity", Drop: 4},
		terminal.Column{Name: "cmd.head_calls_a_second", Least: 16, Drop: 1}, terminal.Column{Name: "cmd.head_worker",
			Least: 12, Drop: 3},
		terminal.Column{Name: "cmd.head_state"}, terminal.Column{Name: "cmd.head_seen", Drop: 2},
		terminal.Column{Name: "cmd.head_reason", Least: 16, Drop: 1})
	for _, info := range accounts {
		line := []terminal.Cell{text(info.Name), text(say.term(string(info.Mode))), text(info.Identity), text(say.pace(info.Pace))}
		if len(info.Workers) == 0 {
			t.Add(append(line, text("-"), say.state(job.LaneUnserved), text(""), text(""))...)
		}
		for _, w := range info.Workers {
			t.Add(append(slices.Clone(line), text(w.ID), say.state(w.State), text(moment(w.LastSeen)), text(cell(say.in(laneReason(info, w)), 120)))...)
		}
	}
	a.print(t)
}

// laneReason is why an account's lane in a worker is in its state or, where that needs no reason, that not all of its
// workers sign with one key.
func laneReason(info job.AccountInfo, w job.WorkerLane) i18n.Message {
	if w.Reason == "" && w.Serial != "" && slices.ContainsFunc(info.Workers, func(o job.WorkerLane) bool {
		return o.Serial != "" && o.Serial != w.Serial && o.State != job.LaneConflict
	}) {
		return i18n.M("cmd.other_key", "serial", w.Serial)
	}
	return i18n.Plain(w.Reason)
}

// pace is how many calls a second of each interface are in force.
func (t tongue) pace(of map[string]float64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %.3g", t.term(name), of[name]))
	}
	return strings.Join(parts, ", ")
}
