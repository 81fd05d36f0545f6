package main

import (
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/job"
)

func TestPeopleAreToldWhatFailuresMean(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	id := w.ended(w.write("list.csv", "store_id\n7\n8\n-A1\n"))
	for env, want := range map[string]string{"LANG=C": "PARAM_ERROR: WeChat Pay found", "LANG=zh_CN.UTF-8": "PARAM_ERROR: 微信支付认为",
		"LC_ALL=zh_CN.UTF-8": "微信支付认为"} {
		o := enqueue(t, append(w.env, env), "status", id).expect(t, 0)
		if !strings.Contains(o.out, want) || !strings.Contains(o.out, "=CMD() 1") || strings.Contains(o.out, "=CMD():") {
			t.Errorf("%s: %s", env, o.out)
		}
	}
	if o := w.do("status", id, "--lang", "zh").expect(t, 0); !strings.Contains(o.out, "微信支付认为") {
		t.Errorf("--lang zh: %s", o.out)
	}
	plain, chinese := w.do("status", id, "--json").expect(t, 0), w.do("status", id, "--json", "--lang", "zh").expect(t, 0)
	if plain.out != chinese.out || strings.Contains(plain.out, "微信支付") {
		t.Errorf("JSON is translated: %s", chinese.out)
	}
	w.do("status", id, "--lang", "fr", "--json").failed(t, 2, job.CodeUsage)
}

func TestReportOfAJobIsAWorkbookByItsName(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	o := w.associate(w.write("list.csv", "store_id\n7\n8\n"), "--wait", "--report", w.file("r.XLSX"), "--lang", "zh").expect(t, 3)
	if !strings.Contains(o.out, "PARAM_ERROR: 微信支付认为") {
		t.Errorf("got %s", o.out)
	}
	f, err := excelize.OpenFile(w.file("r.XLSX"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if rows, err := f.GetRows("门店"); err != nil || len(rows) != 3 || rows[1][0] != "7" || rows[2][1] != "失败" {
		t.Errorf("got %q, %v", rows, err)
	}
	w.associate(w.list(2), "--wait", "--report", w.file("r.csv"), "--encoding", "utf-8-bom").expect(t, 0)
	if text, err := os.ReadFile(w.file("r.csv")); err != nil || !strings.HasPrefix(string(text), "\ufeffstore_id,") {
		t.Errorf("got %q, %v", text, err)
	}
	// It is a list again, as it is.
	w.associate(w.file("r.csv"), "--dry-run").expect(t, 0)
	w.associate(w.file("r.XLSX"), "--dry-run", "--sheet", "门店").expect(t, 0)
	id := document[[]job.Status](t, w.do("jobs", "--json").expect(t, 0))[0].Job
	if o := w.do("results", id, "--encoding", "utf-8-bom").expect(t, 0); !strings.HasPrefix(o.out, "\ufeffstore_id,") {
		t.Errorf("got %q", o.out)
	}
	for _, link := range []string{"full.xlsx"} {
		if err := os.Symlink("/dev/full", w.file(link)); err != nil {
			t.Fatal(err)
		}
		w.do("results", id, "--output", w.file(link), "--json").failed(t, 1, job.CodeIO)
		w.do("results", id, "--join", w.file("r.csv"), "--output", w.file(link), "--json").failed(t, 1, job.CodeIO)
	}
}
