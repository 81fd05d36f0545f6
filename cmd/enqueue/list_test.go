package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func TestBadListsAreRefusedWithTheirLineAndNotOneCall(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	w.work()
	for name, c := range map[string]struct {
		list string
		line int // 0 where it is about the list as a whole
		says string
	}{
		"empty":                     {"", 0, "empty"},
		"header alone":              {"store_id,name\n", 0, "empty"},
		"blank lines":               {"\n\n\n", 0, "empty"},
		"number as a spreadsheet's": {"store_id,name\n100000001,a\n1.00000001E+08,b\n", 3, "spreadsheet"},
		"bad character":             {"store_id\n1\n2\n3 4\n", 4, "no good store ID"},
		"too long":                  {"store_id\n" + strings.Repeat("9", 65) + "\n", 2, "no good store ID"},
		"missing ID":                {"store_id,name\n1,a\n,b\n", 3, "no good store ID"},
		"several candidates":        {"store_id,门店ID,name\n1,2,c\n", 0, "--column"},
		"broken JSON":               {"{\"store_id\":\"1\"}\n{\"store_id\":\n", 2, "JSON"},
		"bad row after very many":   {"store_id\n" + strings.Repeat("123456789\n", 50_000) + "1?\n", 50_002, "no good store ID"},
	} {
		path := w.write("bad.csv", c.list)
		e := w.associate(path, "--json").failed(t, 2, job.CodeBadList)
		if c.line != 0 && e.Line != c.line || !strings.Contains(e.Message+badRows(e), c.says) || e.File != path {
			t.Errorf("%s: %+v", name, e)
		}
		if strings.Contains(e.Message, "\n") {
			t.Errorf("%s: more than a sentence: %q", name, e.Message)
		}
		human := w.associate(path).expect(t, 2)
		if human.out != "" || !strings.HasPrefix(human.err, "enqueue: ") && !strings.Contains(human.err, "\nenqueue: ") {
			t.Errorf("%s: %q, %q", name, human.out, human.err)
		}
		if c.line == 0 {
			continue
		}
		piped := enqueueWith(t, t.Context(), w.env, c.list, append([]string{"associate", "-", "--json"}, asPartner...)...)
		if e := piped.failed(t, 2, job.CodeBadList); e.Line != c.line {
			t.Errorf("%s from standard input: %+v", name, e)
		}
	}
	if w.calls.Load() != 0 || w.sandbox.Stats().Calls != 0 {
		t.Errorf("%d calls were made", w.calls.Load())
	}
	if jobs := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0)); len(jobs) != 0 {
		t.Errorf("jobs are left: %+v", jobs)
	}
}

func badRows(e errorBody) string {
	if e.BadRows == nil {
		return ""
	}
	return e.BadRows.Error()
}

func TestListsAsOperatorsHaveThem(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte("store_id\n7\n007\n")); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("城市,门店编号\n上海,7\n北京,007\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		list  string
		flags []string
	}{
		"plain text":              {"7\n007\n", nil},
		"TSV, CRLF and a BOM":     {"\ufeffstore_id\tname\r\n7\ta\r\n\r\n007\tb\r\n", nil},
		"JSON lines":              {"{\"store_id\":\"7\"}\n{\"store_id\":\"007\"}\n", nil},
		"gzip":                    {zipped.String(), nil},
		"GB18030":                 {gb, nil},
		"column by name":          {"a,b\n7,x\n007,y\n", []string{"--column", "a"}},
		"column by number":        {"x,7\ny,007\n", []string{"--column", "2"}},
		"repeats":                 {"7\n007\n7\n007\n7\n", nil},
		"bad rows that set aside": {"7\n?\n007\n1E+08\n", []string{"--set-aside", "SET_ASIDE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.Faults{})
			args := append([]string{"associate", w.write("list", c.list), "--config", w.config, "--json", "--report", w.file("r.csv")},
				asPartner...)
			for _, f := range c.flags {
				args = append(args, strings.Replace(f, "SET_ASIDE", w.file("aside.csv"), 1))
			}
			s := document[endDocument](t, w.do(args...).expect(t, 0))
			if got := w.report(w.file("r.csv")); s.Total != 2 || got["7"] != "succeeded" || got["007"] != "succeeded" || len(got) != 2 {
				t.Errorf("got %v, %+v", got, s)
			}
			if c.flags != nil && c.flags[0] == "--set-aside" {
				text, err := os.ReadFile(w.file("aside.csv"))
				if err != nil || strings.Count(string(text), "\n") != 3 || !strings.Contains(string(text), "1E+08") {
					t.Errorf("set aside: %q, %v", text, err)
				}
			}
		})
	}
}

func TestReceiptCountsRepeatsAndBadRows(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	list := w.write("list.txt", strings.Join(append(storeIDs(401), "100000000", "100000001", "?", "1E+08", "x y"), "\n"))
	r := document[receiptDocument](t, w.associate(list, "--json", "--set-aside", w.file("aside.csv")).expect(t, 0))
	if r.Job == "" || r.Total != 401 || r.Chunks != 3 || r.Repeats != 2 || r.SetAside != 3 {
		t.Errorf("got %+v", r)
	}
	// A list without a bad row leaves no rows of an earlier one behind.
	if err := w.redis.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	w.associate(w.list(3), "--set-aside", w.file("aside.csv")).expect(t, 0)
	if text, err := os.ReadFile(w.file("aside.csv")); err != nil || len(text) != 0 {
		t.Errorf("set aside: %q, %v", text, err)
	}
}

func TestRefusedListLeavesTheFileOfBadRowsAlone(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	aside := w.write("aside.csv", "of yesterday")
	w.associate(w.write("list.txt", "?\n"), "--set-aside", aside, "--json").failed(t, 2, job.CodeBadList)
	if text, err := os.ReadFile(aside); err != nil || string(text) != "of yesterday" {
		t.Errorf("set aside: %q, %v", text, err)
	}
}
