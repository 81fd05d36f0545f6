package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/preflight"
)

// checking are the flags of worker check.
type checking struct {
	account, brand, coupon, stock string
	json                          bool
}

// checkCommand tries the set-up. What it finds is no error of the command, so the exit status goes its own way.
func checkCommand(o *options, status *int) *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try configuration, keys, clock, Redis and WeChat Pay's hosts, and say what is wrong and what to do",
		Long: `Try configuration, keys, clock, Redis and WeChat Pay's hosts, and say what is wrong and what to do.

Each line is ok, warn or fail. With --account, --coupon, --stock and, for a partner, --brand one page of that stock's
list is asked for, which changes nothing and shows whether WeChat Pay takes the account's signature, and the account
WeChat Pay's. A worker that is running is not disturbed.

Exit status: 0 all is well, or there are only warnings; 1 something cannot be reached at the moment; 2 something must be
mended; 130 interrupted.`,
		Example: `  worker check --config storelink.yaml
  worker check --config storelink.yaml --account acme --brand 120344 --coupon 1000000013 --stock 98065001
  worker check --json | jq '.checks[] | select(.level != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := c.run(cmd, *o, status)
			if err != nil && c.json {
				e := job.AsError(err)
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				// told on standard error, too
				_ = encoder.Encode(map[string]any{"error": map[string]any{"code": e.Code, "message": err.Error()}})
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.account, "account", "", "look only at the account of this `NAME`")
	f.StringVar(&c.brand, "brand", "", "the `ID` of the brand that the stock belongs to")
	f.StringVar(&c.coupon, "coupon", "", "the `ID` of the product coupon that the stock belongs to")
	f.StringVar(&c.stock, "stock", "", "the `ID` of a stock whose list is asked for")
	f.BoolVar(&c.json, "json", false, "one JSON document on standard output, and nothing else there")
	return cmd
}

func (c checking) run(cmd *cobra.Command, o options, status *int) error {
	setup, err := c.setup(o)
	if err != nil {
		return err
	}
	out := &lines{w: cmd.OutOrStdout(), lang: setup.Lang, quiet: c.json}
	var all []preflight.Result
	err = preflight.Run(cmd.Context(), setup, func(r preflight.Result) {
		all = append(all, r)
		out.line(r)
	})
	if err != nil {
		return job.Errorf(job.CodeInterrupted, "interrupted")
	}
	*status = preflight.Status(all)
	if c.json {
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		out.err = encoder.Encode(struct {
			Status int                `json:"status"` // the exit status
			Checks []preflight.Result `json:"checks"`
		}{*status, all})
	} else {
		out.sum(all)
	}
	if out.err != nil {
		return job.Errorf(job.CodeIO, "standard output cannot be written: %w", out.err)
	}
	return nil
}

// setup is what is to be tried: the configuration as a worker would read it or, where that is wrong, what can be read
// of it without keys.
func (c checking) setup(o options) (preflight.Setup, error) {
	s := preflight.Setup{Account: c.account, RedisURL: o.redis}
	var err error
	if s.Lang, err = catalogue.LangOf(o.lang, o.environ); err != nil {
		return s, err
	}
	if s.Config, s.Wrong = o.load(config.Load); s.Wrong != nil {
		s.Config, _ = o.load(config.LoadWithoutKeys) // what is wrong is told anyway
	}
	if s.RedisURL == "" && s.Config != nil {
		s.RedisURL = s.Config.Redis.Reveal()
	}
	if c.brand == "" && c.coupon == "" && c.stock == "" {
		return s, nil
	}
	s.Target = job.Target{BrandID: c.brand, ProductCouponID: c.coupon, StockID: c.stock}
	switch {
	case c.account == "":
		return s, job.Errorf(job.CodeUsage, "--account is missing: whose call it is to be (see worker check --help)")
	case c.stock == "" || c.coupon == "":
		return s, job.Errorf(job.CodeUsage, "a call needs --coupon and --stock both (see worker check --help)")
	case s.Config == nil:
		return s, nil // which will be told
	}
	if a, ok := s.Config.Account(c.account); ok {
		if a.Mode == job.Brand && c.brand == "" {
			s.Target.BrandID = a.BrandID
		}
		if err := s.Target.Validate(a.Mode); err != nil {
			return s, job.Errorf(job.CodeUsage, "%w (see worker check --help)", err)
		}
	}
	return s, nil
}

// lines writes results for a person, as they come.
type lines struct {
	w     io.Writer
	lang  catalogue.Lang
	quiet bool
	err   error // the first of writing
}

// chineseLevels are as wide as one another.
var chineseLevels = map[preflight.Level]string{preflight.OK: "正常", preflight.Warn: "警告", preflight.Fail: "失败"}

func (l *lines) line(r preflight.Result) {
	about, message := printable(r.About(l.lang)), printable(r.Say(l.lang))
	if l.lang == catalogue.Chinese {
		l.printf("%s  %s：%s\n", chineseLevels[r.Level], about, message)
		return
	}
	l.printf("%-4s  %s: %s\n", r.Level, about, message)
}

// sum ends with how many there are of each.
func (l *lines) sum(all []preflight.Result) {
	n := map[preflight.Level]int{}
	for _, r := range all {
		n[r.Level]++
	}
	if l.lang == catalogue.Chinese {
		l.printf("%d 项正常，%d 项警告，%d 项失败\n", n[preflight.OK], n[preflight.Warn], n[preflight.Fail])
		return
	}
	l.printf("%d ok, %d to be warned of, %d failed\n", n[preflight.OK], n[preflight.Warn], n[preflight.Fail])
}

func (l *lines) printf(format string, args ...any) {
	if l.quiet || l.err != nil {
		return
	}
	_, l.err = fmt.Fprintf(l.w, format, args...)
}

// printable keeps what others wrote, such as an answer's message, from doing anything to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
