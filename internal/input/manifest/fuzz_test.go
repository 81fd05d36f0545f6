package manifest_test

import (
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/job"
)

// check checks what must hold of every manifest, and of every refusal.
func check(t *testing.T, text string, m *manifest.Manifest, err error) {
	t.Helper()
	if err != nil {
		e := job.AsError(err)
		lines := 2 + strings.Count(text, "\n") + strings.Count(text, "\r") + strings.Count(text, "\u0085") + strings.Count(text, "\u2028") +
			strings.Count(text, "\u2029")
		if e.Code != job.CodeBadList || m != nil || e.Message.IsZero() || e.Line < 0 || e.Line > lines && !strings.HasPrefix(text, "\x1f\x8b") &&
			!strings.HasPrefix(text, "\xff\xfe") && !strings.HasPrefix(text, "\xfe\xff") {
			t.Fatalf("%v, line %d: %v", m, e.Line, err)
		}
		return
	}
	if len(m.Targets) == 0 {
		t.Fatal("no targets, and no error")
	}
	seen := map[job.Target]bool{}
	var total int64
	for i, target := range m.Targets {
		if err := target.Target.Validate(job.Brand); err != nil {
			t.Fatalf("%+v: %v", target, err)
		}
		key := target.Target
		key.BrandID = ""
		if seen[key] || target.Line < 1 || target.Priority == "" || target.ChunkSize < 0 || target.ChunkSize > job.MaxStoresPerCall {
			t.Fatalf("%+v", target)
		}
		seen[key] = true
		if m.Stats.Form == "YAML" {
			if target.List < 0 || target.List >= len(m.Lists) {
				t.Fatalf("%+v of %d lists", target, len(m.Lists))
			}
			continue
		}
		ids := map[string]bool{}
		for id, err := range m.Rows(i) {
			if err != nil || !job.ValidID(id) || ids[id] {
				t.Fatalf("%q, %v", id, err)
			}
			ids[id] = true
		}
		if target.List != -1 || target.Stores != int64(len(ids)) || target.Stores == 0 {
			t.Fatalf("%+v of %d stores", target, len(ids))
		}
		total += target.Stores
	}
	if s := m.Stats; s.Form != "YAML" && (s.Stores != total || s.Rows != s.Stores+s.Repeats+s.SetAside) {
		t.Fatalf("%+v", s)
	}
}

func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		"targets: [{coupon: 1, stock: 2, list: fuzz_test.go}]\n",
		"defaults: {account: acme, priority: low, list: fuzz_test.go, column: 门店编号, label: x}\ntargets:\n- {brand: 1, coupon: 1, bundle: 3, chunk_size: 9}\n",
		"defaults: &d {coupon: 1}\ntargets:\n- &t {<<: *d, stock: 1}\n- *t\n- {}\n-\n", "targets: &a [*a]\n", "targets: [{coupon: !!binary x}]", "*a", "? [a]\n: b\n",
		"targets:\n- {coupon: 0x1, stock: 1e5, list: [x]}\n", "---\n---\n", "\x00", "\xff\xfe", "{{{{", "defaults:\n\tx", "targets: [{coupon: 1, stock: 2, list: \"\\0\"}]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := read(t, string(text), manifest.Options{Name: "m.yaml", Dir: "."})
		check(t, string(text), m, err)
	})
}

func FuzzTable(f *testing.F) {
	for _, seed := range []string{
		header + "10,1,11,,100,,\n10,1,,12,100,,\n10,1,11,,101,acme,high\n", header + "10,1,11,,?,,\n", "coupon,stock,store_id\n1,2,3\n1,2,3\n2,2,3\n",
		"商品券ID\t批次号\t门店编号\n1\t2\t3\n", gb18030("商品券ID,批次号,门店编号,名称\n1,2,3,上海\n"), gzipped("coupon,stock,store_id\n1,2,3\n"), "\ufeff" + header,
		"coupon,stock,store_id\n1,2\n,,\n1,2,3,4\n", "coupon,bundle,stock,store_id\n1,,,3\n1,1,1,3\n", "\"", "PK\x03\x04", "coupon,coupon\n", "store_id\n1\n",
	} {
		f.Add([]byte(seed), uint8(3), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, at uint8, aside bool) {
		o := manifest.Options{Name: "m.csv"}
		var set strings.Builder
		if aside {
			o.SetAside = &set
		}
		m, err := read(t, string(text), manifest.SpillingAt(o, int(at)))
		check(t, string(text), m, err)
		if m != nil && (m.Stats.SetAside > 0) != (set.Len() > 0) {
			t.Fatalf("%+v, and set aside are %q", m.Stats, set.String())
		}
	})
}
