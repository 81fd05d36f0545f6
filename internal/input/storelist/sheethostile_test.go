package storelist_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// blanks is a sheet of so many bytes without anything in it, at the end of which stands a store.
func blanks(n int) string {
	return `<worksheet ` + sheetNS + `><sheetData>` + strings.Repeat(`<row></row>`, n/len(`<row></row>`)) + `</sheetData></worksheet>`
}

// claimed makes a workbook like packed, whose sheet's part is said to have other sizes than it has.
func claimed(t testing.TB, sheet string, packedSize, size uint64) string {
	t.Helper()
	var out, raw bytes.Buffer
	z := zip.NewWriter(&out)
	other, err := zip.NewReader(strings.NewReader(packed(t, nil)), int64(len(packed(t, nil))))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range other.File {
		if !strings.Contains(f.Name, "sheet1") {
			if err := z.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	deflated(t, &raw, sheet)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(sheet)),
		CompressedSize64: packedSize, UncompressedSize64: size})
	if err == nil {
		_, err = w.Write(raw.Bytes())
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func deflated(t testing.TB, out *bytes.Buffer, text string) {
	t.Helper()
	w, err := flate.NewWriter(out, flate.BestCompression)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
}

// overlapping makes a workbook of n sheets, whose parts are all the same bytes of the file under different names: each by
// itself is no bomb.
func overlapping(t testing.TB, n int, sheet string) string {
	t.Helper()
	sheets, rels := "", [][3]string{}
	for i := range n {
		sheets += fmt.Sprintf(`<sheet name="S%d" sheetId="%d" r:id="s%d"/>`, i, i+1, i)
		rels = append(rels, [3]string{fmt.Sprintf("s%d", i), "worksheet", fmt.Sprintf("worksheets/sheet%d.xml", i)})
	}
	whole := packed(t, map[string]string{"xl/workbook.xml": workbook(`<sheets>` + sheets + `</sheets>`),
		"xl/_rels/workbook.xml.rels": relations(rels...), "xl/worksheets/sheet1.xml": "", "xl/worksheets/sheet0.xml": sheet})
	// Its directory is written anew: as many entries of the last part as there are sheets.
	end := strings.LastIndex(whole, "PK\x05\x06")
	begin := int(binary.LittleEndian.Uint32([]byte(whole[end+16:])))
	last := strings.LastIndex(whole[:end], "PK\x01\x02")
	name := strings.Index(whole[last:end], "xl/worksheets/sheet0.xml") + last
	directory := whole[begin:last]
	for i := range n {
		entry := []byte(whole[last:name])
		file := fmt.Sprintf("xl/worksheets/sheet%d.xml", i)
		binary.LittleEndian.PutUint16(entry[28:], uint16(len(file)))
		directory += string(entry) + file + whole[name+len("xl/worksheets/sheet0.xml"):end]
	}
	tail := []byte(whole[end:])
	count := binary.LittleEndian.Uint16(tail[10:]) + uint16(n) - 1
	binary.LittleEndian.PutUint16(tail[8:], count)
	binary.LittleEndian.PutUint16(tail[10:], count)
	binary.LittleEndian.PutUint32(tail[12:], uint32(len(directory)))
	return whole[:begin] + directory + string(tail)
}

// What is refused here would hold a processor for hours, or fill the memory or the disk, were it read as it says.
func TestSpreadsheetsThatAreMadeToDoHarmAreRefused(t *testing.T) {
	t.Parallel()
	header := `<row><c t="inlineStr"><is><t>ID</t></is></c></row>`
	bomb := blanks(12 << 20)
	for name, c := range map[string]struct{ list, says string }{
		"a packed size that is claimed": {claimed(t, bomb, 1<<30, uint64(len(bomb))), "unpacks to far more"},
		"a size that is claimed":        {claimed(t, worksheet(rowsOf5), 1000, 1<<40), "damaged"},
		"parts over one another":        {overlapping(t, 100, blanks(3<<20)), "unpacks to far more"},
		"one long text in every cell": {handmade(t, header+strings.Repeat(`<row><c t="s"><v>0</v></c></row>`, 20_000),
			`<si><t>`+strings.Repeat("1", 1<<20-10)+`</t></si>`, ""), "unpacks to far more"},
		"entities": {packed(t, map[string]string{"xl/worksheets/sheet1.xml": `<!DOCTYPE x [<!ENTITY a "1"><!ENTITY b "&a;&a;">]>` +
			worksheet(`<row><c t="str"><v>&b;</v></c></row>`)}), "damaged"},
		"a tag of a million attributes": {handmade(t, `<row `+strings.Repeat(`a="" `, 1<<20)+`/>`, "", ""), "more than 1048576 bytes"},
		"a zip of zips":                 {zipped(t, [2]string{"r/r.zip", zipped(t, [2]string{"r/r.zip", "x"})}), "unpack it"},
		"areas over areas": {handmade(t, `<row>`+strings.Repeat(`<c><f t="array" ref="A1:B9"/><v>1</v></c>`, 1001)+`</row>`, "", ""),
			"fill the same rows"},
		"a part of space": {packed(t, map[string]string{"xl/_rels/workbook.xml.rels": relations([3]string{"s", "worksheet", "worksheets/sheet1.xml"}) +
			strings.Repeat(" ", 8<<20)}), "more than 1048576 bytes"},
		"references without end": {packed(t, map[string]string{"_rels/.rels": "<Relationships>" + strings.Repeat("<Relationship/>", 100_001) +
			"</Relationships>"}), "references"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := read(c.list, storelist.Options{Name: "list.xlsx"}); job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// A format is looked at once, and no further than a spreadsheet program lets one be.
func TestFormatsOfAMillionCharactersAreCut(t *testing.T) {
	t.Parallel()
	const cells = 20_000
	for _, code := range []string{strings.Repeat("#", 1<<20-100), strings.Repeat(`&quot;家`, 1<<16), strings.Repeat("G/通用格式", 1<<16)} {
		sheet := strings.Repeat(`<row><c s="0"><v>7</v></c></row>`, cells)
		_, stats, err := read(handmade(t, sheet, "", `<numFmts><numFmt numFmtId="170" formatCode="`+code+`"/></numFmts><cellXfs><xf numFmtId="170"/></cellXfs>`),
			storelist.Options{})
		if stats.Rows != cells || err != nil && job.ExitStatus(err) != 2 {
			t.Errorf("got %+v, %v", stats, err)
		}
	}
}

// A rejected row is given out with all its cells, those with nothing in them too: a value in a sheet's last column in every
// row makes 16,384 of each.
func TestRowsAreNotMadeWiderThanTheyAre(t *testing.T) {
	t.Parallel()
	list := handmade(t, `<row r="1"><c r="A1" t="inlineStr"><is><t>ID</t></is></c></row>`+
		wide(3000), "", "")
	_, stats, err := read(list, storelist.Options{Column: "1"})
	if stats.Rows != 3000 || job.ExitStatus(err) != 2 {
		t.Errorf("got %+v, %v", stats, err)
	}
	_, _, err = read(list, storelist.Options{Column: "1", SetAside: func(storelist.Rejected) error { return nil }})
	if job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), "far wider than what stands in them, up to column 16384") {
		t.Errorf("where they are set aside: %v", err)
	}
}

func wide(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `<row r="%d"><c r="A%[1]d" t="b"><v>0</v></c><c r="XFD%[1]d"><v>1</v></c></row>`, i+10)
	}
	return out.String()
}

func TestTheReadingOfASpreadsheetEndsWithItsContext(t *testing.T) {
	t.Parallel()
	why := job.Errorf(job.CodeTimeout, "the time is over")
	rows := func(n int) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, `<row><c><v>%d</v></c></row>`, i+1)
		}
		return out.String()
	}
	for name, c := range map[string]struct {
		list string
		opts storelist.Options
	}{
		"good rows":     {handmade(t, rows(50_000), "", ""), storelist.Options{}},
		"rejected rows": {handmade(t, rows(1)+strings.Repeat(`<row><c t="b"><v>0</v></c></row>`, 50_000), "", ""), storelist.Options{}},
		"blank rows":    {handmade(t, rows(100)+strings.Repeat(`<row><c/></row>`, 50_000), "", ""), storelist.Options{}},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		rd, err := storelist.NewReader(ctx, strings.NewReader(c.list), c.opts)
		n := 0
		if err == nil {
			for _, e := range rd.IDs() {
				n++
				cancel(why)
				err = e
			}
		}
		cancel(nil)
		if job.AsError(err) != why || n > 10_000 {
			t.Errorf("%s: %d IDs, %v", name, n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := storelist.NewReader(ctx, strings.NewReader(column(t, 1)), storelist.Options{}); job.AsError(err).Code != job.CodeInterrupted {
		t.Errorf("ended before: %v", err)
	}
}
