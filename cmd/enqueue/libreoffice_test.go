package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// office converts files as a person would with LibreOffice. Without it (Debian: libreoffice-calc) the test is skipped.
type office struct {
	t       *testing.T
	program string
	dir     string
}

func withOffice(t *testing.T) *office {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed (Debian: libreoffice-calc): ", err)
	}
	return &office{t: t, program: program, dir: t.TempDir()}
}

// convert gives the folder into which a file was converted.
func (o *office) convert(file, to string, more ...string) string {
	o.t.Helper()
	out, err := os.MkdirTemp(o.dir, "out")
	if err != nil {
		o.t.Fatal(err)
	}
	args := append([]string{"-env:UserInstallation=file://" + o.dir + "/profile", "--headless", "--convert-to", to, "--outdir", out}, more...)
	said, err := exec.CommandContext(o.t.Context(), o.program, append(args, file)...).CombinedOutput()
	if err != nil || !strings.Contains(string(said), "convert ") || strings.Contains(string(said), "Error") {
		o.t.Fatalf("LibreOffice says: %s (%v)", said, err)
	}
	return out
}

// Text export of LibreOffice: comma, double quote, encoding (76 is UTF-8, 85 GB18030), from line 1, texts of quotes no,
// numbers as shown, each sheet to a file of its own.
const (
	asUTF8    = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
	asGB18030 = "csv:Text - txt - csv (StarCalc):44,34,85,1,,0,false,true,false,false,false,-1"
)

func readList(t *testing.T, path string) []string {
	t.Helper()
	in, name, err := storelist.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rd, err := storelist.NewReader(t.Context(), in, storelist.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for id, err := range rd.IDs() {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func only(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found[0]
}

func TestListsOfLibreOfficeAreReadToTheSameIDs(t *testing.T) {
	t.Parallel()
	o := withOffice(t)
	var text strings.Builder
	text.WriteString("城市,门店编号,名称\n")
	var want []string
	for i := range 300 {
		id := fmt.Sprintf("%d", 100_000_000+i*7919)
		switch i % 10 {
		case 3:
			id = fmt.Sprintf("00%d", i)
		case 5:
			id = fmt.Sprintf("SH_%d-a_x0041_b", i)
		case 7:
			id = fmt.Sprintf("%d", 900_000_000_000_000+i) // fifteen digits
		}
		want = append(want, id)
		fmt.Fprintf(&text, "上海,%s,\"某某店, 第%d家\"\n", id, i)
	}
	list := filepath.Join(o.dir, "list.csv")
	if err := os.WriteFile(list, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	// Column 2 as text; and as numbers where it has no zeros in front, which LibreOffice takes off like any spreadsheet.
	book := only(t, o.convert(list, "xlsx:Calc MS Excel 2007 XML", "--infilter=CSV:44,34,76,1,2/2")+"/*.xlsx")
	if got := readList(t, book); !slices.Equal(got, want) {
		t.Errorf(".xlsx: got %q\nwant %q", got[:20], want[:20])
	}
	gb := only(t, o.convert(book, asGB18030)+"/*.csv")
	packed, err := os.ReadFile(gb)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := simplifiedchinese.GB18030.NewDecoder().Bytes(packed); err != nil || !strings.Contains(string(plain), "门店编号") ||
		strings.Contains(string(packed), "门店编号") {
		t.Fatalf("LibreOffice did not write GB18030: %.100q, %v", packed, err)
	}
	if got := readList(t, gb); !slices.Equal(got, want) {
		t.Errorf("GB18030: got %q\nwant %q", got[:20], want[:20])
	}
	numbers := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return strings.HasPrefix(id, "0") })
	lines := slices.DeleteFunc(strings.SplitAfter(text.String(), "\n"), func(line string) bool { return strings.Contains(line, ",00") })
	if err := os.WriteFile(list, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	book = only(t, o.convert(list, "xlsx:Calc MS Excel 2007 XML", "--infilter=CSV:44,34,76,1")+"/*.xlsx")
	if got := readList(t, book); !slices.Equal(got, numbers) {
		t.Errorf("numbers: got %q\nwant %q", got[:20], numbers[:20])
	}
}

func TestLibreOfficeOpensReportsAndKeepsEveryID(t *testing.T) {
	t.Parallel()
	o := withOffice(t)
	w := onMini(t, sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{{StoreID: "007", Code: "PARAM_ERROR", Message: "=1+1"}}})
	w.work()
	want := append(storeIDs(500), "007", "7", "-A1", "-1-2", "-5", "1E5", "0x10", "a_x0041_b", "_x005F_", "TRUE", "2026-07-01",
		"12345678901234567890123456789012", strings.Repeat("9", 64))
	id := w.ended(w.write("list.csv", "store_id,城市\n"+strings.Join(want, ",上海\n")+",上海\n"))
	check := func(name string, column int, rows [][]string) {
		t.Helper()
		var got []string
		for _, r := range rows[1:] {
			got = append(got, r[column])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: LibreOffice has %d IDs: %q", name, len(got), got[max(0, len(got)-13):])
		}
	}
	for _, lang := range []string{"en", "zh"} {
		w.do("results", id, "--output", w.file("report.xlsx"), "--lang", lang).expect(t, 0)
		out := o.convert(w.file("report.xlsx"), asUTF8)
		sheet := map[string]string{"en": "Stores", "zh": "门店"}[lang]
		text, err := os.ReadFile(filepath.Join(out, "report-"+sheet+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows := records(t, string(text), ',')
		check("report in "+lang, 0, rows)
		if rows[501][3] != "=1+1" {
			t.Errorf("the message became %q", rows[501][3])
		}
	}
	w.do("results", id, "--join", w.file("list.csv"), "--output", w.file("joined.xlsx")).expect(t, 0)
	text, err := os.ReadFile(only(t, o.convert(w.file("joined.xlsx"), asUTF8)+"/*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	check("the list given back", 0, records(t, string(text), ','))

	// And CSV: what LibreOffice computes of it, with its standard settings, is no formula.
	w.do("results", id, "--output", w.file("report.csv"), "--encoding", "utf-8-bom").expect(t, 0)
	text, err = os.ReadFile(only(t, o.convert(w.file("report.csv"), asUTF8, "--infilter=CSV:44,34,76,1,1/2")+"/*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := records(t, string(text), ',')
	if last := rows[503]; last[0] != "'-A1" && last[0] != "-A1" || rows[501][3] != "'=1+1" && rows[501][3] != "=1+1" {
		t.Errorf("got %q, %q", last, rows[501])
	}
}
