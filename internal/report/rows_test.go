package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

func reportRows() []job.Row {
	return []job.Row{
		{StoreID: "007", Outcome: job.Succeeded, RequestID: "08A1-0", Attempts: 1, DecidedAt: &decided},
		{StoreID: "-1", Outcome: job.Failed, Code: "STORE_NOT_EXIST", Message: `门店, "不存在"`, RequestID: "08A2-1",
			Attempts: 2, DecidedAt: &decided},
		{StoreID: "x_9", Outcome: job.Unprocessed},
	}
}

func write(t *testing.T, format report.Format, rows ...job.Row) string {
	t.Helper()
	var out bytes.Buffer
	w := report.NewRowWriter(&out, format)
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if w.Rows() != int64(len(rows)) {
		t.Errorf("%d rows counted, %d written", w.Rows(), len(rows))
	}
	return out.String()
}

func TestCSVReport(t *testing.T) {
	t.Parallel()
	want := `store_id,outcome,code,message,request_id,attempts,decided_at
007,succeeded,,,08A1-0,1,2026-07-01T01:30:00.120Z
-1,failed,STORE_NOT_EXIST,"门店, ""不存在""",08A2-1,2,2026-07-01T01:30:00.120Z
x_9,unprocessed,,,,0,
`
	if got := write(t, report.CSV, reportRows()...); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSONLinesReportHasEveryFieldInEveryRow(t *testing.T) {
	t.Parallel()
	want := `{"store_id":"007","outcome":"succeeded","code":"","message":"","request_id":"08A1-0","attempts":1,"decided_at":"2026-07-01T01:30:00.120Z"}
{"store_id":"-1","outcome":"failed","code":"STORE_NOT_EXIST","message":"门店, \"不存在\"","request_id":"08A2-1","attempts":2,"decided_at":"2026-07-01T01:30:00.120Z"}
{"store_id":"x_9","outcome":"unprocessed","code":"","message":"","request_id":"","attempts":0,"decided_at":null}
`
	if got := write(t, report.JSONLines, reportRows()...); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReportWithoutRowsStillHasItsHeader(t *testing.T) {
	t.Parallel()
	if got := write(t, report.CSV); got != strings.Join(report.Columns, ",")+"\n" {
		t.Errorf("got %q", got)
	}
}

func TestCSVReportHoldsNoFormula(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"} {
		evil := start + `cmd|' /C calc'!A0`
		text := write(t, report.CSV, job.Row{StoreID: "-5", Outcome: job.Failed, Code: evil, Message: evil, RequestID: evil})
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		cells := rows[1]
		if cells[0] != "-5" {
			t.Errorf("the store's ID was altered to %q", cells[0])
		}
		for _, c := range cells[2:5] {
			if !strings.HasPrefix(c, "'") {
				t.Errorf("%q can be taken for a formula", c)
			}
		}
		var row job.Row
		if err := json.Unmarshal([]byte(write(t, report.JSONLines, job.Row{StoreID: "-5", Message: evil})), &row); err != nil {
			t.Fatal(err)
		}
		if row.Message != evil {
			t.Errorf("a JSON line altered the message to %q", row.Message)
		}
	}
}

func TestIDThatLooksLikeAFormulaIsMaskedInCSVAlone(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"-5": "-5", "-007": "-007", "-A1": "'-A1", "-1-2": "'-1-2", "--1": "'--1", "-": "'-", "A-1": "A-1"} {
		rows := strings.Split(write(t, report.CSV, job.Row{StoreID: id, Outcome: job.Failed}), "\n")
		if got, _, _ := strings.Cut(rows[1], ","); got != want {
			t.Errorf("%s becomes %s, want %s", id, got, want)
		}
		if text := write(t, report.JSONLines, job.Row{StoreID: id}); !strings.Contains(text, `{"store_id":"`+id+`"`) {
			t.Errorf("a JSON line has %s", text)
		}
	}
}

func TestReportFormatByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]report.Format{
		"a.csv": report.CSV, "dir.x/A.CSV": report.CSV, "b.jsonl": report.JSONLines,
		"c": "", "c.xlsx": "", "csv": "", "dir.csv/x": "",
	} {
		got, err := report.FormatOf(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err != nil && job.ExitStatus(err) != 2 {
			t.Errorf("%s: exit status %d", name, job.ExitStatus(err))
		}
	}
}

// smallDisk takes some bytes and then none.
type smallDisk struct{ room int }

func (d *smallDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		return 0, errFull
	}
	d.room -= len(p)
	return len(p), nil
}

func TestReportTellsOfAFullDisk(t *testing.T) {
	t.Parallel()
	for _, format := range []report.Format{report.CSV, report.JSONLines} {
		w := report.NewRowWriter(&smallDisk{room: 100_000}, format)
		var err error
		for range 10_000 {
			if err = w.Write(job.Row{StoreID: "100000001", Outcome: job.Succeeded}); err != nil {
				break
			}
		}
		if !errors.Is(err, errFull) {
			t.Errorf("%s: Write went on with %v", format, err)
		}
		if err := w.Flush(); !errors.Is(err, errFull) {
			t.Errorf("%s: Flush gave %v", format, err)
		}
	}
}
