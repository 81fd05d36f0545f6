package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestEveryCommandHasExamples(t *testing.T) {
	t.Parallel()
	a := &app{out: &printer{w: &strings.Builder{}}}
	for _, cmd := range append(a.root().Commands(), a.root()) {
		if cmd.Short == "" || !strings.Contains(cmd.Example, "enqueue ") {
			t.Errorf("%s has no example", cmd.Name())
		}
		o := enqueue(t, nil, append(commandPath(cmd), "--help")...).expect(t, 0)
		if !strings.Contains(o.out, cmd.Example) || o.err != "" {
			t.Errorf("the help of %s:\n%s%s", cmd.Name(), o.out, o.err)
		}
		for line := range strings.Lines(o.out) {
			if len([]rune(line)) > 160 {
				t.Errorf("the help of %s has a line of %d characters: %s", cmd.Name(), len([]rune(line)), line)
			}
		}
	}
}

func commandPath(cmd *cobra.Command) []string {
	if cmd.Name() == "enqueue" {
		return nil
	}
	return []string{cmd.Name()}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if o := enqueue(t, nil, "--version").expect(t, 0); !strings.HasPrefix(o.out, "enqueue version ") {
		t.Errorf("got %q", o.out)
	}
}

func TestWrongCallsExitWithTwoAndDoNothing(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.work()
	list := w.list(3)
	target := func(args ...string) []string {
		return append(append([]string{"associate", list}, asPartner...), args...)
	}
	for name, args := range map[string][]string{
		"no command":             {},
		"unknown command":        {"asociate", list},
		"unknown flag":           {"jobs", "--nope"},
		"no list":                {"associate"},
		"two lists":              {"associate", list, list},
		"empty list name":        {"associate", ""},
		"no account":             {"associate", list, "--brand", "1", "--coupon", "2", "--stock", "3"},
		"no coupon":              {"associate", list, "--account", "sandbox-partner", "--brand", "1", "--stock", "3"},
		"no stock":               {"associate", list, "--account", "sandbox-partner", "--brand", "1", "--coupon", "2"},
		"no brand":               {"associate", list, "--account", "sandbox-partner", "--coupon", "2", "--stock", "3"},
		"stock and bundle":       target("--bundle", "4"),
		"another brand":          {"associate", list, "--account", "sandbox-brand", "--brand", "1", "--coupon", "2", "--stock", "3"},
		"coupon that is no ID":   {"associate", list, "--account", "sandbox-partner", "--brand", "1", "--coupon", "2/../3", "--stock", "3"},
		"priority":               target("--priority", "urgent"),
		"chunk size":             target("--chunk-size", "201"),
		"negative chunk size":    target("--chunk-size", "-1"),
		"chunk size as text":     target("--chunk-size", "many"),
		"threshold":              target("--failure-threshold", "101"),
		"an empty time":          target("--at", ""),
		"nobody to tell":         target("--notify", ""),
		"an empty report":        target("--wait", "--report", ""),
		"label with a control":   target("--label", "a\x1b[31mb"),
		"long label":             target("--label", strings.Repeat("标", 201)),
		"timeout alone":          target("--timeout", "5s"),
		"negative timeout":       target("--wait", "--timeout", "-5s"),
		"report alone":           target("--report", w.file("r.csv")),
		"report of another kind": target("--wait", "--report", w.file("r.ods")),
		"report is the list":     target("--wait", "--report", list),
		"set aside is the list":  target("--set-aside", list),
		"one file for both":      target("--wait", "--report", w.file("x.csv"), "--set-aside", w.file("x.csv")),
		"configuration missing":  target("--config", w.file("none.yaml")),
		"Redis URL":              target("--redis", "http://127.0.0.1:6379"),
		"state":                  {"jobs", "--state", "done"},
		"limit":                  {"jobs", "--limit", "-1"},
		"jobs with an argument":  {"jobs", "x"},
		"status without job":     {"status"},
		"only":                   {"results", "20260701-093000-k3jq7w2p", "--only", "good"},
		"output":                 {"results", "20260701-093000-k3jq7w2p", "--output", "r.txt"},
		"column missing":         target("--column", "shop"),
	} {
		human := enqueue(t, w.env, args...).expect(t, 2)
		if human.out != "" || !strings.Contains(human.err, "enqueue: ") {
			t.Errorf("%s: standard output %q, standard error %q", name, human.out, human.err)
		}
		code := job.CodeUsage
		switch name {
		case "configuration missing", "Redis URL":
			code = job.CodeBadConfig
		case "column missing":
			code = job.CodeBadList
		}
		e := enqueue(t, w.env, append(args, "--json")...).failed(t, 2, code)
		if strings.Contains(e.Message, "\n") {
			t.Errorf("%s: more than a sentence: %s", name, e.Message)
		}
	}
	if n := w.calls.Load(); n != 0 {
		t.Errorf("%d calls were made", n)
	}
	if jobs := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0)); len(jobs) != 0 {
		t.Errorf("jobs are left: %+v", jobs)
	}
}

func TestCommandsThatNeedRedisSayHowToNameIt(t *testing.T) {
	t.Parallel()
	const id = "20260701-093000-k3jq7w2p"
	for _, args := range [][]string{{"jobs"}, {"status", id}, {"watch", id}, {"results", id}, {"retry", id}, {"pause", id},
		{"resume", id}, {"cancel", id}, {"accounts"}} {
		e := enqueue(t, nil, append(args, "--json")...).failed(t, 2, job.CodeUsage)
		for _, way := range []string{"--redis", "REDIS_URL", "--config"} {
			if !strings.Contains(e.Message, way) {
				t.Errorf("%s does not name %s: %s", args[0], way, e.Message)
			}
		}
	}
}

func TestRedisAwayExitsWithOneAndShowsNoPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	away := []string{"REDIS_URL=redis://operator:hunter2@127.0.0.1:1/0", "STORELINK_CONFIG=" + w.config}
	const id = "20260701-093000-k3jq7w2p"
	for _, args := range [][]string{{"jobs"}, {"status", id}, {"accounts"}, append([]string{"associate", w.list(2)}, asPartner...)} {
		enqueue(t, away, args...).expect(t, 1)
		enqueue(t, away, append(args, "--json")...).failed(t, 1, job.CodeRedis)
	}
}

func TestUnknownJob(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	for _, id := range []string{"20260701-093000-k3jq7w2p", "x", "../../etc", "a b", "{x}", strings.Repeat("9", 100), "日本"} {
		for _, verb := range []string{"status", "watch", "results", "retry", "pause", "resume", "cancel"} {
			w.do(verb, id, "--json").failed(t, 2, job.CodeUnknownJob)
		}
	}
}

func TestFullDiskIsToldWithOne(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	w := onMini(t, sandbox.Faults{})
	var stderr strings.Builder
	status := run(t.Context(), []string{"jobs", "--json"}, strings.NewReader(""), full, &stderr, w.env)
	if status != 1 {
		t.Errorf("exit status %d", status)
	}
	// A report under the name of a device, too.
	link := w.file("full.csv")
	if err := os.Symlink("/dev/full", link); err != nil {
		t.Fatal(err)
	}
	e := w.associate(w.list(3), "--here", "--report", link, "--json").failed(t, 1, job.CodeIO)
	if e.Status == nil || e.Status.Succeeded != 3 || !strings.Contains(e.Message, "no space left") {
		t.Errorf("got %+v", e)
	} else if err := os.Remove(e.Status.Job + ".csv"); err != nil || !strings.Contains(e.Message, e.Status.Job+".csv instead") {
		t.Errorf("the report is not in this folder instead: %v, %s", err, e.Message)
	}
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode().IsRegular() {
		t.Error("the device was replaced")
	}
}

func TestUnwritableReportIsToldBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Faults{})
	for _, path := range []string{w.file("no/such/folder.csv"), w.file("d.csv")} {
		if err := os.MkdirAll(w.file("d.csv"), 0o700); err != nil {
			t.Fatal(err)
		}
		enqueue(t, nil, append([]string{"associate", w.list(3), "--config", w.config, "--report", path, "--json"},
			asPartner...)...).failed(t, 2, job.CodeUsage)
	}
	if w.calls.Load() != 0 {
		t.Error("calls were made")
	}
}

func TestInterruptedWhileTheListIsReadSendsNothing(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.work()
	ctx, cancel := context.WithCancel(t.Context())
	stdin := &stuck{text: "store_id\n1\n2\n", then: cancel}
	t.Cleanup(stdin.release)
	stdin.wait = make(chan struct{})
	var out, stderr syncBuffer
	status := run(ctx, append([]string{"associate", "-", "--json"}, asPartner...), stdin, &out, &stderr, w.env)
	outcome{status: status, out: out.String(), err: stderr.String()}.failed(t, 130, job.CodeInterrupted)
	if jobs := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0)); len(jobs) != 0 || w.calls.Load() != 0 {
		t.Errorf("jobs are left: %+v, %d calls", jobs, w.calls.Load())
	}
}

// stuck is a reader that gives a text and then, like a terminal, nothing for a long time.
type stuck struct {
	text string
	then func()
	wait chan struct{}
}

func (s *stuck) Read(p []byte) (int, error) {
	if s.text != "" {
		n := copy(p, s.text)
		s.text = s.text[n:]
		return n, nil
	}
	s.then()
	<-s.wait
	return 0, os.ErrClosed
}

func (s *stuck) release() { close(s.wait) }

func TestOutputAppearsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	o, err := create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if read() != "old" {
		t.Error("it shows before it is whole")
	}
	o.drop()
	if read() != "old" {
		t.Error("what was dropped shows")
	}
	if o, err = create(path); err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if err := o.commit(); err != nil || read() != "new" {
		t.Errorf("after commit: %q, %v", read(), err)
	}
	o.drop() // does nothing any more
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || read() != "new" {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}
