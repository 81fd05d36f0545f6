//go:build unix

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/term"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/terminal"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// record has TestWatchDrawsAJob write what it sees to docs/watch.txt and docs/watch.zh.txt.
var record = flag.Bool("record", false, "write docs/watch.txt and docs/watch.zh.txt anew")

// watchedFailures fail 15 of the first stores times 200.
func watchedFailures(times int) sandbox.Faults {
	var f sandbox.Faults
	for i := range 12 {
		f.FailingStoreIDs = append(f.FailingStoreIDs, sandbox.StoreFailure{StoreID: fmt.Sprint(100000000 + 15*times*i), Code: "PARAM_ERROR"})
	}
	for i := range 3 {
		f.FailingStoreIDs = append(f.FailingStoreIDs, sandbox.StoreFailure{StoreID: fmt.Sprint(100000007 + 60*times*i), Code: "NOT_FOUND"})
	}
	return f
}

// hold makes the sandbox wait before each of the calls given, and with those after it, until the function that stands for
// the call is called.
func (w *world) hold(calls ...int64) (releases []func()) {
	gates := make([]chan struct{}, len(calls))
	for i := range gates {
		gates[i] = make(chan struct{})
		release := sync.OnceFunc(func() { close(gates[i]) })
		releases = append(releases, release)
		w.t.Cleanup(release)
	}
	w.onCall = func(n int64) {
		for i, call := range calls {
			if n >= call {
				<-gates[i]
			}
		}
	}
	return releases
}

func TestWatchDrawsAJob(t *testing.T) {
	t.Parallel()
	english := []string{"ACCOUNT", "sandbox-partner  serving", "running", "the job goes on", "PARAM_ERROR", "NOT_FOUND", "of 4,000 stores",
		"is completed in", "succeeded     3,985", "failed        15  PARAM_ERROR 12, NOT_FOUND 3", "enqueue: 15 stores failed"}
	mandarin := []string{"账号", "sandbox-partner  服务中", "进行中", "任务会继续", "PARAM_ERROR", "NOT_FOUND", "/ 4,000 家门店", "已完成，用时",
		"成功          3,985", "失败          15  PARAM_ERROR 12, NOT_FOUND 3", "enqueue: 15 家门店失败"}
	recorded := map[string][]string{}
	var recording sync.Mutex
	t.Run("", func(t *testing.T) {
		for _, lang := range []string{"en", "zh"} {
			say := english
			if lang == "zh" {
				say = mandarin
			}
			for _, columns := range []int{100, 60} {
				t.Run(fmt.Sprintf("%s in %d columns", lang, columns), func(t *testing.T) {
					if !*record {
						t.Parallel()
					}
					frames := watchAJob(t, lang, columns, say)
					recording.Lock()
					defer recording.Unlock()
					recorded[lang] = append(recorded[lang], frames...)
				})
			}
		}
	})
	if !*record || t.Failed() {
		return
	}
	heads := map[string]string{
		"en": "What enqueue watch draws, of a real run against the sandbox; colours are left out.\nMade by: ",
		"zh": "enqueue watch 的画面，来自对沙箱的一次真实运行；颜色已略去。\n生成方法：",
	}
	for lang, name := range map[string]string{"en": "watch.txt", "zh": "watch.zh.txt"} {
		text := heads[lang] + "go test ./cmd/enqueue -run TestWatchDrawsAJob -record\n\n" + strings.Join(recorded[lang], "\n")
		if err := os.WriteFile(filepath.Join("..", "..", "docs", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// watchAJob watches a job that is held up twice, and gives what there was to see: twice while it ran, and at its end. say is
// what has to be seen, in that order.
func watchAJob(t *testing.T, lang string, columns int, say []string) (frames []string) {
	t.Helper()
	times := 20 // calls
	if *record {
		times = 200
	}
	w := onMini(t, watchedFailures(times))
	if *record { // at WeChat Pay's pace, so that rate and time left are real
		if err := os.WriteFile(w.config, []byte(strings.ReplaceAll(mustRead(t, w.config), "rate: 0", "rate: 20")), 0o600); err != nil {
			t.Fatal(err)
		}
		say = slices.Clone(say)
		for i := range say {
			say[i] = strings.NewReplacer("4,000", "40,000", "3,985", "39,985").Replace(say[i])
		}
	}
	releases := w.hold(int64(times/4+1), int64(times*7/10+1))
	w.work()
	id := document[receiptDocument](t, w.associate(w.list(200*times), "--json", "--label", "spring 春季").expect(t, 0)).Job
	s := newScreen(t, columns, 20)
	ended := s.enqueue(t.Context(), w.env, "watch", id, "--lang", lang)
	take := func(what, shown string) {
		bar := strings.Repeat("─", columns)
		frames = append(frames, fmt.Sprintf("%s · %d columns · %s\n%s\n%s%s\n", "enqueue watch "+id+" --lang "+lang, columns, what, bar, shown, bar))
		for line := range strings.Lines(shown) {
			if terminal.Width(strings.TrimSuffix(line, "\n")) > columns {
				t.Errorf("%s: a line is too wide: %s", what, line)
			}
		}
	}
	take("running", s.until(id, "spring 春季", say[0], say[1], say[2], say[3], count(int64(200*times/4)), say[6]))
	releases[0]()
	take("failures", s.until(id, say[2], say[4], say[5], count(int64(200*times*7/10)), say[6]))
	releases[1]()
	s.exits(ended, 3)
	take("ended", s.until(id, say[7], say[8], say[9], say[10]))
	return frames
}

func TestLeavingWatchLeavesTheJobRunning(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	release := w.hold(3)[0]
	w.work()
	id := document[receiptDocument](t, w.associate(w.list(4_000), "--json").expect(t, 0)).Job
	for _, key := range []string{"\x03", "q"} {
		s := newScreen(t, 100, 30)
		before, err := term.GetState(int(s.tty.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		ended := s.enqueue(t.Context(), w.env, "watch", id)
		s.until(id, "running", "the job goes on")
		s.presses(key)
		s.exits(ended, 130)
		s.until("interrupted: job " + id + " goes on")
		if !s.restored(before) {
			t.Errorf("%q: the terminal is not as it was", key)
		}
	}
	// SIGTERM ends the command's context, as SIGINT does where keys come from elsewhere.
	s := newScreen(t, 100, 30)
	ctx, cancel := context.WithCancel(t.Context())
	ended := s.enqueueFrom(ctx, strings.NewReader(""), w.env, "watch", id)
	s.until("running")
	cancel()
	s.exits(ended, 130)
	s.until("interrupted: job "+id, "goes on")
	// A time-out is one as elsewhere.
	s.exits(s.enqueue(t.Context(), w.env, "watch", id, "--timeout", "10ms"), 1)
	s.until("has not ended within 10ms")
	release()
	w.do("watch", id).expect(t, 0)
}

func TestWatchDrawsEverythingAtWork(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	s := newScreen(t, 110, 40)
	ended := s.enqueue(t.Context(), w.env, "watch")
	s.until("No job is at work.")
	first := document[receiptDocument](t, w.associate(w.list(1_000), "--json", "--label", "spring").expect(t, 0)).Job
	second := document[receiptDocument](t, w.associate(w.list(400), "--stock", "3001", "--json").expect(t, 0)).Job
	s.until(first, second, "spring", "unserved", "no worker serves account sandbox-partner")
	w.work()
	s.until(first+"  completed  1,000 of 1,000 stores", second+"  completed", "No job is at work.", "sandbox-partner", "sandbox-brand")
	s.presses("q")
	s.exits(ended, 0)
	s = newScreen(t, 110, 40) // the old one may still show what it did
	ended = s.enqueue(t.Context(), w.env, "watch")
	s.until("No job is at work.")
	s.presses("\x03")
	s.exits(ended, 130)
	s.until("the jobs at work go on")
}

func TestWatchDrawsABatch(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	release := w.hold(20)[0]
	path, _ := w.manifest(20, 5, 50)
	w.work()
	id := document[job.Status](t, w.do("onboard", path, "--json").expect(t, 0)).Job
	s := newScreen(t, 100, 40)
	ended := s.enqueue(t.Context(), w.env, "watch", id)
	s.until(id+"  running", "of 5,000 stores", "100 targets: ", " completed", " running", "STOCK OR BUNDLE")
	release()
	s.exits(ended, 0)
	s.until("Batch "+id+" is completed", "succeeded     5,000")
}

func TestWatchGoesOnWhereRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Real(t, redistest.Durable...)
	w := newWorld(t, sandbox.Faults{})
	w.on(server.Client)
	id := document[receiptDocument](t, w.associate(w.list(10), "--json").expect(t, 0)).Job
	s := newScreen(t, 100, 30)
	ended := s.enqueue(t.Context(), w.env, "watch", id)
	s.until(id, "running")
	server.Kill()
	s.until("Redis has not answered for", "still trying", id, "0 of 10 stores")
	server.Restart()
	s.when("Redis answers again", func(shown string) bool {
		return !strings.Contains(shown, "Redis has not answered") && strings.Contains(shown, id)
	})
	w.do("cancel", id).expect(t, 0)
	s.exits(ended, 3)
	s.until("is cancelled", "unprocessed   10")
}

func TestWatchSurvivesEveryWindow(t *testing.T) {
	t.Parallel()
	w := onMini(t, watchedFailures(20))
	release := w.hold(10)[0]
	w.work()
	id := document[receiptDocument](t, w.associate(w.list(4_000), "--json").expect(t, 0)).Job
	s := newScreen(t, 100, 30)
	ended := s.enqueue(t.Context(), w.env, "watch", id)
	s.until(id, "PARAM_ERROR")
	for _, size := range [][2]int{{60, 30}, {60, 6}, {20, 4}, {3, 2}, {1, 1}, {200, 60}, {100, 30}} {
		s.resize(size[0], size[1])
		if size[0] >= 60 && size[1] >= 6 {
			s.until(id, "4,000 stores")
		}
	}
	release()
	s.exits(ended, 3)
	s.until("is completed", "3,985")
}

func TestWatchWithoutAJobNeedsATerminal(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.do("watch", "--json").failed(t, 2, job.CodeUsage)
	if o := w.do("watch").expect(t, 2); !strings.Contains(o.err, "takes one argument") {
		t.Errorf("got %s", o.err)
	}
	s := newScreen(t, 80, 24)
	s.exits(s.enqueue(t.Context(), append(w.env, "TERM=dumb"), "watch"), 2)
}

func TestWatchHasNoColoursWhereNoneAreWanted(t *testing.T) {
	t.Parallel()
	w := onMini(t, watchedFailures(20))
	w.work()
	id := w.ended(w.list(4_000))
	for env, coloured := range map[string]bool{"NO_COLOR=1": false, "X=": true} {
		s := newScreen(t, 100, 30)
		for _, args := range [][]string{{"watch", id}, {"jobs"}, {"status", id}} {
			want := 3
			if args[0] != "watch" {
				want = 0
			}
			s.exits(s.enqueue(t.Context(), append(w.env, env), args...), want)
		}
		s.until("completed", "PARAM_ERROR")
		s.mu.Lock()
		raw := s.raw.String()
		s.mu.Unlock()
		if got := strings.Contains(raw, "\x1b[31m") || strings.Contains(raw, "\x1b[32m"); got != coloured {
			t.Errorf("%s: colours %v, want %v", env, got, coloured)
		}
	}
}

func TestNothingFromOutsideSteersTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "门店\x1b]0;x\a\u009b2J\x1b[3J\u202e不存在"
	w := onMini(t, sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "7", Code: evil, Message: evil}}})
	w.work()
	list := w.write("list.csv", "store_id,城市\n7,"+evil+"\n8,北京\n")
	id := w.ended(list)
	bad := w.write("bad.csv", "store_id\n"+evil+"\n")
	for _, c := range [][]string{{"status", id}, {"status", id, "--json"}, {"jobs"}, {"jobs", "--json"}, {"results", id}, {"results", id, "--json"},
		{"results", id, "--encoding", "gb18030"}, {"results", id, "--join", list}, {"watch", id}, {"watch", id, "--json"}, {"status", evil},
		{"associate", bad, "--sandbox"}, {"associate", evil, "--sandbox"}, {evil}, {"jobs", "--" + evil}} {
		s := newScreen(t, 100, 30)
		if status := <-s.enqueue(t.Context(), w.env, c...); status == 1 {
			t.Errorf("%q ended with 1: %s", c, s.text())
		}
		if _, err := s.tty.WriteString("\r\nthe end"); err != nil {
			t.Fatal(err)
		}
		s.until("the end")
		s.mu.Lock()
		raw := s.raw.String()
		s.mu.Unlock()
		for _, steering := range []string{"\x1b]0", "\a", "\u009b", "\x1b[3J", "\u202e"} {
			if strings.Contains(raw, steering) {
				t.Errorf("%q reaches the terminal by %q: %q", steering, c, raw)
			}
		}
	}
	// What a program reads is as it came.
	if o := w.do("results", id).expect(t, 0); !strings.Contains(o.out, evil) {
		t.Errorf("got %q", o.out)
	}
}
