package sandbox

import (
	"fmt"
	"net/http"

	"github.com/storelink/storelink/internal/wxapi"
)

// refusal is an answer that is no 200: docs/wechatpay.md, "When it fails".
type refusal struct {
	status int
	code   string
	number int // the finer error number, at the end of Request-Id; 0 where none is documented
	text   string
	detail *wxapi.ErrorDetail
}

// The numbers of PARAM_ERROR: the first for what is wrong with the form of a request, the second for a store that it
// names.
const (
	paramErrorForm  = 268435461
	paramErrorStore = 268578101
)

// The refusals that have no detail.
var (
	notFound = &refusal{status: http.StatusNotFound, code: "NOT_FOUND",
		text: "请求的资源不存在 (no such method and path)"}
	stockNotFound = &refusal{status: http.StatusNotFound, code: "NOT_FOUND",
		text: "商品券或批次不存在 (no such coupon or stock)"}
	stockUnknown = &refusal{status: http.StatusBadRequest, code: "INVALID_REQUEST", number: 268578608,
		text: "商品券或批次不存在，或不属于该品牌，或不由该服务商创建 " +
			"(no such coupon or stock, or not this brand's, or not made by this partner)"}
	stockOpen = &refusal{status: http.StatusBadRequest, code: "INVALID_REQUEST", number: 268578813,
		text: "批次适用于全部门店，不支持关联门店 (the stock is open to all stores: no store can be associated)"}
	notGranted = &refusal{status: http.StatusForbidden, code: "NO_AUTH", number: 268579803,
		text: "品牌未授权该服务商 (this brand has not granted this partner the product)"}
	tooFast = &refusal{status: http.StatusTooManyRequests, code: "RATELIMIT_EXCEEDED", number: 270924289,
		text: "频率超限，请稍后重试 (too many calls in a second)"}
	systemError = &refusal{status: http.StatusInternalServerError, code: "SYSTEM_ERROR",
		text: "系统异常，请稍后重试 (system error: send the same request again)"}
)

// signError is a 401. The field tells which part of the proof is wrong, the text says so to a person.
func signError(field, value, chinese, english string) *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "SIGN_ERROR", text: chinese + " (" + english + ")",
		detail: &wxapi.ErrorDetail{Field: field, Value: clip(value), Issue: english, Location: "authorization"}}
}

// paramError is a 400 about one place of the request: "/body/brand_id", "/query/page_size".
func paramError(location, field, value, issue string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "PARAM_ERROR", number: paramErrorForm,
		text: "参数错误 (" + issue + ")",
		detail: &wxapi.ErrorDetail{Field: "/" + location + field, Value: clip(value), Issue: issue,
			Location: location}}
}

// poisoned is a 400 about one store, the call's at'th as it was sent; how tells how much it gives away.
func poisoned(at int, storeID, how string) *refusal {
	r := &refusal{status: http.StatusBadRequest, code: "PARAM_ERROR", number: paramErrorStore, text: "参数错误"}
	switch how {
	case PoisonNamesList:
		r.detail = &wxapi.ErrorDetail{Field: "/body/store_list", Issue: "门店信息有误", Location: "body"}
	case PoisonNamesStore:
		r.detail = &wxapi.ErrorDetail{Field: fmt.Sprintf("/body/store_list/%d/store_id", at), Value: storeID,
			Issue: "门店信息有误", Location: "body"}
	}
	return r
}

// clip keeps what a caller sent from filling the answer.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		return s[:most]
	}
	return s
}

func (r *refusal) encode() []byte {
	return encode(wxapi.ErrorAnswer{Code: r.code, Message: r.text, Detail: r.detail})
}
