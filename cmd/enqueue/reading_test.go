package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// How a list was read is shown before anything is sent, when it is submitted, and with the job ever after.
func TestHowAListWasReadIsShown(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	const text = "本月新店\n\n名称,门店编号\n甲,100000001\n乙,100000002\n又,100000001\n丙,100000003\n丁,100000004\n"
	list := w.write("list.csv", inGB18030(t, text))
	const english = `CSV in GB18030, header in line 3, the store IDs in column 2, "门店编号"; 5 rows, 1 repeat; first 100000001, 100000002, 100000003; last 100000004`
	const chinese = `CSV（GB18030），表头在第 3 行，门店ID在第 2 列“门店编号”；共 5 行，其中重复 1 行；开头 100000001、100000002、100000003；末尾 100000004`
	const written = `{"format":"CSV","encoding":"GB18030","sheet":"","header_line":3,"column":{"number":2,"name":"门店编号"},"ids":"wechat",` +
		`"rows":5,"repeats":1,"first":["100000001","100000002","100000003"],"last":"100000004"}`
	says := func(what, got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("%s says\n%s\nand not\n%s", what, got, want)
		}
	}
	dry := w.associate(list, "--dry-run").expect(t, 0)
	says("a dry run", dry.out, "The list: "+english+".\n")
	says("a dry run in Chinese", w.associate(list, "--dry-run", "--lang", "zh").expect(t, 0).out, "清单："+chinese+"。\n")
	says("a dry run as JSON", w.associate(list, "--dry-run", "--json").expect(t, 0).out, `"list":`+written)

	receipt := w.associate(list).expect(t, 0)
	if !strings.HasPrefix(receipt.out, "The list: "+english+".\nJob ") {
		t.Errorf("a submission begins with\n%s", receipt.out)
	}
	id := strings.Fields(receipt.out[strings.Index(receipt.out, "\nJob ")+1:])[1]
	id = strings.TrimSuffix(id, ":")
	says("the status", w.do("status", id).expect(t, 0).out, english)
	says("the status in Chinese", w.do("status", id, "--lang", "zh").expect(t, 0).out, chinese)
	says("the status as JSON", w.do("status", id, "--json").expect(t, 0).out, `"list":`+written)

	// Of a retry, and of a job of an older version, nothing is said.
	w.do("cancel", id).expect(t, 0)
	var again struct{ Job string }
	o := w.do("retry", id, "--json").expect(t, 0)
	if err := json.Unmarshal([]byte(o.out), &again); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--json", "--lang=en"} {
		if s := w.do("status", again.Job, flag).expect(t, 0); strings.Contains(s.out, `"list"`) || strings.Contains(s.out, "header") {
			t.Errorf("of a retry: %s", s.out)
		}
	}
	other := target
	other.StockID = "3001"
	submitted := receiptOf(t, w.do("associate", w.write("b.jsonl", "{\"id\":\"7\"}\n"), "--account", sandbox.PartnerAccount, "--brand", other.BrandID, "--coupon",
		other.ProductCouponID, "--stock", other.StockID, "--json").expect(t, 0))
	if r := submitted.List; r == nil || r.Format != "JSON lines" || r.Column.Name != "id" || r.Last != "7" {
		t.Errorf("got %+v", r)
	}
}

func receiptOf(t *testing.T, o outcome) receiptDocument {
	t.Helper()
	return document[receiptDocument](t, o)
}

func TestJobsOfOlderVersionsAreShownWithoutAReading(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	r := document[receiptDocument](t, w.associate(w.list(3), "--json").expect(t, 0))
	key := ""
	for _, k := range w.redis.Keys(t.Context(), "*"+r.Job+"*").Val() {
		if w.redis.Type(t.Context(), k).Val() == "hash" && w.redis.HExists(t.Context(), k, "meta").Val() {
			key = k
		}
	}
	var meta map[string]any
	if err := json.Unmarshal([]byte(w.redis.HGet(t.Context(), key, "meta").Val()), &meta); err != nil {
		t.Fatal(err)
	}
	if meta["reading"] == nil {
		t.Fatalf("the job has no reading: %v", meta)
	}
	delete(meta, "reading")
	meta["of_a_later_version"] = map[string]any{"x": 1}
	if err := w.redis.HSet(t.Context(), key, "meta", mustJSON(t, meta)).Err(); err != nil {
		t.Fatal(err)
	}
	s := document[job.Status](t, w.do("status", r.Job, "--json").expect(t, 0))
	if s.List != nil || s.Total != 3 {
		t.Errorf("got %+v", s)
	}
	w.do("status", r.Job).expect(t, 0)
}
