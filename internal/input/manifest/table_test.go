package manifest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

const header = "brand_id,product_coupon_id,stock_id,stock_bundle_id,store_id,account,priority\n"

func TestAFlatTableGivesATargetsStores(t *testing.T) {
	t.Parallel()
	const table = header + "10,1,11,,100,,\n10,1,,12,100,,\n10,1,11,,101,,\n20,2,21,,100,other,high\n\n10,1,11,,100,,\n10,1,,12,102,acme,low\n"
	chinese := strings.NewReplacer("brand_id", "品牌编号", "product_coupon_id", "商品券ID", "stock_id", "批次号", "stock_bundle_id", "批次组ID", "store_id", "门店编号",
		"account", "账户", "priority", "优先级").Replace(table)
	want := []manifest.Target{
		{Line: 2, Account: "acme", Target: job.Target{BrandID: "10", ProductCouponID: "1", StockID: "11"}, Priority: job.Low, Label: "spring",
			ChunkSize: 50, List: -1, Stores: 2, Repeats: 1},
		{Line: 3, Account: "acme", Target: job.Target{BrandID: "10", ProductCouponID: "1", StockBundleID: "12"}, Priority: job.Low, Label: "spring",
			ChunkSize: 50, List: -1, Stores: 2},
		{Line: 5, Account: "other", Target: job.Target{BrandID: "20", ProductCouponID: "2", StockID: "21"}, Priority: job.High, Label: "spring",
			ChunkSize: 50, List: -1, Stores: 1},
	}
	for name, text := range map[string]string{"plain": table, "Chinese": chinese, "GB18030": gb18030(chinese), "gzip": gzipped(chinese), "BOM": "\ufeff" + table,
		"CRLF": strings.ReplaceAll(table, "\n", "\r\n"), "TSV": strings.ReplaceAll(table, ",", "\t")} {
		m, err := read(t, text, manifest.Options{Name: "m.csv", Defaults: manifest.Defaults{Account: "acme", Priority: job.Low, Label: "spring", ChunkSize: 50}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(m.Targets, want) || len(m.Lists) != 0 {
			t.Errorf("%s: got %+v", name, m.Targets)
		}
		if s := m.Stats; s.Rows != 6 || s.Stores != 5 || s.Repeats != 1 || s.SetAside != 0 || len(s.Ignored) != 0 {
			t.Errorf("%s: got %+v", name, s)
		}
		for range 2 {
			if a, b, c := stores(t, m, 0), stores(t, m, 1), stores(t, m, 2); !equal(a, "100", "101") || !equal(b, "100", "102") || !equal(c, "100") {
				t.Errorf("%s: got %v, %v, %v", name, a, b, c)
			}
		}
	}
}

func TestColumnsMayStandInAnyOrderAndOthersAreNamed(t *testing.T) {
	t.Parallel()
	m, err := read(t, "门店名称,Store ID,coupon,城市,bundle,\n\"上海，一店\",100,1,上海,2,\n北京二店,101,1,北京,2\n", manifest.Options{Name: "m.csv"})
	if err != nil || !equal(m.Stats.Ignored, "门店名称", "城市") || !equal(stores(t, m, 0), "100", "101") || m.Targets[0].Target.StockBundleID != "2" {
		t.Fatalf("%+v, %v", m, err)
	}
	m, err = read(t, "a,b,coupon,stock\n100,200,1,2\n", manifest.Options{Name: "m.csv", Defaults: manifest.Defaults{Column: "b"}})
	if err != nil || !equal(stores(t, m, 0), "200") || m.Targets[0].Priority != job.Default {
		t.Fatalf("%+v, %v", m, err)
	}
}

func TestTablesThatAreNoManifestAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		column string
		line   int
		says   string
	}{
		"empty":               {"", "", 0, "empty"},
		"a header alone":      {header, "", 0, "no rows below its header"},
		"a list":              {"store_id\n1\n", "", 1, "one column"},
		"no coupon":           {"stock_id,store_id\n1,2\n", "", 1, "product_coupon_id is missing"},
		"no stock":            {"coupon,store_id\n1,2\n", "", 1, "stock_id or stock_bundle_id is missing"},
		"no store":            {"coupon,stock\n1,2\n", "", 1, "--column"},
		"two columns of one":  {"coupon,coupon_id,stock,store_id\n1,2,3,4\n", "", 1, `"coupon" and "coupon_id"`},
		"two for the stores":  {"coupon,stock,store_id,门店编号\n1,2,3,4\n", "", 1, "several columns"},
		"the stock as stores": {"coupon,stock,x\n1,2,3\n", "stock", 1, "cannot hold the store IDs as well"},
		"no header":           {"1,2,3,4\n", "", 1, "--column"},
		"a spreadsheet":       {"PK\x03\x04", "", 0, "spreadsheet"},
		"an open quote":       {header + "\"1,2,3\n", "", 2, "quote"},
		"a zero byte":         {header + "1\x00", "", 2, "zero byte"},
		"cut gzip":            {gzipped(header + strings.Repeat("1,2,3,,4,,\n", 100))[:40], "", 0, "breaks off"},
	} {
		_, err := read(t, c.text, manifest.Options{Name: "m.csv", Defaults: manifest.Defaults{Column: c.column}})
		t.Log(name)
		refused(t, err, c.line, "m.csv", c.says)
	}
}

func TestBadRowsOfATableAreRefusedAndToldByLine(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]struct{ column, value, says string }{
		"10,1,11,,,,":        {"store_id", "", "the store ID is missing"},
		"10,1,11":            {"store_id", "", "the store ID is missing"},
		"10,1,11,,1.0E+08,,": {"store_id", "1.0E+08", "spreadsheet"},
		"10,1,,,5,,":         {"stock_id", "", "neither a stock nor a stock bundle"},
		"10,1,11,12,5,,":     {"stock_bundle_id", "12", "a target is one of them"},
		"10,,11,,5,,":        {"product_coupon_id", "", "product coupon ID is missing"},
		"10,1?,11,,5,,":      {"product_coupon_id", "1?", "cannot stand in a product coupon ID"},
		"1.2E+05,1,11,,5,,":  {"brand_id", "1.2E+05", "spreadsheet"},
		"10,1,x y,,5,,":      {"stock_id", "x y", "cannot stand in a stock ID"},
		"10,1,,x y,5,,":      {"stock_bundle_id", "x y", "cannot stand in a stock bundle ID"},
		"10,1,11,,5,Acme,":   {"account", "Acme", "account's name"},
		"10,1,11,,5,,urgent": {"priority", "urgent", "high, default or low"},
		"99,1,11,,5,,":       {"brand_id", "99", "stock 11 of coupon 1 is of one brand, and line 2 has \"10\""},
		",1,11,,5,,":         {"brand_id", "", "is of one brand"},
		"10,1,11,,5,other,":  {"account", "other", "has one account, and line 2 has \"acme\""},
		"10,1,11,,5,,high":   {"priority", "high", "has one priority, and line 2 has \"default\""},
		"10,1,11,,5,,,x":     {"8", "x", "more cells than the 7 of the header"},
		"10,1,11,," + strings.Repeat("1", 65) + ",,": {"store_id", "", "65 characters"},
	} {
		_, err := read(t, header+"10,1,11,,4,,\n"+row+"\n10,1,11,,6,,\n", manifest.Options{Name: "m.csv", Defaults: manifest.Defaults{Account: "acme"}})
		refused(t, err, 3, "1 row of the manifest is wrong", "line 3, column "+want.column, want.says)
		var bad *storelist.BadRows
		if !errors.As(err, &bad) || bad.Count != 1 || bad.First[0].Column != want.column || want.value != "" && bad.First[0].Value != want.value {
			t.Errorf("%s: got %+v", row, bad)
		}
	}
}

func TestACommaWithoutQuotesMovesNoIDIntoAnotherColumn(t *testing.T) {
	t.Parallel()
	_, err := read(t, "name,coupon,stock,store_id,city\nShanghai, 1,1,2,3,x\n", manifest.Options{Name: "m.csv"})
	refused(t, err, 2, "more cells than the 5 of the header")
}

func TestAllBadRowsAreCountedAndTheFirstTold(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString(header)
	for i := range 10_000 {
		fmt.Fprintf(&table, "10,1,%d,,%d?,,\n", i, i)
	}
	_, err := read(t, table.String(), manifest.Options{Name: "m.csv"})
	var bad *storelist.BadRows
	if !errors.As(err, &bad) || bad.Count != 10_000 || len(bad.First) != 10 {
		t.Fatalf("got %v", err)
	}
	refused(t, err, 2, "10000 rows of the manifest are wrong", "lines 2-10001, ")
}

func TestBadRowsOfATableCanBeSetAside(t *testing.T) {
	t.Parallel()
	var aside bytes.Buffer
	m, err := read(t, header+"10,1,11,,4,,\n10,1,11,,?,,\n99,1,11,,5,,\n77,7,71,,?,,\n10,1,11,,6,,\n", manifest.Options{Name: "m.csv", SetAside: &aside})
	if err != nil {
		t.Fatal(err)
	}
	if m.Stats.SetAside != 3 || m.Stats.Rows != 5 || len(m.Targets) != 1 || !equal(stores(t, m, 0), "4", "6") {
		t.Errorf("got %+v, %+v", m.Stats, m.Targets)
	}
	if s := aside.String(); !strings.HasPrefix(s, "line,why,"+header+"3,") || strings.Count(s, "\n") != 4 || !strings.Contains(s, "\n4,") ||
		!strings.HasSuffix(s, ",77,7,71,,?,,\n") {
		t.Errorf("set aside:\n%s", s)
	}
	_, err = read(t, header+"10,1,11,,?,,\n", manifest.Options{Name: "m.csv", SetAside: &aside})
	refused(t, err, 0, "no good row")
	full := failing{}
	if _, err := read(t, header+"10,1,11,,?,,\n", manifest.Options{Name: "m.csv", SetAside: full}); job.ExitStatus(err) != 1 {
		t.Errorf("a full disk: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// mixed is a table whose targets' rows are mixed, and what each target's stores are.
func mixed(targets, rows int) (string, [][]string) {
	random := rand.New(rand.NewPCG(1, 2))
	var table strings.Builder
	table.WriteString(header)
	want := make([][]string, targets)
	seen := map[[2]int]bool{}
	for i := range rows {
		target, store := random.IntN(targets), random.IntN(rows/targets*2)
		if i < targets {
			target = i // in order, so that the targets are
		}
		fmt.Fprintf(&table, "%d,%d,%d,,s%d,,\n", target%7, target%50, target, store)
		if !seen[[2]int{target, store}] {
			seen[[2]int{target, store}] = true
			want[target] = append(want[target], fmt.Sprintf("s%d", store))
		}
	}
	return table.String(), want
}

func TestMixedRowsComeBackByTargetInOrder(t *testing.T) {
	t.Parallel()
	table, want := mixed(100, 5_000)
	for _, at := range []int{1, 1000, 1 << 15, 1 << 20} { // bytes: from a block a row to no file at all
		dir := t.TempDir()
		m, err := read(t, table, manifest.SpillingAt(manifest.Options{Name: "m.csv", TempDir: dir}, at))
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for i := range want {
			total += len(want[i])
			if got := stores(t, m, i); !slices.Equal(got, want[i]) || m.Targets[i].Stores != int64(len(got)) {
				t.Fatalf("at %d: target %d: got %d stores, want %d", at, i, len(got), len(want[i]))
			}
		}
		if s := m.Stats; s.Rows != 5_000 || s.Stores != int64(total) || s.Repeats != int64(5_000-total) {
			t.Errorf("at %d: %+v", at, s)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("at %d: %v is left behind (%v)", at, left, err)
		}
		for _, err := range m.Rows(0) {
			if err == nil {
				t.Error("a manifest that is closed gives rows")
			}
		}
	}
}

func TestTargetsCanBeReadAtOnceAndLeftOff(t *testing.T) {
	t.Parallel()
	table, want := mixed(20, 5000)
	m, err := read(t, table, manifest.SpillingAt(manifest.Options{Name: "m.csv"}, 1000))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	for i := range want {
		go func() {
			n := 0
			for range m.Rows(i) {
				break
			}
			for range m.Rows(i) {
				n++
			}
			done <- n - len(want[i])
		}()
	}
	for range want {
		if off := <-done; off != 0 {
			t.Errorf("off by %d", off)
		}
	}
}

func TestAFullDiskIsNoMistakeOfTheManifests(t *testing.T) {
	t.Parallel()
	table, _ := mixed(20, 5000)
	_, err := read(t, table, manifest.SpillingAt(manifest.Options{Name: "m.csv", TempDir: t.TempDir() + "/missing"}, 1000))
	if job.ExitStatus(err) != 1 || job.AsError(err).Code != job.CodeIO {
		t.Fatalf("got %v", err)
	}
}

func TestReadingATableEndsWithItsContext(t *testing.T) {
	t.Parallel()
	table, _ := mixed(20, 5000)
	dir := t.TempDir()
	_, err := manifest.Read(cancelled(t), strings.NewReader(table), manifest.SpillingAt(manifest.Options{Name: "m.csv", TempDir: dir}, 1000))
	if job.ExitStatus(err) != 130 {
		t.Fatalf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind (%v)", left, err)
	}
}

func TestTooManyTargetsAreRefused(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("coupon,stock,store_id\n")
	for i := range manifest.MaxTargets + 1 {
		fmt.Fprintf(&table, "1,%d,1\n", i)
	}
	_, err := read(t, table.String(), manifest.Options{Name: "m.csv"})
	refused(t, err, manifest.MaxTargets+2, "more than 100000 targets")
}
