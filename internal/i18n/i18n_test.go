package i18n_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/i18n"
)

func both(m i18n.Message) [2]string { return [2]string{m.In(i18n.English), m.In(i18n.Chinese)} }

func TestArgumentsAreShownInTheLanguage(t *testing.T) {
	t.Parallel()
	type state string
	for _, c := range []struct {
		value  any
		en, zh string
	}{
		{"completed", "x: completed", "x：completed"}, // user data is not translated
		{state("odd"), "x: odd", "x：odd"},
		{1234567, "x: 1234567", "x：1234567"}, {uint8(7), "x: 7", "x：7"}, {2.5, "x: 2.5", "x：2.5"},
		{90 * time.Minute, "x: 1h30m", "x：1 小时 30 分"}, {1500 * time.Millisecond, "x: 1.5s", "x：1.5 秒"},
		{20 * time.Millisecond, "x: 20ms", "x：20 毫秒"}, {2 * time.Hour, "x: 2h", "x：2 小时"},
		{time.Date(2026, 7, 1, 9, 30, 0, 0, time.UTC), "x: 2026-07-01 09:30:00 +00:00", "x：2026-07-01 09:30:00 +00:00"},
		{i18n.Term("completed"), "x: completed", "x：已完成"},
		{[]string{"a", "b"}, "x: a, b", "x：a、b"},
		{[]i18n.Message{i18n.Term("paused"), i18n.Term("later")}, "x: paused, later", "x：已暂停、later"},
		{fs.ErrNotExist, "x: no such file or directory", "x：没有这个文件或文件夹"},
		{net.IPv4(1, 2, 3, 4), "x: 1.2.3.4", "x：1.2.3.4"},
		{nil, "x: ", "x："},
		{"{path} %d {error}", "x: {path} %d {error}", "x：{path} %d {error}"},
	} {
		if got := both(i18n.M("system.path", "path", "x", "error", c.value)); got != [2]string{c.en, c.zh} {
			t.Errorf("%v is %q", c.value, got)
		}
	}
}

func TestErrorsAreShownInTheLanguage(t *testing.T) {
	t.Parallel()
	_, notThere := os.Open("/nowhere/list.csv")
	for _, c := range []struct {
		err    error
		en, zh string
	}{
		{notThere, "/nowhere/list.csv: no such file or directory", "/nowhere/list.csv：没有这个文件或文件夹"},
		{fmt.Errorf("read: %w", syscall.ENOSPC), "read: no space left on device", "read: 磁盘空间不足"},
		{errors.Join(syscall.ECONNREFUSED, io.EOF), "connection refused; it ended too early (EOF)", "连接被拒绝；提前结束（EOF）"},
		{context.DeadlineExceeded, "it took too long (time-out)", "超时"},
		{&net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Err: os.NewSyscallError("connect",
			syscall.ECONNREFUSED)}, "127.0.0.1:1: connection refused", "127.0.0.1:1：连接被拒绝"},
		{fmt.Errorf("a %w b %w", io.ErrNoProgress, context.Canceled), "a multiple Read calls return no data or error b interrupted",
			"a multiple Read calls return no data or error b 已中断"},
		{errors.New("what somebody else says"), "what somebody else says", "what somebody else says"},
		{i18n.E("flag.lang", "by", "--lang", "value", "fr"), `--lang "fr": it is zh or en`, `--lang "fr"：应为 zh 或 en`},
		{nil, "", ""},
	} {
		if got := both(i18n.Of(c.err)); got != [2]string{c.en, c.zh} {
			t.Errorf("%v is %q", c.err, got)
		}
	}
	if err := i18n.E("system.path", "path", "x", "error", fs.ErrNotExist); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v has lost its cause", err)
	}
}

func TestMessagesAreTheSameAfterJSON(t *testing.T) {
	t.Parallel()
	for _, m := range []i18n.Message{
		i18n.M("system.path", "path", "门店.csv", "error", i18n.M("system.at", "file", "a", "line", 5, "message", io.EOF)),
		i18n.M("system.path", "path", 90*time.Second, "error", time.Date(2026, 7, 1, 9, 30, 0, 5, time.UTC)),
		i18n.M("system.path", "path", []any{"a", 1, 2.5, i18n.Term("paused"), []string{"b"}}, "error", int64(1<<62)),
		i18n.M("system.timeout"), i18n.Term("completed"), i18n.Term("unheard of"), i18n.Plain("as it is"), {},
	} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var read i18n.Message
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		for _, back := range []i18n.Message{read, i18n.FromStored(m.Stored())} {
			if both(back) != both(m) || back.Code != m.Code || len(back.Args) != len(m.Args) {
				t.Errorf("%s is %+v, and was %+v", data, back, m)
			}
		}
		if again, _ := json.Marshal(read); string(again) != string(data) {
			t.Errorf("%s becomes %s", data, again)
		}
	}
}

func TestWhatANewerVersionSaysIsShownByItsEnglish(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]string{
		`{"v":1,"code":"job.from_tomorrow","args":{"n":3},"text":"three of tomorrow"}`:                             "three of tomorrow",
		`{"v":1,"code":"system.path","args":{"file":"x"},"text":"x is gone"}`:                                      "x is gone", // other arguments
		`{"v":9,"code":"system.timeout","what":"else","text":"said in another way"}`:                               "said in another way",
		`{"v":1,"code":"system.path","args":{"path":"x","error":{"code":"job.tomorrow","text":"odd"}},"text":"-"}`: "x：odd",
		`{"v":1,"code":"job.from_tomorrow","args":{"n":3}}`:                                                        "job.from_tomorrow n=3",
		// Records from before messages were data.
		"by root@vm":           "by root@vm",
		`{"a list": "of json"`: `{"a list": "of json"`,
		`{"v":1,"code":`:       `{"v":1,"code":`,
		"":                     "",
	} {
		if got := i18n.FromStored(record).In(i18n.Chinese); got != want {
			t.Errorf("%s is shown as %q", record, got)
		}
	}
	newer := `{"code":"job.from_tomorrow","args":{"n":3},"text":"three of tomorrow"}`
	var m i18n.Message
	if err := json.Unmarshal([]byte(newer), &m); err != nil {
		t.Fatal(err)
	}
	if data, _ := json.Marshal(m); string(data) != newer {
		t.Errorf("it is passed on as %s", data)
	}
	if (i18n.Message{}).Stored() != "" || !i18n.FromStored("").IsZero() {
		t.Error("no message is some")
	}
}

func TestMissingArgumentsAreSeen(t *testing.T) {
	t.Parallel()
	if got := i18n.Dynamic("system.path", "path", "x").String(); got != "x: {error}" {
		t.Errorf("got %q", got)
	}
	if got := i18n.Dynamic("web.never", "n", 1).In(i18n.Chinese); got != "web.never" {
		t.Errorf("got %q", got)
	}
}

func TestListsAndNumbers(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -999: "-999", 1234567: "1,234,567"} {
		if got := i18n.Grouped(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
	one, two := i18n.M("system.timeout"), i18n.M("system.eof")
	if got := both(i18n.List(i18n.Message{}, one, two)); got != [2]string{"it took too long (time-out); it ended too early (EOF)", "超时；提前结束（EOF）"} {
		t.Errorf("got %q", got)
	}
	if got := i18n.List(one); !reflect.DeepEqual(got, one) || !i18n.List().IsZero() {
		t.Errorf("got %+v", got)
	}
}

func TestListsAreCutAndMessagesCompared(t *testing.T) {
	t.Parallel()
	cells := i18n.M("list.unknown_key", "keys", []string{"a", "…"})
	if got := both(cells); !strings.Contains(got[0], `there are "a", …: `) || !strings.Contains(got[1], `现有 "a"、…：`) {
		t.Errorf("got %q", got)
	}
	all := []i18n.Message{cells, i18n.M("list.unknown_key", "keys", []string{"b"}), i18n.M("list.unknown_key", "keys", "b"), i18n.M("list.no_key", "key", cells),
		i18n.M("list.no_key", "key", i18n.Plain("b")), i18n.M("list.no_key", "key", 1), i18n.M("list.no_key", "key", time.Unix(1, 0)), {}}
	for i, a := range all {
		for j, b := range all {
			if a.Equal(b) != (i == j) {
				t.Errorf("%v and %v: equal is %v", a, b, a.Equal(b))
			}
		}
	}
}

func TestLanguageIsAskedForOrTheEnvironments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flag, env string
		want      i18n.Lang
	}{
		{"zh", "LANG=en_US.UTF-8", "zh"}, {"EN", "LANG=zh_CN.UTF-8", "en"}, {"zh-CN", "", "zh"}, {"", "", "en"}, {"", "LANG=C", "en"},
		{"", "LANG=zh_CN.UTF-8", "zh"}, {"", "LANG=zh", "zh"}, {"", "LANG=zh.UTF-8", "zh"}, {"", "LANG=zh_CN.UTF-8 LC_ALL=C", "en"},
		{"", "LANG=en_US LC_MESSAGES=zh_TW", "zh"}, {"", "LANG=zh_CN LC_ALL=", "zh"}, {"", "LANG=zhx", "en"},
		{"", "LC_ALL=C STORELINK_LANG=zh", "zh"}, {"en", "STORELINK_LANG=zh", "en"}, {"", "LANG=zh_CN STORELINK_LANG=", "zh"},
	} {
		if got, err := i18n.LangOf(c.flag, strings.Fields(c.env)); got != c.want || err != nil {
			t.Errorf("%q, %q: %q, %v", c.flag, c.env, got, err)
		}
	}
	for flag, env := range map[string]string{"fr": "", "": "STORELINK_LANG=fr"} {
		if _, err := i18n.LangOf(flag, []string{env}); i18n.Of(err).Code != "flag.lang" {
			t.Errorf("got %v", err)
		}
	}
	if lang, err := i18n.Asked("", []string{"LANG=zh_CN"}); lang != "" || err != nil {
		t.Errorf("got %q, %v", lang, err)
	}
}
