package storelist_test

import (
	"context"
	"errors"
	"flag"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// What reading a list may cost for each kilobyte of it that has begun.
const (
	costTime   = time.Second
	costMemory = 64 << 20 // bytes of the heap
)

// frugal reads a list and fails where that costs more than it may. Time counts where it is fuzzed, and hardly where the
// seeds are tests beside others.
func frugal(t *testing.T, list string, opts storelist.Options) (ids []string, stats storelist.Stats, err error) {
	t.Helper()
	size := time.Duration(len(list)/1024 + 1)
	limit := size * costTime
	if worker := flag.Lookup("test.fuzzworker"); worker == nil || worker.Value.String() != "true" {
		limit *= 60
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	most := watchHeap(ctx)
	rd, err := storelist.NewReader(ctx, strings.NewReader(list), opts)
	if err == nil {
		for id, e := range rd.IDs() {
			if e != nil {
				err = e
				break
			}
			ids = append(ids, id)
		}
		stats = rd.Stats()
	}
	late := ctx.Err() != nil
	cancel()
	if grown := most(); grown > uint64(size)*costMemory && limit == size*costTime {
		t.Fatalf("a list of %d bytes took %d bytes of memory", len(list), grown)
	}
	if late {
		t.Fatalf("a list of %d bytes took more than %s", len(list), limit)
	}
	return ids, stats, err
}

// watchHeap watches the heap until ctx ends, and then gives by how much it had grown at the most.
func watchHeap(ctx context.Context) (most func() uint64) {
	heap := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	begin, high := heap(), uint64(0)
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			high = max(high, heap())
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	return func() uint64 { watching.Wait(); return max(high, begin) - begin }
}

// consistent checks what came of reading a workbook that may be anything.
func consistent(t *testing.T, ids []string, stats storelist.Stats, err error) {
	t.Helper()
	for _, id := range ids {
		if !job.ValidID(id) {
			t.Fatalf("%q was given out", id)
		}
	}
	if err == nil && (len(ids) == 0 || stats.IDs != int64(len(ids)) || stats.Rows != stats.IDs+stats.Repeats+stats.SetAside) {
		t.Fatalf("%d IDs, %+v", len(ids), stats)
	}
	var e *job.Error
	if err != nil && (!errors.As(err, &e) || e.Code != job.CodeBadList || e.File != "list.xlsx") {
		t.Fatalf("got %v", err)
	}
}

// FuzzSpreadsheet changes the parts of a workbook: a sheet, its shared strings, its styles, and what it says of itself.
func FuzzSpreadsheet(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" s="1"><v>45000</v></c><c r="B1" t="s"><v>0</v></c></row>`, `<si><t>门店ID</t></si>`, `<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>`, "")
	f.Add(`<row><c t="inlineStr"><is><r><t>1</t></r></is></c></row><row hidden="1"><c><v>1E+15</v></c></row>`, "", "", "")
	f.Add(`<row><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="d"><v>x</v></c><c><f>1</f></c></row>`, "<si/>", `<numFmts><numFmt numFmtId="170" formatCode="[h]&quot;"/></numFmts>`, "")
	f.Add(`</sheetData><sheetData><row/>`, `<si><rPh><t>a</t></rPh><t>_x000D_</t></si>`, "<", "")
	f.Add(`<row r="9999999999999999999"/>`, "", "", "")
	f.Add(`<row><c r="a1" t="str"><f t="array" ref="A1:B2">1</f><v>1</v></c><c><v>0</v></c></row>`, "", "", `<calcPr fullCalcOnLoad="1"/>`)
	f.Add(`<row><c t="str"><f>1</f><v/></c><c r="XFD1"><v>1</v></c></row><row><c s="7"><v>1</v></c></row>`, "", "<cellXfs/>", `<workbookPr date1904="1"/>`)
	f.Fuzz(func(t *testing.T, sheet, strings, styles, book string) {
		list := packed(t, map[string]string{
			"xl/worksheets/sheet1.xml": worksheet(sheet),
			"xl/sharedStrings.xml":     `<sst ` + sheetNS + `>` + strings + `</sst>`,
			"xl/styles.xml":            `<styleSheet ` + sheetNS + `>` + styles + `</styleSheet>`,
			"xl/workbook.xml":          workbook(`<sheets><sheet name="S" sheetId="1" r:id="s"/></sheets>` + book),
			"xl/_rels/workbook.xml.rels": relations([3]string{"s", "worksheet", "worksheets/sheet1.xml"},
				[3]string{"y", "styles", "styles.xml"}, [3]string{"t", "sharedStrings", "sharedStrings.xml"}),
		})
		ids, stats, err := frugal(t, list, storelist.Options{Name: "list.xlsx"})
		consistent(t, ids, stats, err)
		_, stats, err = frugal(t, list, storelist.Options{Name: "list.xlsx", Column: "1", SetAside: func(storelist.Rejected) error { return nil }})
		if err == nil && stats.Rows != stats.IDs+stats.Repeats+stats.SetAside {
			t.Fatalf("%+v", stats)
		}
	})
}

// FuzzArchive changes a workbook's bytes: the archive's directory, what is packed, and where it is said to be.
func FuzzArchive(f *testing.F) {
	f.Add([]byte(packed(f, nil)))
	f.Add([]byte(column(f, "ID", 1, "B-2")))
	f.Add([]byte(claimed(f, worksheet(rowsOf5), 1<<30, 1<<40)))
	f.Add([]byte(overlapping(f, 3, worksheet(rowsOf5))))
	f.Fuzz(func(t *testing.T, list []byte) {
		if !strings.HasPrefix(string(list), "PK\x03\x04") {
			return // that is text
		}
		ids, stats, err := frugal(t, string(list), storelist.Options{Name: "list.xlsx"})
		consistent(t, ids, stats, err)
	})
}
