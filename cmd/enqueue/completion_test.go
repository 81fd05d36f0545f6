package main

import (
	"context"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// offers gives what a shell is offered for the last of the words, without descriptions.
func (w *world) offers(words ...string) []string {
	w.t.Helper()
	return offersOf(w.t, w.env, words...)
}

func offersOf(t *testing.T, environ []string, words ...string) (out []string) {
	t.Helper()
	o := enqueue(t, environ, append([]string{"__completeNoDesc"}, words...)...).expect(t, 0)
	for line := range strings.Lines(o.out) {
		if !strings.HasPrefix(line, ":") {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}

// patiently asks again, as a person presses the key again, where a busy machine had nothing to offer in the second that a
// shell waits for (TestShellWaitsForRedisForASecondAtMost).
func patiently[T any](ask func() T, enough func(T) bool) (got T) {
	for range 20 {
		if got = ask(); enough(got) {
			break
		}
	}
	return got
}

func TestShellIsOfferedWhatRedisHas(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	ended := w.ended(w.write("list.csv", "store_id\n7\n8\n"), "--label", "spring 春季")
	later := time.Now().Add(20 * time.Hour).Format(time.RFC3339)
	w.associate(w.list(5), "--at", later, "--json").expect(t, 0)
	waiting := patiently(func() []string { return w.offers("cancel", "") }, func(all []string) bool { return len(all) > 0 })
	batch := document[map[string]any](t, w.do("onboard", w.write("all.csv", "品牌,商品券,批次,store_id\n120344,2000,5001,7\n"), "--account",
		sandbox.PartnerAccount, "--wait", "--json").expect(t, 0))["job"].(string)
	w.do("schedule", "add", "nightly", "--cron", "0 3 * * *", "associate", w.list(5), "--account", sandbox.PartnerAccount,
		"--brand", sandbox.BrandID, "--coupon", "2000", "--stock", "3009").expect(t, 0)

	if len(waiting) != 1 {
		t.Fatalf("cancel: %q", waiting)
	}
	for _, c := range []struct {
		words []string
		want  []string
	}{
		{[]string{"retry", ""}, []string{ended}},
		{[]string{"status", ""}, []string{batch, waiting[0], ended}},
		{[]string{"results", ended[:len(ended)-1]}, []string{ended}},
		{[]string{"cancel", ""}, waiting},
		{[]string{"resume", ""}, nil}, // what waits for its time is not paused
		{[]string{"watch", ""}, waiting},
		{[]string{"pause", ""}, nil},
		{[]string{"status", ended, ""}, nil},
		{[]string{"jobs", "--batch", ""}, []string{batch}},
		{[]string{"jobs", "--state", "pau"}, []string{"paused"}},
		{[]string{"jobs", "--account", ""}, []string{sandbox.BrandAccount, sandbox.PartnerAccount}},
		{[]string{"associate", "x.csv", "--account", "sandbox-p"}, []string{sandbox.PartnerAccount}},
		{[]string{"schedule", "show", ""}, []string{"nightly"}},
		{[]string{"schedule", "run", "x"}, nil},
		{[]string{"results", ended, "--only", "f"}, []string{"failed"}},
		{[]string{"completion", ""}, shells},
		{[]string{"jobs", "--lang", ""}, []string{"zh", "en"}},
	} {
		got := patiently(func() []string { return w.offers(c.words...) },
			func(all []string) bool { return len(all) >= len(c.want) })
		slices.Sort(got)
		want := slices.Clone(c.want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: offered %q, want %q", c.words, got, want)
		}
	}
	for want, args := range map[string][]string{
		ended + "\tcompleted · spring 春季 · stock 3000 of coupon 2000\n": {"__complete", "status", ""},
		"已完成 · spring 春季 · 批次 3000":                                     {"__complete", "--lang", "zh", "status", ""},
	} {
		has := func(out string) bool { return strings.Contains(out, want) }
		if got := patiently(func() string { return w.do(args...).expect(t, 0).out }, has); !has(got) {
			t.Errorf("got %s", got)
		}
	}
	if files := w.do("__complete", "associate", "").expect(t, 0).out; !strings.Contains(files, ":0") {
		t.Errorf("a list is a file: %s", files)
	}
}

func TestShellIsOfferedNothingWhereRedisDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	mute, err := net.Listen("tcp", "127.0.0.1:0") // it never answers
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for _, environ := range [][]string{nil, {"REDIS_URL=redis://" + mute.Addr().String()}, {"REDIS_URL=redis://" + closed.Addr().String()},
		{"REDIS_URL=nonsense"}, {"STORELINK_CONFIG=/none"}} {
		for _, words := range [][]string{{"status", ""}, {"schedule", "show", ""}, {"jobs", "--account", ""}} {
			o := enqueue(t, environ, append([]string{"__complete"}, words...)...).expect(t, 0)
			if !strings.HasPrefix(o.out, ":") || strings.Contains(o.err, "edis") {
				t.Errorf("%v, %q: %s%s", environ, words, o.out, o.err)
			}
		}
	}
	// The configuration's accounts are known without it.
	got := offersOf(t, []string{"STORELINK_CONFIG=" + w.config}, "jobs", "--account", "")
	if !slices.Equal(got, []string{sandbox.BrandAccount, sandbox.PartnerAccount}) {
		t.Errorf("offered %q", got)
	}
}

func TestShellWaitsForRedisForASecondAtMost(t *testing.T) {
	t.Parallel()
	a, asked := &app{environ: []string{"REDIS_URL=redis://127.0.0.1:1"}}, false
	a.offered(func(ctx context.Context, _ *site) []cobra.Completion {
		asked = true
		// What is left of it only becomes less; that the client keeps to it package redisconn's tests show.
		if until, ok := ctx.Deadline(); !ok || time.Until(until) > time.Second {
			t.Errorf("it may take until %s, %t", until, ok)
		}
		return nil
	})
	if !asked {
		t.Error("nothing was asked")
	}
}

func TestCompletionScriptsAreGoodInTheirShells(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		script := enqueue(t, nil, "completion", shell).expect(t, 0).out
		if !strings.Contains(script, "enqueue") || !strings.Contains(script, "__complete") {
			t.Errorf("%s: %.200s", shell, script)
		}
		if path, err := exec.LookPath(shell); err == nil && shell != "powershell" {
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", shell, err, out)
			}
		}
	}
	enqueue(t, nil, "completion", "tcsh", "--json").failed(t, 2, "usage")
	if o := enqueue(t, nil, "completion", "--help").expect(t, 0); !strings.Contains(o.out, "/etc/bash_completion.d/enqueue") {
		t.Errorf("got %s", o.out)
	}
}
