package preflight_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/preflight"
)

// The checks themselves are tried end to end, by cmd/worker's tests.

func TestTheStatusTellsWhatMustBeMendedFromWhatMayPass(t *testing.T) {
	t.Parallel()
	ok, warn := preflight.Result{Level: preflight.OK}, preflight.Result{Level: preflight.Warn}
	fail, passing := preflight.Result{Level: preflight.Fail}, preflight.Result{Level: preflight.Fail, Passing: true}
	for want, all := range [][]preflight.Result{{ok, warn}, {ok, passing, warn}, {passing, fail, passing, ok}} {
		if got := preflight.Status(all); got != want {
			t.Errorf("%+v: status %d, want %d", all, got, want)
		}
	}
	if got := preflight.Status(nil); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}

func TestEachProblemOfAConfigurationIsAResultOfItsOwn(t *testing.T) {
	t.Parallel()
	wrong := &job.Error{Code: job.CodeBadConfig, File: "storelink.yaml", Line: 3, Message: i18n.Plain("one\nstorelink.yaml:4: another")}
	var all []preflight.Result
	if err := preflight.Run(t.Context(), preflight.Setup{Wrong: wrong}, func(r preflight.Result) { all = append(all, r) }); err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].File != "storelink.yaml" || all[0].Line != 3 || all[1].Message != "storelink.yaml:4: another" {
		t.Errorf("got %+v", all)
	}
}

func TestAnInterruptionEndsTheChecks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var all []preflight.Result
	err := preflight.Run(ctx, preflight.Setup{Config: &config.Config{}}, func(r preflight.Result) {
		all = append(all, r)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || len(all) != 1 {
		t.Errorf("got %v and %+v", err, all)
	}
	if slices.ContainsFunc(all, func(r preflight.Result) bool { return r.Message == "" }) {
		t.Errorf("a result says nothing: %+v", all)
	}
}

func TestEveryCauseIsToldInChinese(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("preflight.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := regexp.MustCompile(`(?m)^\t(Check|Code)\w+ += (?:"(\w+)"|job\.CodeBadConfig)`).FindAllStringSubmatch(string(text), -1)
	if len(constants) < 35 {
		t.Fatalf("there are %d constants", len(constants))
	}
	for _, c := range constants {
		r := preflight.Result{Code: c[2], Message: "what it is"}
		if c[2] == "" {
			r.Code = preflight.CodeBadConfig
		}
		said := r.Say(catalogue.Chinese)
		if c[1] == "Check" {
			r.Check, said = c[2], preflight.Result{Check: c[2]}.About(catalogue.Chinese)
			if r.Check == preflight.CheckRedis {
				continue // that is its name
			}
		}
		if !strings.ContainsFunc(said, han) {
			t.Errorf("%s is told as %q", c[2], said)
		}
	}
	r := preflight.Result{Code: "SIGN_ERROR", Message: "what it is"}
	if got := r.Say(catalogue.Chinese); !strings.ContainsFunc(got, han) || !strings.HasSuffix(got, "原文：what it is") {
		t.Errorf("WeChat Pay's own code is told as %q", got)
	}
	if got := r.Say(catalogue.English); got != "what it is" {
		t.Errorf("in English it is told as %q", got)
	}
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) && !strings.ContainsRune("原文", r) }
