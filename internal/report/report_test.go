package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/report"
)

var decided = time.Date(2026, 7, 1, 9, 30, 0, 120_000_000, time.FixedZone("CST", 8*3600))

func status() job.Status {
	return job.Status{Job: "20260701-093000-k3jq7w2p", State: job.Completed, Operation: job.Associate, Account: "acme", BrandID: "120344",
		ProductCouponID: "1000000013", StockID: "98065001", Label: "=春季", Source: "+list.csv", Total: 4, Succeeded: 1, Failed: 3,
		Failures: map[string]int64{"PARAM_ERROR": 1, "STORE_NOT_EXIST": 2}, Calls: 2, CreatedAt: decided, EndedAt: &decided}
}

var rows = []job.Row{
	{StoreID: "007", Outcome: job.Succeeded, RequestID: "08A1-0", Attempts: 1, DecidedAt: &decided},
	{StoreID: "-1+2", Outcome: job.Failed, Code: "PARAM_ERROR", Message: "=1+1", RequestID: "08A2-268578101", Attempts: 2, DecidedAt: &decided},
	{StoreID: "123456789012345678901234567890", Outcome: job.Failed, Code: "STORE_NOT_EXIST", Message: "@门店\n不存在\x01", Attempts: 1},
	{StoreID: "a_x0041_b", Outcome: job.Failed, Code: "STORE_NOT_EXIST", Message: "\t-2"},
}

// book writes a workbook and opens it.
func book(t *testing.T, opts report.BookOptions, rows ...job.Row) *excelize.File {
	t.Helper()
	var out bytes.Buffer
	b, err := report.NewBook(&out, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, r := range rows {
		if err := b.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(); err != nil || b.Rows() != int64(len(rows)) {
		t.Fatalf("%d rows, %v", b.Rows(), err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func cells(t *testing.T, f *excelize.File, sheet string) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestBookHasEveryStoreAndWhatItsFailureMeans(t *testing.T) {
	t.Parallel()
	f := book(t, report.BookOptions{Status: status(), Lang: catalogue.English}, rows...)
	got := cells(t, f, "Stores")
	if len(got) != 5 || !slices.Equal(got[0][:4], []string{"store_id", "outcome", "code", "message"}) {
		t.Fatalf("got %q", got)
	}
	for i, r := range rows {
		if got[i+1][0] != r.StoreID || got[i+1][1] != string(r.Outcome) {
			t.Errorf("got %q, want %+v", got[i+1], r)
		}
	}
	if !strings.Contains(got[2][4], "WeChat Pay found") || got[3][4] != "" || got[2][8] != "2026-07-01T01:30:00.120Z" || got[1][7] != "1" {
		t.Errorf("got %q, %q", got[2], got[3])
	}
	summary := fmt.Sprint(cells(t, f, "Summary"))
	for _, want := range []string{"[Job 20260701-093000-k3jq7w2p]", "[State completed]", "[Label =春季]", "[Stores 4]", "[failed 3]",
		"[STORE_NOT_EXIST 2 (not documented", "[PARAM_ERROR 1 WeChat Pay found", "[Rows on the sheets 4]", "[ Stores]"} {
		if !strings.Contains(summary, want) {
			t.Errorf("the summary lacks %q: %s", want, summary)
		}
	}
	if names := f.GetSheetList(); !slices.Equal(names, []string{"Summary", "Stores"}) || f.GetActiveSheetIndex() != 0 {
		t.Errorf("sheets %q, %d is shown", names, f.GetActiveSheetIndex())
	}
}

func TestBookInChinese(t *testing.T) {
	t.Parallel()
	s := status()
	s.State, s.Reason = job.Aborted, "HTTP 403 NO_AUTH: 无权限 (Request-Id 08A1-268579803)"
	f := book(t, report.BookOptions{Status: s, Lang: catalogue.Chinese, Only: job.Failed}, rows[1:]...)
	text := fmt.Sprint(cells(t, f, "摘要"), cells(t, f, "门店"))
	for _, want := range []string{"已中止", "没有把商品券的产品权限授权", "[只列出 失败]", "门店ID", "微信支付认为"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q: %s", want, text)
		}
	}
}

func TestNoCellOfABookIsAFormula(t *testing.T) {
	t.Parallel()
	f := book(t, report.BookOptions{Status: status(), Lang: catalogue.English}, rows...)
	for _, sheet := range f.GetSheetList() {
		for r, row := range cells(t, f, sheet) {
			for c, text := range row {
				name, _ := excelize.CoordinatesToCellName(c+1, r+1)
				formula, err := f.GetCellFormula(sheet, name)
				kind, errKind := f.GetCellType(sheet, name)
				number := strings.Trim(text, "0123456789") == "" && (sheet == "Summary" || c == 7)
				if err != nil || errKind != nil || formula != "" || text != "" && !number && kind != excelize.CellTypeInlineString {
					t.Errorf("%s!%s: %q is of type %v, formula %q", sheet, name, text, kind, formula)
				}
			}
		}
	}
}

func TestBookIsSplitWhereASheetIsFull(t *testing.T) {
	t.Parallel()
	var many []job.Row
	for i := range 25 {
		many = append(many, job.Row{StoreID: fmt.Sprint(i), Outcome: job.Succeeded})
	}
	for n, want := range map[int][]int{0: {0}, 9: {9}, 10: {9, 1}, 25: {9, 9, 7}} {
		f := book(t, report.BookOptions{Status: status(), Lang: catalogue.English, SheetRows: 10}, many[:n]...)
		var got []int
		next := 0
		for i, sheet := range f.GetSheetList()[1:] {
			if name := []string{"Stores", "Stores 2", "Stores 3"}[i]; sheet != name {
				t.Errorf("a sheet is called %q", sheet)
			}
			all := cells(t, f, sheet)
			if all[0][0] != "store_id" {
				t.Errorf("%s has no header: %q", sheet, all[0])
			}
			for _, row := range all[1:] {
				if row[0] != fmt.Sprint(next) {
					t.Fatalf("store %s comes for %d", row[0], next)
				}
				next++
			}
			got = append(got, len(all)-1)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d stores are split into %v, want %v", n, got, want)
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestBookTellsOfAFullDiskAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	b, err := report.NewBook(fullDisk{}, report.BookOptions{Status: status(), Lang: catalogue.English})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("长", 300)
	for i := range 20_000 { // enough for a temporary file
		if err := b.Write(job.Row{StoreID: fmt.Sprint(i), Outcome: job.Failed, Code: "X", Message: long}); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) == 0 {
		t.Error("nothing was spooled")
	}
	if err := b.Flush(); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	b.Close()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEncodingsKeepEveryCharacter(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for r := rune(1); r <= 0x10ffff; r++ {
		if r < 0xd800 || r > 0xdfff {
			all.WriteRune(r)
		}
	}
	write := func(e report.Encoding) string {
		var out bytes.Buffer
		w, err := e.Writer(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, all.String()); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if write(report.UTF8) != all.String() || write(report.UTF8BOM) != "\ufeff"+all.String() {
		t.Error("UTF-8 is altered")
	}
	back, err := simplifiedchinese.GB18030.NewDecoder().String(write(report.GB18030))
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	want := []rune(all.String())
	for i, r := range []rune(back) {
		if i < len(want) && r != want[i] && !(r == '\ufffd' && want[i] >= 0xe000 && want[i] <= 0xe864) {
			lost++
		}
	}
	if len([]rune(back)) != len(want) || lost > 0 {
		t.Errorf("%d characters are lost in GB18030", lost)
	}
	if _, err := report.ParseEncoding("gbk"); job.ExitStatus(err) != 2 {
		t.Errorf("got %v", err)
	}
}

func TestOutcomesAreFoundInAnyOrder(t *testing.T) {
	t.Parallel()
	o := &report.Outcomes{}
	defer o.Close()
	const n = 5000
	for i := range n {
		if err := o.Add(fmt.Sprint(i), []string{"succeeded", "", fmt.Sprint("m", i)}); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(i int, want bool) {
		cells, ok, err := o.Find(fmt.Sprint(i))
		if err != nil || ok != want || ok && (len(cells) != 3 || cells[2] != fmt.Sprint("m", i)) {
			t.Fatalf("%d: %q, %v, %v", i, cells, ok, err)
		}
	}
	for i := range 100 {
		ask(i, true)
		ask(n+i, false)
		ask(i/2, true)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		i := random.IntN(2 * n)
		ask(i, i < n)
	}
	for i := 100; i < n; i++ {
		ask(i, true)
	}
	if _, ok, err := (&report.Outcomes{}).Find("1"); ok || err != nil {
		t.Errorf("nothing was added: %v, %v", ok, err)
	}
}

func TestFormulasAreNeutralised(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"=1": "'=1", "+A1": "'+A1", "-A1": "'-A1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"\n=1": "'\n=1", "＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠SUM(1)": "'＠SUM(1)", "门店": "门店",
		"-5": "-5", "+86138": "+86138", "-": "'-", "-1-2": "'-1-2", "": "", "a=1": "a=1", "007": "007", "+1.5": "'+1.5"} {
		if got := report.NoFormula(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestTextThatNoCellCanHoldIsRefused(t *testing.T) {
	t.Parallel()
	j := report.NewJoinedBook(io.Discard, 0)
	defer j.Close()
	if err := j.Add(report.Row{Cells: []report.Cell{{Text: strings.Repeat("😀", 16_384)}}}); job.ExitStatus(err) != 2 {
		t.Errorf("got %v", err)
	}
	if err := j.Add(report.Row{Cells: []report.Cell{{Text: strings.Repeat("长", 32_767)}}}); err != nil {
		t.Errorf("got %v", err)
	}
	if err := report.CheckWidth(16_385); job.ExitStatus(err) != 2 {
		t.Errorf("got %v", err)
	}
}

func TestListGivenBackIsSplitWithItsHeader(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	j := report.NewJoinedBook(&out, 4)
	defer j.Close()
	for i := range 8 {
		if err := j.Add(report.Row{Head: i == 0, Cells: []report.Cell{{Text: fmt.Sprint("r", i)}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := ""
	for _, sheet := range f.GetSheetList() {
		got += fmt.Sprint(cells(t, f, sheet))
	}
	if want := "[[r0] [r1] [r2] [r3]][[r0] [r4] [r5] [r6]][[r0] [r7]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBookOfAResyncAndOfABatchHasTheirColumns(t *testing.T) {
	t.Parallel()
	resync := status()
	resync.Operation = job.Resync
	row := rows[0]
	row.Operation, row.Verified = job.Disassociate, job.Contradicted
	row.Message = "(a call for it went unanswered: it may have been carried out)"
	resync.Source = "retry of j-0"
	resync.Resync = &job.ResyncStatus{Phase: job.PhaseVerified, InLine: 9, Contradicted: 1, Settled: 2, Strange: 3, Unsteady: true}
	f := book(t, report.BookOptions{Status: resync, Lang: catalogue.English}, row)
	if got := cells(t, f, "Stores"); !slices.Equal(got[0][9:], report.ResyncColumns) ||
		!slices.Equal(got[1][9:], []string{"disassociate", "contradicted"}) {
		t.Errorf("got %q", got)
	}
	f = book(t, report.BookOptions{Status: resync, Lang: catalogue.Chinese}, row)
	if got := cells(t, f, "门店"); !slices.Equal(got[0][9:], []string{"操作", "核对结果"}) ||
		!slices.Equal(got[1][9:], []string{"取消关联门店", "与微信支付列表不符"}) ||
		got[1][3] != "（有一次调用没有收到应答：可能已经生效）" {
		t.Errorf("got %q", got)
	}
	summary := fmt.Sprint(cells(t, f, "摘要"))
	for _, want := range []string{"[清单 重试 j-0]", "[与微信支付列表不符 1]", "[由微信支付列表确认 2]", "[不是门店ID，未处理 3]", "[读取期间列表有变动 "} {
		if !strings.Contains(summary, want) {
			t.Errorf("the summary lacks %q: %s", want, summary)
		}
	}
	batch := status()
	batch.Targets, batch.Jobs = 2, map[job.State]int64{job.Completed: 1, job.Aborted: 1}
	row = rows[0]
	row.Job, row.Account, row.Target = "j-1", "acme", &job.Target{BrandID: "1", ProductCouponID: "2", StockBundleID: "0004"}
	f = book(t, report.BookOptions{Status: batch, Lang: catalogue.English}, row)
	if got := cells(t, f, "Stores"); !slices.Equal(got[0][9:], report.BatchColumns) ||
		!slices.Equal(got[1][9:], []string{"j-1", "acme", "1", "2", "", "0004"}) {
		t.Errorf("got %q", got)
	}
	if summary := fmt.Sprint(cells(t, f, "Summary")); !strings.Contains(summary, "[targets 2] [ aborted 1] [ completed 1]") {
		t.Errorf("got %s", summary)
	}
	f = book(t, report.BookOptions{Status: batch, Lang: catalogue.Chinese}, row)
	if got := cells(t, f, "门店"); slices.Contains(got[0], "") || len(got[0]) != 15 {
		t.Errorf("a column has no name in Chinese: %q", got[0])
	}
}

func TestStoreOfManyJobsIsFoundInAllOfThem(t *testing.T) {
	t.Parallel()
	o := &report.Outcomes{}
	defer o.Close()
	for n := range 3 {
		for i := range 1000 {
			if err := o.Add(fmt.Sprint(i), []string{fmt.Sprint(n)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, i := range []int{0, 1, 999, 500} {
		if all, err := o.All(fmt.Sprint(i)); err != nil || fmt.Sprint(all) != "[[0] [1] [2]]" {
			t.Errorf("%d: %v, %v", i, all, err)
		}
	}
	if all, err := o.All("1000"); err != nil || all != nil {
		t.Errorf("got %v, %v", all, err)
	}
	if all, err := (&report.Outcomes{}).All("1"); err != nil || all != nil {
		t.Errorf("nothing was added: %v, %v", all, err)
	}
}
