package report

import (
	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

// words are those of a workbook in one language.
type words struct {
	summary, stores string
	columns         [9]string // of the stores

	job, state, reason, operation, brand, coupon, stock, bundle, account, label, source, submittedBy string
	created, started, ended                                                                          string
	total, calls, code, failed, meaning, do, unknown, only, rows                                     string
	settled, strange, unsteady, proves                                                               string

	lang catalogue.Lang
}

func wordsIn(l catalogue.Lang) words {
	w := english
	if l == catalogue.Chinese {
		w = chinese
	}
	w.lang = l
	return w
}

func (w words) outcome(o job.Outcome) string       { return catalogue.Term(o, w.lang) }
func (w words) stateOf(s job.State) string         { return catalogue.Term(s, w.lang) }
func (w words) operationOf(o job.Operation) string { return catalogue.Term(o, w.lang) }

// more is what one of MoreColumns is called.
func (w words) more(column string) string {
	if w.lang != catalogue.Chinese {
		return column
	}
	return moreChinese[column]
}

var moreChinese = map[string]string{"operation": "操作", "verified": "核对结果", "job": "任务", "account": "账号", "brand_id": "品牌ID",
	"product_coupon_id": "商品券ID", "stock_id": "批次ID", "stock_bundle_id": "批次组ID"}

// moreCell is what stands in it for a store.
func (w words) moreCell(column string, r job.Row) string {
	text := MoreCell(column, r)
	if column == "operation" || column == "verified" {
		return catalogue.Term(text, w.lang)
	}
	return text
}

var english = words{
	summary: "Summary", stores: "Stores",
	columns: [9]string{"store_id", "outcome", "code", "message", "what happened", "what to do", "request_id", "attempts",
		"decided_at"},
	job: "Job", state: "State", reason: "Reason", operation: "Operation", brand: "Brand", coupon: "Product coupon", stock: "Stock",
	bundle: "Stock bundle", account: "Account", label: "Label", source: "List", submittedBy: "Submitted by", created: "Created",
	started: "Started", ended: "Ended", total: "Stores", calls: "Calls", code: "Code", failed: "Failed stores",
	meaning: "What happened", do: "What to do", unknown: "(not documented: see the stores' messages)", only: "Only stores that are",
	rows: "Rows on the sheets", settled: "settled by WeChat Pay's list", strange: "no store IDs: left alone",
	unsteady: "list did not hold still", proves: "that a store is not on it proves nothing",
}

var chinese = words{
	summary: "摘要", stores: "门店",
	columns: [9]string{"门店ID", "结果", "代码", "微信支付的说明", "发生了什么", "怎么办", "Request-Id", "调用次数", "确定时间"},
	job:     "任务", state: "状态", reason: "原因", operation: "操作", brand: "品牌", coupon: "商品券", stock: "批次", bundle: "批次组",
	account: "账号", label: "标签", source: "清单", submittedBy: "提交人", created: "提交时间", started: "开始时间", ended: "结束时间",
	total: "门店总数", calls: "调用次数", code: "代码", failed: "失败门店数", meaning: "发生了什么", do: "怎么办",
	unknown: "（没有公开文档：见各门店的说明）", only: "只列出", rows: "各表行数",
	settled: "由微信支付列表确认", strange: "不是门店ID，未处理", unsteady: "读取期间列表有变动", proves: "列表里没有某家门店，不能说明什么",
}
