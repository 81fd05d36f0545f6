package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/job"
)

func TestTargetsAreReadWithTheirDefaults(t *testing.T) {
	t.Parallel()
	dir := folder(t, "lists/all.csv", "lists/north.csv")
	m, err := read(t, `# spring
defaults: {account: acme, priority: low, list: lists/all.csv, column: 门店编号, label: "spring"}
targets:
  - {brand: "120344", coupon: "1002323", stock: "100232301", list: lists/north.csv, account: other, priority: high}
  - {brand: 120345, coupon: 1002324, bundle: 100232401, chunk_size: 100, label: 2026, column: 2}
  - brand: "007"
    coupon: C-1_x
    stock: 99999999999999999999999
    list: ./lists/../lists/all.csv
`, manifest.Options{Name: "onboard.yaml", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := []manifest.Target{
		{Line: 4, Account: "other", Target: job.Target{BrandID: "120344", ProductCouponID: "1002323", StockID: "100232301"}, Priority: job.High,
			Label: "spring", List: 0},
		{Line: 5, Account: "acme", Target: job.Target{BrandID: "120345", ProductCouponID: "1002324", StockBundleID: "100232401"},
			Priority: job.Low, Label: "2026", ChunkSize: 100, List: 1},
		{Line: 6, Account: "acme", Target: job.Target{BrandID: "007", ProductCouponID: "C-1_x", StockID: "99999999999999999999999"},
			Priority: job.Low, Label: "spring", List: 2},
	}
	if !reflect.DeepEqual(m.Targets, want) {
		t.Errorf("got %+v", m.Targets)
	}
	lists := []manifest.List{{Path: filepath.Join(dir, "lists/north.csv"), Column: "门店编号", Line: 4},
		{Path: filepath.Join(dir, "lists/all.csv"), Column: "2", Line: 2}, {Path: filepath.Join(dir, "lists/all.csv"), Column: "门店编号", Line: 9}}
	if !reflect.DeepEqual(m.Lists, lists) || m.Stats.Form != "YAML" {
		t.Errorf("got %+v", m.Lists)
	}
	for _, err := range m.Rows(0) {
		if err == nil {
			t.Error("a target with a list has rows")
		}
	}
}

func TestOneListOfManyTargetsIsGivenOnce(t *testing.T) {
	t.Parallel()
	dir := folder(t, "all.csv")
	if err := os.Symlink("all.csv", filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("targets:\n")
	for i := range 4000 {
		list := []string{"all.csv", "./all.csv", "link.csv", filepath.Join(dir, "all.csv")}[i%4]
		fmt.Fprintf(&text, "  - {coupon: 1, stock: %d, list: %s}\n", i, list)
	}
	m, err := read(t, text.String(), manifest.Options{Name: "m.yaml", Dir: dir})
	if err != nil || len(m.Lists) != 1 || len(m.Targets) != 4000 {
		t.Fatalf("%+v, %v", m, err)
	}
}

func TestFlagsStandInForWhatTheManifestLeavesOpen(t *testing.T) {
	t.Parallel()
	dir := folder(t, "a.csv")
	given := manifest.Defaults{Account: "flag", Priority: job.High, Label: "flagged", Column: "3", ChunkSize: 7}
	m, err := read(t, "defaults: {list: a.csv}\ntargets:\n- {coupon: 1, stock: 2}\n"+
		"- {coupon: 1, stock: 3, account: own, priority: low, label: own, column: own, chunk_size: 8}\n",
		manifest.Options{Name: "m.yml", Dir: dir, Defaults: given})
	if err != nil {
		t.Fatal(err)
	}
	a, b := m.Targets[0], m.Targets[1]
	if a.Account != "flag" || a.Priority != job.High || a.Label != "flagged" || a.ChunkSize != 7 || m.Lists[a.List].Column != "3" {
		t.Errorf("got %+v", a)
	}
	if b.Account != "own" || b.Priority != job.Low || b.Label != "own" || b.ChunkSize != 8 || m.Lists[b.List].Column != "own" {
		t.Errorf("got %+v", b)
	}
}

func TestATargetsStockOrBundleReplacesTheDefaults(t *testing.T) {
	t.Parallel()
	dir := folder(t, "a.csv")
	m, err := read(t, "defaults: {list: a.csv, coupon: 1, stock: 2}\ntargets:\n- {bundle: 3}\n- {}\n- {coupon: 9, stock: }\n",
		manifest.Options{Name: "m.yaml", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if a, b, c := m.Targets[0].Target, m.Targets[1].Target, m.Targets[2].Target; a.StockID != "" || a.StockBundleID != "3" || b.StockID != "2" ||
		c.StockID != "2" {
		t.Errorf("got %+v, %+v, %+v", a, b, c)
	}
}

func TestAliasesAreFollowed(t *testing.T) {
	t.Parallel()
	dir := folder(t, "a.csv")
	m, err := read(t, "defaults: {list: &l a.csv}\ntargets:\n- &t {coupon: &c 1, stock: 2}\n- {coupon: *c, stock: 3, list: *l}\n",
		manifest.Options{Name: "m.yaml", Dir: dir})
	if err != nil || len(m.Targets) != 2 || m.Targets[1].Target.ProductCouponID != "1" {
		t.Fatalf("%+v, %v", m, err)
	}
	_, err = read(t, "defaults: {list: a.csv}\ntargets:\n- &t {coupon: 1, stock: 2}\n- *t\n", manifest.Options{Name: "m.yaml", Dir: dir})
	refused(t, err, 4, "twice, first in line 3")
}

func TestMistakesOfTheYAMLFormAreToldWithTheirLines(t *testing.T) {
	t.Parallel()
	const head = "targets:\n- {coupon: 1, stock: 1, list: a.csv}\n"
	for name, c := range map[string]struct {
		text string
		line int
		says string
	}{
		"empty":                      {"", 0, "no targets"},
		"comments alone":             {"# x\n", 0, "no targets"},
		"no targets":                 {"defaults: {account: a}\n", 0, "no targets"},
		"an empty list":              {"targets: []\n", 0, "no targets"},
		"null":                       {"targets:\n", 0, "no targets"},
		"a list":                     {"- a\n", 1, "must be keys with values"},
		"a word":                     {"targets\n", 1, "must be keys with values"},
		"targets that are no list":   {"targets: {coupon: 1}\n", 1, "must be a list"},
		"an unknown key at the top":  {head + "target: []\n", 3, `"target" is not known`},
		"an unknown key":             {head + "- {coupon: 1, stock: 2, list: a.csv, stok: 3}\n", 3, `"stok" is not known; did you mean stock?`},
		"a flat table's name":        {head + "- {product_coupon_id: 1, stock: 2, list: a.csv}\n", 3, `"product_coupon_id" is not known; did you mean coupon?`},
		"an unknown default":         {"defaults: {lists: a.csv}\n" + head, 1, `"lists" is not known`},
		"a key twice":                {head + "- {coupon: 1, coupon: 2, stock: 2, list: a.csv}\n", 3, "coupon stands twice"},
		"a merge key":                {"x: 1\n" + head, 1, `"x" is not known`},
		"merging":                    {head + "- {<<: {coupon: 1}, coupon: 1, stock: 2, list: a.csv}\n", 3, "<<"},
		"a target that is text":      {head + "- north\n", 3, "must be keys with values"},
		"a target that is nothing":   {head + "-\n", 3, "target 2 is empty"},
		"no coupon":                  {head + "- {stock: 2, list: a.csv}\n", 3, "coupon is missing"},
		"a coupon that is nothing":   {head + "- {coupon: , stock: 2, list: a.csv}\n", 3, "coupon is missing"},
		"an empty coupon":            {head + "- {coupon: '', stock: 2, list: a.csv}\n", 3, "empty"},
		"no stock":                   {head + "- {coupon: 1, list: a.csv}\n", 3, "stock or bundle is missing"},
		"stock and bundle":           {head + "- {coupon: 1, stock: 2, bundle: 3, list: a.csv}\n", 3, "exclude each other"},
		"both as defaults":           {"defaults: {stock: 2, bundle: 3}\n" + head, 1, "exclude each other"},
		"no list":                    {head + "- {coupon: 1, stock: 2}\n", 3, "list is missing"},
		"a list that is not there":   {head + "- {coupon: 1, stock: 2, list: b.csv}\n", 3, "no such file"},
		"a folder":                   {head + "- {coupon: 1, stock: 2, list: .}\n", 3, "folder"},
		"a device":                   {head + "- {coupon: 1, stock: 2, list: /dev/null}\n", 3, "no regular file"},
		"standard input":             {head + "- {coupon: 1, stock: 2, list: '-'}\n", 3, "standard input"},
		"an address":                 {head + "- {coupon: 1, stock: 2, list: 'https://example.com/a.csv'}\n", 3, "address"},
		"a list of lists":            {head + "- {coupon: 1, stock: 2, list: [a.csv]}\n", 3, "list must be a single value"},
		"a damaged ID":               {head + "- {coupon: '1.0E+08', stock: 2, list: a.csv}\n", 3, "spreadsheet"},
		"an ID with a space":         {head + "- {coupon: 1, stock: 2 3, list: a.csv}\n", 3, "cannot stand in a stock ID"},
		"full-width digits":          {head + "- {coupon: １, stock: 2, list: a.csv}\n", 3, "full-width"},
		"a long ID":                  {head + "- {coupon: 1, stock: x" + strings.Repeat("1", 64) + ", list: a.csv}\n", 3, "65 characters"},
		"a float":                    {head + "- {coupon: 1e5, stock: 2, list: a.csv}\n", 3, "put it in quotes"},
		"a hexadecimal number":       {head + "- {coupon: 0x1F, stock: 2, list: a.csv}\n", 3, "put it in quotes"},
		"an octal number":            {head + "- {coupon: 0o17, stock: 2, list: a.csv}\n", 3, "put it in quotes"},
		"a number with _":            {head + "- {coupon: 1_000, stock: 2, list: a.csv}\n", 3, "put it in quotes"},
		"a sign":                     {head + "- {coupon: -1, stock: 2, list: a.csv}\n", 3, "put it in quotes"},
		"a truth":                    {head + "- {coupon: true, stock: 2, list: a.csv}\n", 3, "put it in quotes"},
		"a date":                     {head + "- {coupon: 2026-01-01, stock: 2, list: a.csv}\n", 3, "put it in quotes"},
		"binary":                     {head + "- {coupon: !!binary MQ==, stock: 2, list: a.csv}\n", 3, "single value"},
		"a priority":                 {head + "- {coupon: 1, stock: 2, list: a.csv, priority: urgent}\n", 3, "high, default or low"},
		"an account":                 {head + "- {coupon: 1, stock: 2, list: a.csv, account: Acme}\n", 3, "account's name"},
		"a label that steers":        {head + "- {coupon: 1, stock: 2, list: a.csv, label: \"\\e[2J\"}\n", 3, "cannot be shown"},
		"a long label":               {head + "- {coupon: 1, stock: 2, list: a.csv, label: " + strings.Repeat("店", 201) + "}\n", 3, "200 characters"},
		"no chunk at all":            {head + "- {coupon: 1, stock: 2, list: a.csv, chunk_size: 0}\n", 3, "1 to 200"},
		"chunks too large":           {head + "- {coupon: 1, stock: 2, list: a.csv, chunk_size: 201}\n", 3, "1 to 200"},
		"the same target":            {head + "- {coupon: 1, stock: 1, list: a.csv}\n", 3, "stock 1 of coupon 1 stands twice, first in line 2"},
		"the same for another brand": {head + "- {brand: 2, coupon: 1, stock: 1, list: a.csv}\n", 3, "twice, first in line 2"},
		"a wrong default":            {"defaults: {priority: urgent}\n" + head, 1, "urgent"},
		"a wrong default, overruled": {"defaults: {priority: urgent}\n" + strings.Replace(head, "1}", "1, priority: high}", 1), 1, "urgent"},
		"a second document":          {head + "---\ntargets: []\n", 3, "second document"},
		"no YAML":                    {head + "- {coupon: 1\n", 2, "no YAML"},
		"an unknown anchor":          {head + "- *x\n", 0, "no YAML"},
		"a tab":                      {"targets:\n\t- {}\n", 2, "no YAML"},
		"GB18030":                    {gb18030("defaults: {label: 门店}\n" + head), 0, "not UTF-8"},
		"too much":                   {"# " + strings.Repeat("x", 9<<20), 0, "larger than"},
		"too many targets":           {"targets:\n" + strings.Repeat("- \n", 100_001), 2, "at most 100000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, c.text, manifest.Options{Name: "m.yaml", Dir: folder(t, "a.csv")})
			refused(t, err, c.line, "m.yaml", c.says)
		})
	}
}

func TestAllMistakesAreToldAtOnceAndTheFirstTen(t *testing.T) {
	t.Parallel()
	dir := folder(t, "a.csv")
	var text strings.Builder
	text.WriteString("defaults: {list: missing.csv, priority: urgent}\ntargets:\n")
	for i := range 50 {
		fmt.Fprintf(&text, "- {coupon: 1, stock: %d, account: A%d}\n", i, i)
	}
	_, err := read(t, text.String(), manifest.Options{Name: "m.yaml", Dir: dir})
	refused(t, err, 1, "m.yaml:1: ", "urgent", "missing.csv", "\nm.yaml:3: account: \"A0\"", "\nm.yaml:10: ", "\nand 42 more mistakes")
	if n := strings.Count(err.Error(), "\n"); n != 10 {
		t.Errorf("%d lines more:\n%v", n, err)
	}
}

func TestTheFormIsToldByNameOrText(t *testing.T) {
	t.Parallel()
	dir := folder(t, "a.csv")
	const yaml, table = "targets: [{coupon: 1, stock: 2, list: a.csv}]\n", "product_coupon_id,stock_id,store_id\n1,2,3\n"
	for _, c := range []struct{ name, text, form string }{
		{"m.yaml", yaml, "YAML"}, {"m.YML", yaml, "YAML"}, {"m.json", `{"targets": [{"coupon": "1", "stock": "2", "list": "a.csv"}]}`, "YAML"},
		{"<stdin>", yaml, "YAML"}, {"<stdin>", "\ufeff# x\n\n" + yaml, "YAML"}, {"m", "---\n" + yaml, "YAML"}, {"m", "%YAML 1.1\n---\n" + yaml, "YAML"},
		{"m.txt", "defaults: {}\n" + yaml, "YAML"}, {"m.txt", "\"targets\" : [{coupon: 1, stock: 2, list: a.csv}]", "YAML"},
		{"m.csv", table, "CSV"}, {"<stdin>", table, "CSV"}, {"m.tsv", strings.ReplaceAll(table, ",", "\t"), "TSV"},
		{"<stdin>", gzipped(table), "CSV"}, {"m.csv.gz", gzipped(table), "CSV"},
	} {
		m, err := read(t, c.text, manifest.Options{Name: c.name, Dir: dir})
		if err != nil || m.Stats.Form != c.form || len(m.Targets) != 1 {
			t.Errorf("%s: %q: %+v, %v", c.name, c.text, m, err)
		}
	}
}
