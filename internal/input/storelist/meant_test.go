package storelist_test

import (
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// TestHeadersAreFoundWhereTheyStand has lists with more above their stores than a header, and which line that is.
func TestHeadersAreFoundWhereTheyStand(t *testing.T) {
	t.Parallel()
	notes := strings.Repeat("说明：门店ID由微信支付分配\n", 40)
	for name, c := range map[string]struct {
		list string
		opts storelist.Options
		want string
		line int
	}{
		"an unknown name":                      {list: "shop_code\n1\n2\n", want: "1 2", line: 1},
		"an unknown name in one word":          {list: "poiId\n1\n2\n", want: "1 2", line: 1},
		"one of several, by number":            {list: "name,shop_code\nA,1\n", opts: storelist.Options{Column: "2"}, want: "1", line: 1},
		"a comment":                            {list: "# exported 2026-07-01\nstore_id\n1\n", want: "1", line: 2},
		"a comment with an odd quote":          {list: "# a, \"b\n# c\nstore_id,name\n1,A\n", want: "1", line: 3},
		"a comment mark before it":             {list: "#store_id\n1\n", want: "1", line: 1},
		"a title":                              {list: "2026年门店清单,,\n城市,门店ID,名称\n上海,1,A\n", want: "1", line: 2},
		"a title above a lone column":          {list: "门店清单\n门店ID\n1\n", want: "1", line: 2},
		"a title above an unknown one":         {list: "门店清单\nshop_code\n1\n", want: "1", line: 2},
		"more than twenty notes":               {list: notes + "门店ID,名称\n1,A\n", want: "1", line: 41},
		"more than twenty above a lone one":    {list: notes + "门店ID\n1\n", want: "1", line: 41},
		"a count":                              {list: "2\nstore_id\n100000001\n100000002\n", want: "100000001 100000002", line: 2},
		"a count with its name":                {list: "总数,1000\n门店ID,名称\n100000001,A\n", want: "100000001", line: 2},
		"a day":                                {list: "2026-07-01\nstore_id\n100000001\n", want: "100000001", line: 2},
		"a day in digits":                      {list: "20260701\nstore_id\n100000001\n", want: "100000001", line: 2},
		"explanations of the columns":          {list: "说明\n门店ID（必填）\n名称\n门店ID,名称\n1,A\n", want: "1", line: 4},
		"two lines":                            {list: "门店ID,地址,\n,省,市\n1,上海,上海\n", want: "1", line: 1},
		"two lines that say it together":       {list: "序号,门店,,地址\n,ID,名称,\n1,100000001,A,B\n", want: "100000001", line: 2},
		"a column by its name further down":    {list: "title\n\nname,code\nA,1\n", opts: storelist.Options{Column: "code"}, want: "1", line: 3},
		"said outright":                        {list: "x\ny\nid\n1\n", opts: storelist.Options{HeaderLine: 3}, want: "1", line: 3},
		"said outright, the column by name":    {list: "a,b\nc,d\n1,2\n", opts: storelist.Options{HeaderLine: 2, Column: "d"}, want: "2", line: 2},
		"said outright, above what looks so":   {list: "9\nstore_id\n7\n", opts: storelist.Options{HeaderLine: 2}, want: "7", line: 2},
		"said that there is none":              {list: "AB\nCD\n", opts: storelist.Options{NoHeader: true}, want: "AB CD"},
		"none, the column by number":           {list: "1,2\n3,4\n", opts: storelist.Options{NoHeader: true, Column: "2"}, want: "2 4"},
		"a colon":                              {list: "门店ID：,n\n1,A\n", want: "1", line: 1},
		"brackets":                             {list: "【门店ID】,n\n1,A\n", want: "1", line: 1},
		"square brackets":                      {list: "[store_id],n\n1,A\n", want: "1", line: 1},
		"full-width letters":                   {list: "ＳｔｏｒｅＩＤ,n\n1,A\n", want: "1", line: 1},
		"traditional characters":               {list: "門店ID（必填）,n\n1,A\n", want: "1", line: 1},
		"what must be filled in":               {list: "门店ID(必填，最多64个字符),n\n1,A\n", want: "1", line: 1},
		"the separator on a line of its own":   {list: "\ufeffsep=;\nstore_id;name\n1;A\n", want: "1", line: 2},
		"both kinds of numbers":                {list: "商家门店编号,门店ID\nA1,1\n", want: "1", line: 1},
		"the own one, which is WeChat's":       {list: "商家门店编号,n\nA1,1\n", opts: storelist.Options{IDs: "wechat"}, want: "A1", line: 1},
		"UTF-16 without a mark, little-endian": {list: utf16("门店ID,名称\r\n100000001,一店\r\n")[2:], want: "100000001", line: 1},
		"zeros behind a gzip":                  {list: gzipped("store_id\n1\n") + strings.Repeat("\x00", 1000), want: "1", line: 1},
		"line ends doubled":                    {list: "store_id\r\r\n1\r\r\n2\r\r\n", want: "1 2", line: 1},
		"an old end of file":                   {list: "store_id\n1\n\x1a", want: "1", line: 1},
		"text tricks":                          {list: "store_id,n\n=\"000123\",A\n\"=\"\"000124\"\"\",B\n'000125,C\n’000126,D\n", want: "000123 000124 000125 000126", line: 1},
		"a cell of several lines":              {list: "name,store_id\n\"上海\n一店\",100000001\n\"a\n12\",2\n", want: "100000001 2", line: 1},
		"an address of several lines":          {list: "store_id,addr\n1,\"12, Road\nPudong, SH\"\n2,x\n", want: "1 2", line: 1},
		"a mark before a quote further down":   {list: "\"store_id\"\n\"1\"\n\ufeff\"2\"\n", want: "1 2", line: 1},
	} {
		rd, err := storelist.NewReader(t.Context(), strings.NewReader(c.list), withName(c.opts))
		var ids []string
		for id, e := range allOf(rd, err) {
			if err = e; err == nil {
				ids = append(ids, id)
			}
		}
		if err != nil || strings.Join(ids, " ") != c.want || rd.Reading().HeaderLine != c.line {
			t.Errorf("%s: got %q, %v", name, ids, err)
		}
	}
}

func withName(o storelist.Options) storelist.Options {
	o.Name = "list.csv"
	return o
}

// allOf gives a reader's IDs, or the error for which there is none.
func allOf(rd *storelist.Reader, err error) func(func(string, error) bool) {
	if err != nil {
		return func(yield func(string, error) bool) { yield("", err) }
	}
	return rd.IDs()
}

// TestListsThatMayBeReadInTwoWaysAreRefused has lists of which stores could get lost, or to which some could be added.
func TestListsThatMayBeReadInTwoWaysAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list string
		opts storelist.Options
		line int
		says string
	}{
		"the header again":                     {list: "name,shop\nA,1\nname,shop\nB,2\n", opts: storelist.Options{Column: "2"}, line: 3, says: "a column's name"},
		"a header below a store":               {list: "100000001\nstore_id\n100000002\n", line: 2, says: "a column's name"},
		"a count that is none":                 {list: "31\nstore_id\n100\n200\n", line: 1, says: "--header 2 or --no-header"},
		"a named column below stores":          {list: "1,x\n2,y\n", opts: storelist.Options{Column: "y"}, line: 1, says: "--header 2 or --no-header"},
		"a word that may be a store":           {list: "AB\n门店ID,n\n1,A\n", line: 1, says: "--header 2 or --no-header"},
		"--header behind the end":              {list: "a,b\n", opts: storelist.Options{HeaderLine: 9}, line: 9, says: "--header 9"},
		"--no-header and several columns":      {list: "1,2\n", opts: storelist.Options{NoHeader: true}, line: 1, says: "--column NUMBER"},
		"--no-header and a column's name":      {list: "1,2\n", opts: storelist.Options{NoHeader: true, Column: "x"}, says: "by its number"},
		"--column 9 of 4":                      {list: "a,b,c,d\n1,2,3,4\n", opts: storelist.Options{Column: "9"}, line: 1, says: "the list has 4 columns"},
		"own numbers":                          {list: "商家门店编号,n\nA1,1\n", line: 1, says: "--ids wechat"},
		"own numbers, as said":                 {list: "门店编号,n\nA1,1\n", opts: storelist.Options{IDs: "own"}, line: 1, says: "--ids wechat"},
		"own numbers of a lone column":         {list: "store_reference_id\nA1\n", line: 1, says: "own store numbers"},
		"own numbers as objects":               {list: "{\"store_reference_id\":\"A1\"}\n", says: "own store numbers"},
		"a quote that swallows rows":           {list: "store_id,name\n1,\"Store A\n2,B\n3,Store 5\"\n4,D\n", line: 2, says: "rows of the list"},
		"a quote that swallows one":            {list: "store_id,name\n1,\"a\n2,b\"\n3,c\n", line: 2, says: "rows of the list"},
		"a quote that swallows to the end":     {list: "store_id,name\n1,\"abc\n2,d\n", line: 2, says: "never closed"},
		"a quote in a lone column":             {list: "store_id\n1\n\"2\n3\n4\"\n5\n", line: 3, says: "3 IDs"},
		"more cells than the header":           {list: "store_id,name\n1,A,\n2,B,x\n", line: 3, says: "more cells than the 2"},
		"words for no value":                   {list: "store_id\n1\n无\nNULL\n-\n---------\n\\N\n", line: 3, says: "stands for no value"},
		"dates and times":                      {list: "store_id\n1\n2026/7/1\nJan-26\n2026年7月1日\n12:30\n1-Feb\n", line: 3, says: "a date or a time"},
		"TRUE":                                 {list: "store_id\n1\nfalse\n", line: 3, says: "TRUE or FALSE"},
		"a total":                              {list: "store_id,n\n1,A\nTotal,2\n", line: 3, says: "a total"},
		"two IDs":                              {list: "store_id,n\n1,A\n100000001、100000002,B\n", line: 3, says: "2 IDs"},
		"a mark within an ID":                  {list: "store_id\n1\u202d23\n", line: 2, says: "U+202D"},
		"garbage behind a gzip":                {list: gzipped("store_id\n1\n") + "x", says: "behind its end"},
		"a key that stands twice":              {list: "{\"store_id\":\"1\"}\n{\"store_id\":\"1\",\"n\":2,\"n\":3}\n", line: 2, says: "twice"},
		"a lone key, and then the other":       {list: "{\"name\":\"A\"}\n{\"name\":\"B\",\"store_id\":\"1\"}\n", line: 2, says: "2 keys"},
		"a document over lines":                {list: "{\"a\":1,\n\"store_id\":2}\n", line: 1, says: "over several lines"},
		"an array over lines":                  {list: "[\n {\"store_id\": \"1\"}\n]\n", line: 1, says: "JSON array"},
		"a lock file":                          {list: "\x06Zhang", opts: storelist.Options{Name: "a/~$门店.xlsx"}, says: "门店.xlsx"},
		"a bad row behind five thousand":       {list: "store_id\n" + strings.Repeat("123456789\n", 5000) + "?\n", line: 5002, says: "cannot stand"},
		"blank rows of gigabytes":              {list: strings.Repeat(",,,\n", 1<<20), line: 1, says: "without anything"},
		"a zero byte where nobody looks at it": {list: "store_id\n" + strings.Repeat("123456789\n", 3000) + "\x00\n", line: 3002, says: "zero byte"},
	} {
		_, _, err := read(c.list, c.opts)
		if job.ExitStatus(err) != 2 || job.AsError(err).Line != c.line || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsReadByAGuessIsTold(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("0\n", 150)
	for name, c := range map[string]struct {
		list, says string
		opts       storelist.Options
	}{
		"nothing to tell":        {list: "门店ID,n\n1,A\n"},
		"a name for either":      {list: "门店编号,n\n1,A\n", says: "--ids own"},
		"a name for either, and": {list: "门店编号,n\n1,A\n", opts: storelist.Options{IDs: "wechat"}},
		"the same in brackets":   {list: "门店编号（微信支付）,n\n1,A\n"},
		"a word above digits":    {list: "KFC\n100000001\n", says: `"KFC"`},
		"a header of two lines":  {list: "门店ID,地址,\n,省,市\n1,上海,上海\n", says: "second line"},
		"a placeholder":          {list: "store_id\n1\n" + many, says: `"0" stands on 150 rows`},
		"many of them":           {list: "store_id\n1\n" + many + strings.Repeat("9\n", 120), says: "1 other IDs too"},
		"repeats":                {list: "store_id\n" + strings.Repeat("1\n2\n3\n", 90)},
	} {
		rd, err := storelist.NewReader(t.Context(), strings.NewReader(c.list), withName(c.opts))
		for _, e := range allOf(rd, err) {
			err = e
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		said := i18n.List(rd.Warnings()...).String()
		if c.says == "" && said != "" || !strings.Contains(said, c.says) {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func TestOwnNumbersBesideTheIDsAreKept(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]string{"CSV": "商家门店编号,门店ID\nA1,1\nA2,2\n", "JSON lines": "{\"商家门店编号\":\"A1\",\"门店ID\":1}\n{\"商家门店编号\":\"A2\",\"门店ID\":2}\n",
		"a workbook": rowsOf(t, []any{"商家门店编号", "门店ID"}, []any{"A1", 1}, []any{"A2", 2})} {
		rd, err := storelist.NewReader(t.Context(), strings.NewReader(list), storelist.Options{Name: "list"})
		got := ""
		for id, e := range allOf(rd, err) {
			if err = e; err == nil {
				got += id + "=" + rd.Own() + " "
			}
		}
		if err != nil || got != "1=A1 2=A2 " {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if c, ok := rd.OwnColumn(); !ok || c.Name != "商家门店编号" {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestOneReasonIsToldOnce(t *testing.T) {
	t.Parallel()
	list := "store_id,n\n1,A\n" + strings.Repeat(",x\n", 100) + "2,B\n,x\n3?,x\n"
	_, _, err := read(list, storelist.Options{})
	if said := err.Error(); strings.Count(said, "missing") != 1 || !strings.Contains(said, "lines 3-102, 104, column store_id: ") ||
		!strings.Contains(said, "(101 rows)") || !strings.Contains(said, "\n  line 105, column store_id: \"3?\": ") {
		t.Error(said)
	}
}
