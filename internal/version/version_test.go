package version

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// These look inside: what a build is told cannot be told to a test's own build.

func TestWhatTheLinkerWasToldWins(t *testing.T) {
	t.Parallel()
	build := &debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-2026"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "ffff"}, {Key: "vcs.time", Value: "2020-01-01T00:00:00Z"}, {Key: "vcs.modified",
			Value: "true"}}}
	linked := Info{Version: "1.2.3", Commit: "0123456789abcdef", Date: "2026-11-24T01:02:03Z"}
	want := "v1.2.3 (commit 0123456789ab, 2026-11-24T01:02:03Z, " + runtime.Version() + ", " + runtime.GOOS + "/" +
		runtime.GOARCH + ")"
	if got := from(linked, build).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheToolchainsWordStandsInForTheLinkers(t *testing.T) {
	t.Parallel()
	i := from(Info{}, &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-24T01:02:03Z"}, {Key: "vcs.modified",
			Value: "true"}}})
	if got := i.String(); !strings.HasPrefix(got, "devel (commit abc with changes, 2026-11-24T01:02:03Z, go") {
		t.Errorf("got %s", got)
	}
	if got := from(Info{}, nil).String(); !strings.HasPrefix(got, "unknown (go") {
		t.Errorf("without a build: %s", got)
	}
}

func TestTheUserAgentIsOneProduct(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1.2.3": "storelink/1.2.3 (Go)", "v0.0.0-2026+dirty": "storelink/0.0.0-2026+dirty (Go)", "": "storelink (Go)",
		"1.0\r\nX: y (z)": "storelink/1.0Xyz (Go)",
	} {
		if got := (Info{Version: version}).userAgent(); got != want {
			t.Errorf("%q: got %q, want %q", version, got, want)
		}
	}
}
