package terminal_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/creack/pty"

	"github.com/storelink/storelink/internal/terminal"
)

func TestColoursFollowTerminalAndEnvironment(t *testing.T) {
	t.Parallel()
	controller, tty, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer controller.Close()
	defer tty.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 30, Cols: 97}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env           string
		colour, moves bool
		piped         bool
	}{
		{env: "TERM=xterm-256color", colour: true, moves: true},
		{env: "TERM=dumb"},
		{env: "TERM=xterm NO_COLOR=1", moves: true},
		{env: "TERM=xterm NO_COLOR=yes CLICOLOR_FORCE=1", moves: true},
		{env: "TERM=xterm NO_COLOR= CLICOLOR=1", colour: true, moves: true},
		{env: "TERM=xterm CLICOLOR=0", moves: true},
		{env: "TERM=xterm CLICOLOR_FORCE=1", colour: true, moves: true, piped: true},
		{env: "TERM=xterm CLICOLOR_FORCE=0", colour: true, moves: true},
	} {
		s := terminal.Of(tty, strings.Fields(c.env))
		if !s.Terminal || s.Colour != c.colour || s.Moves != c.moves || s.Width() != 97 {
			t.Errorf("%s: %+v, width %d", c.env, s, s.Width())
		}
		p := terminal.Of(&strings.Builder{}, strings.Fields(c.env))
		if p.Terminal || p.Moves || p.Colour != c.piped || p.Width() != 0 || p.Plain() == c.piped {
			t.Errorf("%s, no terminal: %+v", c.env, p)
		}
	}
}

func TestTextsFromOutsideCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\x1b[31mb\x00门店\u202e\xff\n": "a\uFFFD[31mb\uFFFD门店\uFFFD\uFFFD\n",
		"\u009b2J\x07\t\r":             "\uFFFD2J\uFFFD\uFFFD\uFFFD",
		"门店 1":                         "门店 1",
	} {
		if got := terminal.Printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := terminal.Line("a\nb"); got != "a b" {
		t.Errorf("got %q", got)
	}
}

func TestTextsAreMeasuredInColumns(t *testing.T) {
	t.Parallel()
	if terminal.Width("门店a") != 5 || terminal.Width("\x1b[31m门\x1b[0m") != 2 {
		t.Error("a Chinese character takes two columns, and a colour none")
	}
	for most, want := range map[int]string{0: "", 1: "…", 2: "…", 3: "门…", 4: "门…", 5: "门店…", 8: "门店一二"} {
		if got := terminal.Cut("门店一二", most); got != want {
			t.Errorf("%d: %q, want %q", most, got, want)
		}
	}
	if got := terminal.Pad("门", 4, false) + "|" + terminal.Pad("1", 3, true); got != "门  |  1" {
		t.Errorf("got %q", got)
	}
	for text, want := range map[string]string{
		"use --json or make it wider": "use|--json|or make|it|wider",
		"门店一二三 four five":             "门店一|二三|four|five",
		"微信支付，（门店）。":                  "微信支|付，|（门|店）。",
		"abcdefghij k":                "abcdefg|hij k",
		"short":                       "short",
		"还需要 12 秒":                    "还需要|12 秒",
	} {
		if got := strings.Join(terminal.Wrap(text, 7), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, line := range terminal.Wrap("微信支付认为这个门店ID不符合要求 and goes on", 9) {
		if terminal.Width(line) > 9 {
			t.Errorf("%q is too wide", line)
		}
	}
}

func table() *terminal.Table {
	t := &terminal.Table{Columns: []terminal.Column{{Name: "JOB"}, {Name: "STATE", Least: 5}, {Name: "STORES", Right: true, Drop: 1},
		{Name: "LABEL", Least: 8, Drop: 2}}}
	t.Add(terminal.Cell{Text: "20260701-093000-k3jq7w2p"}, terminal.Cell{Text: "running", Style: terminal.Green},
		terminal.Cell{Text: "1,000"}, terminal.Cell{Text: "春季\x1b[2J门店上新活动"})
	t.Add(terminal.Cell{Text: "j"}, terminal.Cell{Text: "aborted"})
	return t
}

func TestTableFitsEveryWidth(t *testing.T) {
	t.Parallel()
	for width := 1; width < 90; width++ {
		lines, left := table().Lines(terminal.Screen{Terminal: true, Colour: true}, width)
		for _, line := range lines {
			if terminal.Width(line) > width || strings.Contains(line, "\x1b[2J") {
				t.Errorf("%d columns: %q", width, line)
			}
		}
		if all := strings.Join(lines, "\n"); width >= 34 && !strings.Contains(all, "20260701-093000-k3jq7w2p") {
			t.Errorf("%d columns: the ID is cut: %s", width, all)
		}
		if width >= 66 && len(left) != 0 || width < 40 && (len(left) == 0 || left[0] != "LABEL") {
			t.Errorf("%d columns: without %q", width, left)
		}
	}
}

func TestEmptyColumnGivesItsRoom(t *testing.T) {
	t.Parallel()
	tab := &terminal.Table{Columns: []terminal.Column{{Name: "ACCOUNT"}, {Name: "PACE", Least: 4}, {Name: "REASON", Drop: 1}}}
	tab.Add(terminal.Cell{Text: "acme"}, terminal.Cell{Text: "associate-stock 20"})
	lines, left := tab.Lines(terminal.Screen{Terminal: true}, 30)
	if len(left) != 0 || lines[1] != "acme     associate-stock 20" {
		t.Errorf("got %q without %q", lines, left)
	}
	if lines, _ := tab.Lines(terminal.Screen{Terminal: true}, 40); !strings.Contains(lines[0], "REASON") {
		t.Errorf("there is room for all: %q", lines)
	}
}

func TestTableLinesUpChineseText(t *testing.T) {
	t.Parallel()
	tab := &terminal.Table{Columns: []terminal.Column{{Name: "状态"}, {Name: "门店", Right: true}, {Name: "标签"}}}
	tab.Add(terminal.Cell{Text: "进行中"}, terminal.Cell{Text: "1,000"}, terminal.Cell{Text: "x"})
	lines, _ := tab.Lines(terminal.Screen{Terminal: true}, 0)
	if got := strings.Join(lines, "|"); got != "状态     门店  标签|进行中  1,000  x" {
		t.Errorf("got %q", got)
	}
}

func TestTableIsPlainWhereThereIsNoTerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if _, err := table().Write(&out, terminal.Screen{}); err != nil {
		t.Fatal(err)
	}
	want := "JOB                       STATE    STORES  LABEL\n" +
		"20260701-093000-k3jq7w2p  running  1,000   春季\uFFFD[2J门店上新活动\n" +
		"j                         aborted          \n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	tab := &terminal.Table{Columns: []terminal.Column{{Name: "状态"}, {Name: "STORES"}, {Name: "标签"}}}
	tab.Add(terminal.Cell{Text: "done"}, terminal.Cell{Text: "七"}, terminal.Cell{Text: "x"})
	if _, err := tab.Write(&out, terminal.Screen{}); err != nil || out.String() != "状态  STORES  标签\ndone  七      x\n" {
		t.Errorf("Chinese names do not line up: %q, %v", out.String(), err)
	}
}

func TestBarHasItsWidthAndIsFullOnlyAtTheEnd(t *testing.T) {
	t.Parallel()
	for columns := range 30 {
		for _, done := range []int64{-1, 0, 1, 499, 999, 1_000, 2_000} {
			bar := terminal.Bar(done, 1_000, columns)
			if len(bar) != columns || done < 1_000 && columns > 2 && strings.Count(bar, "=") == columns-2 {
				t.Errorf("%d of 1000 in %d columns: %q", done, columns, bar)
			}
		}
	}
	if got := terminal.Bar(50, 100, 12); got != "[=====>    ]" {
		t.Errorf("got %q", got)
	}
}

func FuzzNothingPrintableIsAControl(f *testing.F) {
	f.Add("a\x1b]0;x\x07\u202e门\xff", 7)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width %= 200
		line := terminal.Cut(terminal.Line(s), width)
		if !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) || strings.ContainsRune(line, '\u202e') {
			t.Errorf("%q", line)
		}
		for _, l := range terminal.Wrap(terminal.Line(s), width) {
			if width > 0 && terminal.Width(l) > max(2, width) {
				t.Errorf("%q takes %d columns, not %d", l, terminal.Width(l), width)
			}
		}
		if terminal.Width(line) > max(0, width) {
			t.Errorf("%q takes %d columns, not %d", line, terminal.Width(line), width)
		}
	})
}
