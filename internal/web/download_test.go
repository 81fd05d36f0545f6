package web_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redistest"
	"github.com/storelink/storelink/internal/report"
)

func TestReportsAreDownloadedWhole(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, rdb *redis.Client) {
		w := newWorld(t, rdb, nil)
		w.work(0, bad())
		id := w.submit(newJob("华东"), 900)
		w.wait(id, "the job has ended", ended)
		b := w.browser("zh-CN")

		var want bytes.Buffer
		report := report.NewRowWriter(&want, report.CSV)
		for row, err := range w.rows(id) {
			w.must(err)
			w.must(report.Write(row))
		}
		w.must(report.Flush())
		a := b.get("/jobs/" + id + "/report.csv")
		if a.status != 200 || a.header.Get("Content-Disposition") != `attachment; filename="`+id+`.csv"` {
			t.Fatalf("%d %v", a.status, a.header)
		}
		if got, bom := strings.CutPrefix(a.body, "\ufeff"); !bom || got != want.String() {
			t.Error("the page's CSV is not the command's, behind a BOM")
		}
		a = b.get("/jobs/" + id + "/report.csv?encoding=gb18030")
		plain, err := simplifiedchinese.GB18030.NewDecoder().String(a.body)
		if err != nil || plain != want.String() || !strings.Contains(a.header.Get("Content-Type"), "gb18030") {
			t.Errorf("the GB18030 of the page is not the command's (%v, %s)", err, a.header.Get("Content-Type"))
		}
		a = b.get("/jobs/" + id + "/report.csv?outcome=failed")
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 3 || !strings.Contains(a.header.Get("Content-Disposition"), "-failed.csv") {
			t.Errorf("the failed alone: %v (%v)", rows, err)
		}
		if a = b.get("/jobs/" + id + "/report.jsonl"); strings.Count(a.body, "\n") != 900 {
			t.Errorf("%d lines of JSON", strings.Count(a.body, "\n"))
		}
		a = b.get("/jobs/" + id + "/report.xlsx")
		f, err := excelize.OpenReader(strings.NewReader(a.body))
		w.must(err)
		defer f.Close()
		if f.SheetCount < 2 {
			t.Errorf("the workbook has %d sheets", f.SheetCount)
		}
		batch := w.submitBatch(2, 300)
		w.wait(batch, "the batch has ended", func(s job.Status) bool { return s.State.Ended() })
		if a := b.get("/jobs/" + batch + "/report.csv"); strings.Count(a.body, "\n") != 601 || !strings.Contains(a.body, "2000002") {
			t.Errorf("a batch's report has %d lines", strings.Count(a.body, "\n"))
		}
	})
}
