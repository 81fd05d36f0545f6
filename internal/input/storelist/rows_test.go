package storelist_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

func TestTablesAreReadRowByRow(t *testing.T) {
	t.Parallel()
	const want = "[品牌 门店编号 名称] at 1\n3 [a 1 上海]\n4 [b 2]\n5 [c 3 x\ny z]\n8 [d 4]\n"
	const table = "品牌,门店编号,名称\n,,\na, 1 ,上海\nb,2\nc,3,\"x\ny\",z\n\nd,4\n"
	for name, in := range map[string]string{
		"plain": table, "BOM": "\ufeff" + table, "CRLF": strings.ReplaceAll(table, "\n", "\r\n"), "GB18030": gb18030(table),
		"UTF-16": utf16(table), "gzip": gzipped(table), "TSV": strings.ReplaceAll(table, ",", "\t"),
	} {
		rows, err := storelist.NewRows(t.Context(), strings.NewReader(in), storelist.Options{Name: "list.csv"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		at, err := rows.IDColumn()
		got := fmt.Sprintf("%v at %d\n", rows.Header(), at)
		for err == nil {
			var cells []string
			var line int
			if cells, line, err = rows.Next(); err == nil {
				got += fmt.Sprintf("%d %v\n", line, cells)
			}
		}
		if !errors.Is(err, io.EOF) || got != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestTablesAreRefusedAsListsAre(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{"": "empty", "PK\x03\x04": "spreadsheet", "a,b\n\"": "quote", "a,b\n\x00": "zero byte",
		"a,b\n" + strings.Repeat("1\n", 100): "more than 100 bytes", gzipped("a,b\n1,2\n")[:15]: "breaks off"} {
		rows, err := storelist.NewRows(t.Context(), strings.NewReader(in), storelist.Options{Name: "list.csv", MaxText: 100})
		for err == nil {
			_, _, err = rows.Next()
		}
		if job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", in, err)
		}
	}
}
