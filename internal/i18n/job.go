package i18n

// jobTexts are what is said of jobs and batches: why one ended, why it cannot be changed.
var jobTexts = texts{
	"job.stock_of":  {EN: "stock {stock} of coupon {coupon}", ZH: "批次 {stock}（商品券 {coupon}）"},
	"job.bundle_of": {EN: "stock bundle {bundle} of coupon {coupon}", ZH: "批次组 {bundle}（商品券 {coupon}）"},
}
