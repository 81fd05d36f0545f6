package preflight_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/storelink/storelink/internal/config"
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
	wrong := &job.Error{Code: job.CodeBadConfig, File: "storelink.yaml", Line: 3, Message: "one\nstorelink.yaml:4: another"}
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
