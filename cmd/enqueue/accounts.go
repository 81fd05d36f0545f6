package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
)

func (a *app) accountsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "accounts",
		Short: "List the accounts that workers have published, and who serves them",
		Long: `List the accounts that workers have published, the calls a second that are in force for each interface, and the workers
that serve them now.

With --json: one array of accounts.`,
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
		a.out.printf("No worker has published an account.\n")
		return
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ACCOUNT\tMODE\tIDENTITY\tCALLS A SECOND\tWORKER\tSTATE\tSEEN\tREASON")
	for _, info := range accounts {
		var pace []string
		for _, name := range slices.Sorted(maps.Keys(info.Pace)) {
			pace = append(pace, fmt.Sprintf("%s %.3g", name, info.Pace[name]))
		}
		line := []any{info.Name, info.Mode, info.Identity, strings.Join(pace, ", ")}
		if len(info.Workers) == 0 {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t-\tunserved\t\t\n", line...)
		}
		for _, w := range info.Workers {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", append(line, w.ID, w.State, moment(w.LastSeen), cell(w.Reason, 120))...)
		}
	}
	_ = t.Flush() // its errors stick to a.out
}
