package storelist_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

func read(list string, opts storelist.Options) (ids []string, stats storelist.Stats, err error) {
	if opts.Name == "" {
		opts.Name = "list.csv"
	}
	rd, err := storelist.NewReader(context.Background(), strings.NewReader(list), opts)
	if err != nil {
		return nil, stats, err
	}
	for id, err := range rd.IDs() {
		if err != nil {
			return ids, rd.Stats(), err
		}
		ids = append(ids, id)
	}
	return ids, rd.Stats(), nil
}

func gb18030(s string) string {
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func utf16(s string) string {
	out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // into memory
	_ = w.Close()
	return b.String()
}

func TestListsAreReadAsPeopleHaveThem(t *testing.T) {
	t.Parallel()
	const table = "门店名称,门店编号,城市\n\"上海，一店\",100000001,上海\n\"北京\n二店\",100000002,北京\n"
	for name, c := range map[string]struct {
		list string
		opts storelist.Options
		want string
	}{
		"plain":                          {list: "1\n2\n3\n", want: "1 2 3"},
		"without a last line end":        {list: "1\n2", want: "1 2"},
		"a BOM":                          {list: "\ufeffstore_id\n1\n2\n", want: "1 2"},
		"CRLF":                           {list: "store_id\r\n1\r\n2\r\n", want: "1 2"},
		"CR alone":                       {list: "store_id\r1\r2\r", want: "1 2"},
		"blank lines and spaces":         {list: "\n\n  1  \n \n\t\n2 \n\n", want: "1 2"},
		"full-width spaces":              {list: "门店ID\n　1　\n", want: "1"},
		"quoted":                         {list: "\"store_id\",name\n\"1\",\"a, \"\"b\"\"\"\n", want: "1"},
		"Chinese header":                 {list: table, want: "100000001 100000002"},
		"GB18030":                        {list: gb18030(table), want: "100000001 100000002"},
		"UTF-16":                         {list: utf16(table), want: "100000001 100000002"},
		"gzip":                           {list: gzipped(table), want: "100000001 100000002"},
		"two gzips in a row":             {list: gzipped("1\n2\n") + gzipped("3\n"), want: "1 2 3"},
		"TSV":                            {list: "Store ID\tname\n1\ta,b\n", want: "1"},
		"semicolons":                     {list: "name;StoreID\na;1\n", want: "1"},
		"blank rows of a sheet":          {list: "store_id,name\n,\n1,a\n,\n", want: "1"},
		"a column by name":               {list: "a,b\n1,2\n", opts: storelist.Options{Column: "b"}, want: "2"},
		"a column by number":             {list: "1,2\n3,4\n", opts: storelist.Options{Column: "2"}, want: "2 4"},
		"a numbered column's header":     {list: "序号,门店\n1,200\n", opts: storelist.Options{Column: "2"}, want: "200"},
		"a column chosen of several":     {list: "store_id,门店编号\n1,2\n", opts: storelist.Options{Column: "门店编号"}, want: "2"},
		"leading zeros are text":         {list: "7\n007\n07\n", want: "7 007 07"},
		"an ID that a report has masked": {list: "store_id,a\n'-A1,1\n'-1-2,1\n-5,1\n", want: "-A1 -1-2 -5"},
		"repeats are dropped":            {list: "1\nA\n1\nA\na\n1\n", want: "1 A a"},
		"letters alone are an ID":        {list: "ABC\nDEF\n", want: "ABC DEF"},
		"a header that could be an ID":   {list: "ID\n1\n", want: "1"},
		"JSON lines":                     {list: "{\"store_id\":\"1\",\"name\":\"a\"}\n{\"store_id\":2}\n\n", want: "1 2"},
		"JSON lines, one key":            {list: "{\"x\":\"1\"}\n{\"x\":\"2\"}\n", want: "1 2"},
		"JSON lines, a key by name": {list: "{\"x\":\"1\",\"y\":\"3\"}\n{\"x\":\"2\"}\n", opts: storelist.Options{Column: "x"},
			want: "1 2"},
		"JSON lines of strings": {list: "\"1\"\n\"2\"\n", opts: storelist.Options{Name: "list.jsonl"}, want: "1 2"},
		"JSON lines in GB18030": {list: gb18030("{\"name\":\"昞\\\\\",\"门店ID\":\"1\"}\n"), want: "1"},
		"the longest ID":        {list: strings.Repeat("x", 63) + "1\n", want: strings.Repeat("x", 63) + "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, stats, err := read(c.list, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(ids, " "); got != c.want || stats.IDs != int64(len(ids)) {
				t.Fatalf("got %q (%+v), want %q", got, stats, c.want)
			}
		})
	}
}

func TestBadListsAreRefusedByFileAndLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list string
		opts storelist.Options
		line int
		says string
	}{
		"empty":                      {list: "", says: "empty"},
		"blank":                      {list: "\n \n", says: "empty"},
		"a header alone":             {list: "store_id\n", says: "empty"},
		"a BOM alone":                {list: "\ufeff", says: "empty"},
		"damaged by a spreadsheet":   {list: "store_id\n1\n1.00000001E+08\n", line: 3, says: "spreadsheet"},
		"damaged on the first line":  {list: "1.00000001E+08\n1\n", line: 1, says: "spreadsheet"},
		"a decimal point":            {list: "store_id\n100000001.0\n", line: 2, says: "spreadsheet"},
		"thousands":                  {list: "store_id\n\"100,000,001\"\n", line: 2, says: "spreadsheet"},
		"thousands on the first row": {list: "store_id\n100,000,001\n", line: 2, says: "spreadsheet"},
		"an apostrophe":              {list: "store_id\n'1?\n", line: 2, says: "apostrophe"},
		"full-width digits":          {list: "store_id\n１２３\n", line: 2, says: "full-width"},
		"a space within":             {list: "store_id\n1 2\n", line: 2, says: "cannot stand"},
		"too long":                   {list: "store_id\n" + strings.Repeat("1", 65) + "\n", line: 2, says: "65 characters"},
		"a missing ID":               {list: "store_id,name\n1,a\n,b\n", line: 3, says: "missing"},
		"a short row":                {list: "name,store_id\na,1\nb\n", line: 3, says: "no cell"},
		"after a quoted line end":    {list: "name,store_id\n\"a\nb\",1\nc,?\n", line: 4, says: "cannot stand"},
		"two values on a line":       {list: "1\n2,3x\n", line: 2, says: "more than one value"},
		"no column known":            {list: "a,b\n1,2\n", line: 1, says: `"a", "b"`},
		"several candidates":         {list: "store_id,门店编号\n1,2\n", line: 1, says: `"store_id", "门店编号"`},
		"no such column":             {list: "a,b\n1,2\n", opts: storelist.Options{Column: "c"}, line: 1, says: `"a", "b"`},
		"no such number":             {list: "a,b\n1,2\n", opts: storelist.Options{Column: "3"}, line: 1, says: "2 columns"},
		"an open quote":              {list: "store_id\n1\n\"2\n3\n", line: 3, says: "quote"},
		"a stray quote":              {list: "store_id,n\n1,a\"b\n", line: 2, says: "quote"},
		"a zero byte":                {list: "store_id\n1\n\x00\n", line: 3, says: "zero byte"},
		"a spreadsheet":              {list: "PK\x03\x04\x00\x00", says: "save the list as CSV"},
		"an endless line":            {list: "store_id\n" + strings.Repeat("1", 2<<20), line: 2, says: "longer"},
		"a JSON array":               {list: "[\"1\"]", line: 1, says: "JSON lines"},
		"broken JSON":                {list: "{\"store_id\":1}\n{\"store_id\":\n", line: 2, says: "no JSON object"},
		"JSON without the key":       {list: "{\"store_id\":1}\n{\"x\":1}\n", line: 2, says: "no key"},
		"a damaged JSON number":      {list: "{\"store_id\":1.00000001E+08}\n", line: 1, says: "written out"},
		"a gzip that breaks off":     {list: gzipped(strings.Repeat("123\n", 1000))[:40], says: "compressed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := read(c.list, c.opts)
			var e *job.Error
			if !errors.As(err, &e) || e.Code != job.CodeBadList || job.ExitStatus(err) != 2 {
				t.Fatalf("got %v", err)
			}
			if e.File != "list.csv" || e.Line != c.line || !strings.Contains(e.Message.String(), c.says) {
				t.Fatalf("file %q, line %d: %v; want line %d and %q", e.File, e.Line, err, c.line, c.says)
			}
		})
	}
}

func TestAllBadRowsAreCountedAndTheFirstTold(t *testing.T) {
	t.Parallel()
	var list strings.Builder
	list.WriteString("门店ID,名称\n")
	for i := range 1000 {
		if i%2 == 0 {
			fmt.Fprintf(&list, "%d,好\n", i)
		} else {
			fmt.Fprintf(&list, "%d?,坏\n", i)
		}
	}
	_, _, err := read(list.String(), storelist.Options{})
	var bad *storelist.BadRows
	if !errors.As(err, &bad) || bad.Count != 500 || len(bad.First) != 10 {
		t.Fatalf("got %v", err)
	}
	if want := (storelist.BadRow{Line: 3, Column: "门店ID", Value: "1?", Why: bad.First[0].Why}); !reflect.DeepEqual(bad.First[0], want) {
		t.Fatalf("got %+v", bad.First[0])
	}
}

func TestBadRowsCanBeSetAside(t *testing.T) {
	t.Parallel()
	var aside []storelist.Rejected
	set := func(r storelist.Rejected) error { aside = append(aside, r); return nil }
	ids, stats, err := read("store_id,name\n1,a\n2?,\"b, c\"\n3,d\n", storelist.Options{SetAside: set})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(ids, " ") != "1 3" || stats.SetAside != 1 {
		t.Fatalf("%v, %+v", ids, stats)
	}
	want := []storelist.Rejected{{Line: 3, Why: aside[0].Why, Cells: []storelist.Value{{Text: "2?"}, {Text: "b, c"}}}}
	if !reflect.DeepEqual(aside, want) || aside[0].Why.Code != "list.bad_character" {
		t.Fatalf("set aside: %+v", aside)
	}
	if _, _, err := read("store_id\n?\n", storelist.Options{SetAside: set}); job.ExitStatus(err) != 2 {
		t.Fatalf("a list without a good row: %v", err)
	}
	full := func(storelist.Rejected) error { return errors.New("no space left on device") }
	if _, _, err := read("store_id\n1\n?\n", storelist.Options{SetAside: full}); job.ExitStatus(err) != 1 {
		t.Fatalf("a full disk: %v", err)
	}
}

func TestColumnsThatWeAddedAreNotThere(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]string{
		"a lone column":       "shops,storelink_reason\n7,bad\n8,\n",
		"its outcomes":        "shops,storelink_outcome,storelink_code\n7,failed,x\n8,succeeded,\n",
		"objects of one key":  "{\"shop\":7,\"storelink_reason\":\"bad\"}\n{\"shop\":8}\n",
		"in a language of it": "shops,storelink_原因\n7,坏\n8,\n",
		"a workbook":          rowsOf(t, []any{"shops", "storelink_reason"}, []any{7, "bad"}, []any{8}),
	} {
		if ids, _, err := read(list, storelist.Options{}); err != nil || strings.Join(ids, " ") != "7 8" {
			t.Errorf("%s: %q, %v", name, ids, err)
		}
	}
}

func TestMissingFileIsSaidToBeMissing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"no/such/file.csv", t.TempDir()} {
		if _, _, err := storelist.Open(path, nil); job.ExitStatus(err) != 2 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, list := range []string{"1\n2\n", "store_id,a\n1,2\n\"3\",\n", "\ufeff门店ID\r\n1\r\n", gb18030("门店编号,名称\n1,上海\n"),
		utf16("store_id\n1\n"), gzipped("1\n2\n"), "{\"store_id\":\"1\"}\n", "1.0E+08\n", "a\tb\n", "[1]", "PK\x03\x04", "\x00", "\"",
		"7\n007\n", "\r\r\n\n"} {
		f.Add([]byte(list), "", false)
	}
	f.Add([]byte("a,b\n1,2\n"), "2", true)
	f.Fuzz(func(t *testing.T, list []byte, column string, aside bool) {
		opts := storelist.Options{Column: column}
		if aside {
			opts.SetAside = func(storelist.Rejected) error { return nil }
		}
		ids, stats, err := read(string(list), opts)
		if err == nil && (len(ids) == 0 || stats.IDs != int64(len(ids))) {
			t.Fatalf("%d IDs and no error: %+v", len(ids), stats)
		}
		if stats.Rows < stats.IDs+stats.Repeats+stats.SetAside {
			t.Fatalf("%+v", stats)
		}
		for _, id := range ids {
			if !job.ValidID(id) {
				t.Fatalf("%q was given out", id)
			}
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != int(stats.IDs) && err == nil {
			t.Fatal("an ID was given out twice")
		}
		var e *job.Error
		if err != nil && (!errors.As(err, &e) || e.Line < 0) {
			t.Fatalf("got %v", err)
		}
	})
}
