package catalogue

import "github.com/storelink/storelink/internal/job"

// Texts that several entries share.
var (
	badRequest = Text{
		ZH: "微信支付认为请求中有一项不对：多半是这家门店的编号，也可能是整个请求。",
		EN: "WeChat Pay found something wrong in the request: mostly this store's ID, at times the request as a whole.",
	}
	checkStore = Text{
		ZH: "看该行的 message 说的是哪一项；在商家平台核对门店编号是否存在、是否属于该品牌，改正清单后用改正的清单重新提交。",
		EN: "See what the row's message names; check in the merchant platform that the store ID exists and is this brand's, mend the" +
			" list, and submit the mended list.",
	}
	noSuchStock = Text{
		ZH: "没有这个商品券或批次，或它不属于该品牌，或不是由该服务商创建的。",
		EN: "There is no such coupon or stock, or it is not this brand's, or this partner did not make it.",
	}
	checkTarget = Text{
		ZH: "核对 --brand、--coupon、--stock（或 --bundle）四个编号，以及提交所用的账号，然后重新提交。",
		EN: "Check the IDs given by --brand, --coupon and --stock (or --bundle), and the account; then submit again.",
	}
	notGranted = Text{
		ZH: "该品牌没有把这个产品权限授权给本服务商。该服务商的其他品牌不受影响。",
		EN: "This brand has not granted this partner the product. The partner's other brands are not concerned.",
	}
	grant = Text{
		ZH: "请品牌管理员在品牌的商家平台完成授权，生效后执行 enqueue retry。",
		EN: "Ask the brand to grant it in its merchant platform; once that holds, run enqueue retry.",
	}
	tooFast = Text{
		ZH: "调用过于频繁，微信支付暂时拒绝。",
		EN: "There were too many calls, and WeChat Pay refused for the moment.",
	}
	waits = Text{
		ZH: "一般不用处理：storelink 会放慢并自动重发。若长期出现，检查是否有别的系统也在用同一账号调用。",
		EN: "Nothing, as a rule: storelink slows down and sends it again. If it stays, see whether another system calls with the same" +
			" account.",
	}
	trouble = Text{ZH: "微信支付一方出错，这一次没有结果。", EN: "Something failed at WeChat Pay, and this call had no outcome."}
	again   = Text{
		ZH: "storelink 会自动重发。若仍以失败告终，过一会儿执行 enqueue retry。",
		EN: "storelink sends it again by itself. If it ended as a failure all the same, run enqueue retry after a while.",
	}
)

// entries are all that is known. The codes and numbers of WeChat Pay are those of its public documentation; what a store
// can fail with beside them is not documented, and so not here.
var entries = []Entry{
	{Code: "PARAM_ERROR", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268435461", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268578101", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268578224", Happened: badRequest, Do: checkStore},
	{Code: "INVALID_REQUEST", Happened: Text{
		ZH: "批次现在的状态不允许关联门店：例如批次已停用、已过期、适用全部门店，或应使用批次组。",
		EN: "The stock as it is does not take stores: it may be deactivated, expired or open to all stores, or need its bundle.",
	}, Do: Text{
		ZH: "按 message 在商家平台查看该批次的状态和适用门店设置；多次优惠的商品券要用 --bundle。改好后执行 enqueue retry。",
		EN: "Look at the stock's state and store scope in the merchant platform, as the message says; a progressive bundle's coupon" +
			" needs --bundle. Then run enqueue retry.",
	}},
	{Code: "INVALID_REQUEST", Number: "268578813", Happened: Text{
		ZH: "这个批次适用全部门店，所以不能再逐家关联。",
		EN: "The stock is open to all stores, so that none can be associated.",
	}, Do: Text{
		ZH: "若全部门店可用正合需要，就什么也不用做；否则把批次的适用门店改为指定门店，再执行 enqueue retry。",
		EN: "If it is meant to be open to all, nothing. Else set its store scope to chosen stores (SPECIFIC), and run enqueue retry.",
	}},
	{Code: "INVALID_REQUEST", Number: "268578608", Happened: noSuchStock, Do: checkTarget},
	{Code: "SIGN_ERROR", Happened: Text{
		ZH: "微信支付不认可请求的签名：私钥、证书序列号、账号身份或本机时钟有一项不对。没有门店因此失败。",
		EN: "WeChat Pay does not accept the request's signature: key, serial number, identity or this machine's clock is wrong. No" +
			" store failed for it.",
	}, Do: Text{
		ZH: "请管理 worker 的工程师看日志或 enqueue accounts 给出的原因，改正配置后重启 worker，任务会自动继续。",
		EN: "Ask the engineer who keeps the worker to see its log, or enqueue accounts, for the cause, and to mend the configuration;" +
			" the job goes on by itself.",
	}},
	{Code: "NO_AUTH", Happened: notGranted, Do: grant},
	{Code: "NO_AUTH", Number: "268579803", Happened: notGranted, Do: grant},
	{Code: "NOT_FOUND", Happened: noSuchStock, Do: checkTarget},
	{Code: "RATELIMIT_EXCEEDED", Happened: tooFast, Do: waits},
	{Code: "RATELIMIT_EXCEEDED", Number: "270924289", Happened: tooFast, Do: waits},
	{Code: "FREQUENCY_LIMITED", Happened: tooFast, Do: waits},
	{Code: "SYSTEM_ERROR", Happened: trouble, Do: again},
	{Code: "502", Happened: trouble, Do: again},
	{Code: "503", Happened: trouble, Do: again},
	{Code: "504", Happened: trouble, Do: again},

	{Code: job.RetriesExhausted, Happened: Text{
		ZH: "为这家门店调用了八次都没有得到结果，最后一次的原因在 message 里。可能已经关联上，也可能没有。",
		EN: "Eight calls for this store brought no outcome; the last one's reason is in the message. It may or may not be associated.",
	}, Do: Text{
		ZH: "过一会儿执行 enqueue retry：已经关联的门店再发一次没有坏处。仍然失败时，把 request_id 交给微信支付技术支持。",
		EN: "Run enqueue retry after a while: it does no harm to a store that is associated. If it fails again, give the request_id to" +
			" WeChat Pay's support.",
	}},
	{Code: job.Unreported, Happened: Text{
		ZH: "微信支付的回答里始终没有提到这家门店，既不算成功也不算失败。",
		EN: "WeChat Pay's answers never named this store, neither among the successes nor among the failures.",
	}, Do: Text{
		ZH: "在商家平台核对门店编号是否存在、是否属于该品牌；编号无误时执行 enqueue retry，并把 request_id 交给微信支付技术支持。",
		EN: "Check in the merchant platform that the store ID exists and is this brand's; if it is right, run enqueue retry and give" +
			" the request_id to WeChat Pay's support.",
	}},

	{Code: string(job.Pending), Happened: Text{
		ZH: "这家门店还没有结果。", EN: "This store has no outcome yet.",
	}, Do: Text{ZH: "等任务结束后再看。", EN: "Look again when the job has ended."}},
	{Code: string(job.Unprocessed), Happened: Text{
		ZH: "任务在轮到这家门店之前就结束了。", EN: "The job ended before this store was decided.",
	}, Do: Text{
		ZH: "先看任务为什么结束（enqueue status），解决后执行 enqueue retry。",
		EN: "See why the job ended (enqueue status); once that is mended, run enqueue retry.",
	}},
	{Code: SetAside, Happened: Text{
		ZH: "清单的这一行没有可用的门店编号，没有发送。", EN: "This row of the list has no good store ID and was not sent.",
	}, Do: Text{ZH: "按 message 改正这一行，再提交。", EN: "Mend the row as its message says, and submit it."}},
	{Code: NotInJob, Happened: Text{
		ZH: "这个任务里没有这家门店。", EN: "The job does not have this store.",
	}, Do: Text{
		ZH: "核对任务ID和清单是否对应：这一行可能是提交之后加进清单的。",
		EN: "See whether this is the list of that job: the row may have been added after it was submitted.",
	}},
}
