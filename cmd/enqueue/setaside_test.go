package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

func inGB18030(t *testing.T, text string) string {
	t.Helper()
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return gb
}

// What was set aside has the list's own header, cells and encoding, and the reason behind them; mended, it is a list again.
func TestRowsThatWereSetAsideAreAListAgain(t *testing.T) {
	t.Parallel()
	const text = "门店编号,名称\n100000001,一店\nBAD?,上海二店\n100000003,\"三, 店\"\n"
	for name, c := range map[string]struct {
		list  string
		flags []string
		aside string // what it begins with
		mend  func(string) string
	}{
		"UTF-8":      {text, nil, "门店编号,名称,storelink_reason\nBAD?,上海二店,line 3: ", nil},
		"a mark":     {"\ufeff" + text, nil, "\ufeff门店编号,名称,storelink_reason\nBAD?,上海二店,line 3: ", nil},
		"Chinese":    {text, []string{"--lang", "zh"}, "门店编号,名称,storelink_原因\nBAD?,上海二店,第 3 行：", nil},
		"semicolons": {strings.ReplaceAll(text, ",", ";"), nil, "门店编号;名称;storelink_reason\nBAD?;上海二店;line 3: ", nil},
		"TSV":        {strings.ReplaceAll(text, ",", "\t"), nil, "门店编号\t名称\tstorelink_reason\nBAD?\t上海二店\tline 3: ", nil},
		"GB18030": {inGB18030(t, text), []string{"--lang", "zh"}, inGB18030(t, "门店编号,名称,storelink_原因\nBAD?,上海二店,第 3 行：门店ID里不能有"),
			nil},
		"UTF-16": {inUTF16(t, text), nil, inUTF16(t, "门店编号,名称,storelink_reason\nBAD?,上海二店,"),
			func(s string) string { return strings.ReplaceAll(s, "B\x00A\x00D\x00?\x00", "7\x00") }},
		"text":             {"1\nBAD?\n3\n", nil, "store_id,storelink_reason\nBAD?,line 2: ", nil},
		"text in Chinese":  {"1\nBAD?\n3\n", []string{"--lang", "zh"}, "\ufeffstore_id,storelink_原因\nBAD?,第 2 行：", nil},
		"an unknown name":  {"shops\n1\nBAD?\n", nil, "shops,storelink_reason\nBAD?,line 3: ", nil},
		"no header":        {"上海,1\n北京,BAD?\n", []string{"--column", "2"}, "column_1,store_id,storelink_reason\n北京,BAD?,line 2: ", nil},
		"objects":          {"{\"a\":1,\"store_id\":2}\n{\"a\":1,\"store_id\":\"BAD?\"}\n", nil, `{"a":1,"store_id":"BAD?","storelink_reason":"line 2: `, nil},
		"objects of a key": {"{\"id\":\"1\"}\n{\"id\":\"BAD?\"}\n", nil, `{"id":"BAD?","storelink_reason":"line 2: `, nil},
		"formulas": {"store_id,name\n1,=1+1\nBAD?,=1+1\n=BAD?,+86138\n", nil, "store_id,name,storelink_reason\nBAD?,'=1+1,line 3: ",
			func(s string) string { return strings.NewReplacer("'=BAD?", "8", "BAD?", "7").Replace(s) }},
		"a short row": {"name,store_id,city\na,1,x\nb,BAD?\n", nil, "name,store_id,city,storelink_reason\nb,BAD?,,line 3: ", nil},
		"set aside before": {"store_id,storelink_reason,city\n1,why,x\nBAD?,why,y\n", nil, "store_id,city,storelink_reason\nBAD?,y,line 3: ",
			nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := onMini(t, sandbox.Faults{})
			path := w.write("list", c.list)
			o := w.associate(path, append(c.flags, "--dry-run", "--json", "--set-aside", w.file("aside"))...).expect(t, 0)
			if d := document[dryRunDocument](t, o); d.SetAside == 0 || d.Total == 0 {
				t.Fatalf("got %+v", d)
			}
			aside := mustRead(t, w.file("aside"))
			if !strings.HasPrefix(strings.ReplaceAll(aside, ",\"line", ",line"), c.aside) {
				t.Fatalf("set aside: %q\nwant %q", aside, c.aside)
			}
			if strings.HasPrefix(name, "GB18030") {
				aside = decodeGB(t, aside)
			}
			if name != "UTF-16" && !utf8.ValidString(aside) {
				t.Errorf("more than one encoding: %q", aside)
			}
			mended := strings.Replace(mustRead(t, w.file("aside")), "BAD?", "7", 1)
			if c.mend != nil {
				mended = c.mend(mustRead(t, w.file("aside")))
			}
			w.associate(w.file("aside"), "--dry-run").expect(t, 2)
			w.write("mended", mended)
			want := int64(strings.Count(strings.ReplaceAll(c.list, "\x00", ""), "BAD?"))
			d := document[dryRunDocument](t, w.associate(w.file("mended"), "--dry-run", "--json").expect(t, 0))
			if d.Total != want || d.SetAside != 0 {
				t.Errorf("mended: %+v, want %d\n%s", d, want, mended)
			}
		})
	}
}

func TestCasesAreSetAside(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	o := w.associate(cases+"gb18030-one-bad-row.csv", "--dry-run", "--json", "--lang", "zh", "--set-aside", w.file("aside.csv")).expect(t, 0)
	if d := document[dryRunDocument](t, o); d.Total != 2 || d.SetAside != 1 || d.List.Encoding != "GB18030" {
		t.Errorf("got %+v", d)
	}
	if got := decodeGB(t, mustRead(t, w.file("aside.csv"))); !strings.HasPrefix(got, "门店编号,名称,storelink_原因\n坏?,上海二店,第 3 行：") {
		t.Errorf("got %q", got)
	}
	o = w.associate(cases+"c06-shared-empty.xlsx", "--dry-run", "--json", "--set-aside", w.file("aside.xlsx")).expect(t, 0)
	if d := document[dryRunDocument](t, o); d.Total != 1 || d.List.Last != "5" {
		t.Errorf("got %+v", d)
	}
}

func inUTF16(t *testing.T, text string) string {
	t.Helper()
	s, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decodeGB(t *testing.T, s string) string {
	t.Helper()
	d, err := simplifiedchinese.GB18030.NewDecoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A row with more cells than its header is as wrong when it is read again, until it is mended.
func TestWideRowsThatWereSetAsideStayWide(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	list := w.write("list.csv", "store_id\n1\n2,3\n")
	w.associate(list, "--dry-run", "--set-aside", w.file("aside.csv")).expect(t, 0)
	if got := mustRead(t, w.file("aside.csv")); !strings.HasPrefix(got, "store_id,storelink_reason\n2,3,") {
		t.Fatalf("got %q", got)
	}
}

func TestRowsOfAWorkbookAreSetAsideInAWorkbook(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	list := w.write("list.xlsx", workbook(t, map[string][][]any{"Sheet1": {{"清单"}, {"名称", "门店编号", "数量", "开", "备注"},
		{"上海", 100000001, 3, true, "x"}, {"北京", "BAD?", 2.5, true, "=1+1"}, {"广州", nil, 7, false, "+86"}}}))
	for name, lang := range map[string]string{"aside.xlsx": "en", "aside": "zh"} {
		w.associate(list, "--dry-run", "--set-aside", w.file(name), "--lang", lang).expect(t, 0)
		f, err := excelize.OpenReader(strings.NewReader(mustRead(t, w.file(name))))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		sheet := f.GetSheetName(0)
		rows, err := f.GetRows(sheet)
		if err != nil || len(rows) != 3 || len(f.GetSheetList()) != 1 {
			t.Fatalf("got %q, %v", rows, err)
		}
		reason := map[string]string{"en": "storelink_reason line 4: ", "zh": "storelink_原因 第 4 行："}[lang]
		if got := strings.Join(rows[0], " ") + " " + rows[1][5]; !strings.HasPrefix(got, "名称 门店编号 数量 开 备注 "+reason) {
			t.Errorf("got %q, want %q", got, reason)
		}
		for cell, want := range map[string]excelize.CellType{"B2": excelize.CellTypeInlineString, "C2": excelize.CellTypeUnset,
			"D2": excelize.CellTypeBool, "E2": excelize.CellTypeInlineString, "E3": excelize.CellTypeInlineString} {
			kind, err := f.GetCellType(sheet, cell)
			if formula, _ := f.GetCellFormula(sheet, cell); err != nil || kind != want || formula != "" {
				t.Errorf("%s is of type %v, and a formula %q, %v", cell, kind, formula, err)
			}
		}
		for cell, id := range map[string]any{"B2": 7, "B3": "007"} {
			if err := f.SetCellValue(sheet, cell, id); err != nil {
				t.Fatal(err)
			}
		}
		var mended bytes.Buffer
		if _, err := f.WriteTo(&mended); err != nil {
			t.Fatal(err)
		}
		d := document[dryRunDocument](t, w.associate(w.write("mended.xlsx", mended.String()), "--dry-run", "--json").expect(t, 0))
		if d.Total != 2 || d.SetAside != 0 {
			t.Errorf("mended: %+v", d)
		}
	}
	// As CSV where the name says so, and the other way round.
	w.associate(list, "--dry-run", "--set-aside", w.file("aside.csv")).expect(t, 0)
	if got := mustRead(t, w.file("aside.csv")); !strings.HasPrefix(got, "\ufeff名称,门店编号,数量,开,备注,storelink_reason\n北京,BAD?,2.5,TRUE,'=1+1,") {
		t.Errorf("as CSV: %q", got)
	}
	w.associate(w.write("list.csv", inGB18030(t, "门店编号,名称\n1,一\n?,上海\n")), "--dry-run", "--set-aside", w.file("csv.xlsx")).expect(t, 0)
	f, err := excelize.OpenFile(w.file("csv.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if rows, err := f.GetRows(f.GetSheetName(0)); err != nil || len(rows) != 2 || rows[0][0] != "门店编号" || rows[1][1] != "上海" {
		t.Errorf("as a workbook: %q, %v", rows, err)
	}
}

func TestRowsAreNotSetAsideWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	w := onMini(t, sandbox.Faults{})
	e := w.associate(w.write("list.csv", "store_id\n1\n?\n"), "--set-aside", "/dev/full", "--json").failed(t, 1, "io")
	if !strings.Contains(e.Message, "so nothing was sent") {
		t.Errorf("got %+v", e)
	}
}
