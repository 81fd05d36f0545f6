package catalogue

import "github.com/storelink/storelink/internal/job"

// Texts that several entries share.
var (
	badRequest = Text{
		ZH: "微信支付认为请求参数有误：多半是这家门店的门店ID不对，也可能是整个请求有问题。",
		EN: "WeChat Pay found something wrong in the request: mostly this store's ID, at times the request as a whole.",
	}
	checkStore = Text{
		ZH: "先看微信支付的说明（message）指的是哪一项；再到品牌经营平台核对这个门店ID是否存在、是否属于该品牌。清单里要填微信支付分配的品牌门店ID，而不是商家自己的门店编号。改正后重新提交清单。",
		EN: "See what the row's message names; check in the brand's console at WeChat Pay that the store ID exists and is this brand's:" +
			" the list needs the IDs that WeChat Pay gave the stores, not the brand's own numbers for them. Then submit the mended list.",
	}
	noSuchStock = Text{
		ZH: "商品券或批次不存在，或不属于该品牌，或不是由该服务商创建的。",
		EN: "There is no such coupon or stock, or it is not this brand's, or this partner did not make it.",
	}
	checkTarget = Text{
		ZH: "核对提交时填写的品牌ID（--brand）、商品券ID（--coupon）、批次ID（--stock）或批次组ID（--bundle），以及所用的账号，然后重新提交。",
		EN: "Check the IDs given by --brand, --coupon and --stock (or --bundle), and the account; then submit again.",
	}
	notGranted = Text{
		ZH: "该品牌没有把商品券的产品权限授权给本服务商，或者该功能仍在灰度、尚未对其开放。本服务商的其他品牌不受影响。",
		EN: "This brand has not granted this partner the product, or it is still in grey release and not open to them. The partner's" +
			" other brands are not concerned.",
	}
	grant = Text{
		ZH: "请品牌方的管理员在品牌经营平台完成授权；如果已经授权，请向微信支付确认该功能是否已对该品牌（或服务商）开放灰度。生效后重试任务。",
		EN: "Ask the brand to grant it in its console at WeChat Pay; where that is done, ask WeChat Pay whether the grey release is open to" +
			" the brand and the partner. Once it is, retry the job.",
	}
	tooFast = Text{
		ZH: "调用频率超过限制，微信支付暂时拒绝。",
		EN: "There were too many calls, and WeChat Pay refused for the moment.",
	}
	waits = Text{
		ZH: "一般不用处理：storelink 会降低速度并自动重发。若长期出现，请检查是否有其他系统也在用同一商户号（或品牌）调用。",
		EN: "Nothing, as a rule: storelink slows down and sends it again. If it stays, see whether another system calls with the same" +
			" account.",
	}
	trouble = Text{ZH: "微信支付系统异常，这次调用没有结果。", EN: "Something failed at WeChat Pay, and this call had no outcome."}
	again   = Text{
		ZH: "storelink 会自动重发。如果最后仍然失败，请过一会儿重试任务。",
		EN: "storelink sends it again by itself. If it ended as a failure all the same, retry the job after a while.",
	}
)

// ofStores are codes that mean something else where one store of an answer fails with them than where a call does.
var ofStores = []Entry{
	{Code: "INVALID_REQUEST", Happened: Text{
		ZH: "该品牌没有这家门店，或者没有这个门店ID。",
		EN: "The brand has no such store, or there is no such store ID.",
	}, Do: checkStore},
}

// entries are all that is known. The codes and numbers of WeChat Pay are those of its public documentation; what a store
// can fail with beside them is not documented, and so not here.
var entries = []Entry{
	{Code: "PARAM_ERROR", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268435461", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268435462", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268435463", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268435464", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268578101", Happened: badRequest, Do: checkStore},
	{Code: "PARAM_ERROR", Number: "268578224", Happened: badRequest, Do: checkStore},
	{Code: "INVALID_REQUEST", Happened: Text{
		ZH: "批次当前的状态不能关联门店：例如批次已停用、已过期、可用门店为全部门店，或者应当使用批次组。",
		EN: "The stock as it is does not take stores: it may be deactivated, expired or open to all stores, or need its bundle.",
	}, Do: Text{
		ZH: "根据微信支付的说明（message），到品牌经营平台查看该批次的状态和可用门店设置；“多次优惠”的商品券要用 --bundle 提交批次组。处理好后重试任务。",
		EN: "Look at the stock's state and store scope in the brand's console at WeChat Pay, as the message says; a progressive bundle's coupon" +
			" needs --bundle. Then retry the job.",
	}},
	{Code: "INVALID_REQUEST", Number: "268578813", Happened: Text{
		ZH: "这个批次的可用门店是全部门店，所以不能再关联指定门店。",
		EN: "The stock is open to all stores, so that none can be associated.",
	}, Do: Text{
		ZH: "如果本来就要全部门店可用，则无需处理；否则请把批次的可用门店改为指定门店（store_scope 为 SPECIFIC），再重试任务。",
		EN: "If it is meant to be open to all, nothing. Else set its store scope to chosen stores (SPECIFIC), and retry the job.",
	}},
	{Code: "INVALID_REQUEST", Number: "268578608", Happened: noSuchStock, Do: checkTarget},
	{Code: "SIGN_ERROR", Happened: Text{
		ZH: "微信支付验签不通过：商户API证书（或品牌API证书）的私钥、证书序列号、商户号（或品牌ID）、worker 所在机器的时钟，其中有一项不对。没有门店因此失败。",
		EN: "WeChat Pay does not accept the request's signature: key, serial number, identity or this machine's clock is wrong. No" +
			" store failed for it.",
	}, Do: Text{
		ZH: "请负责 worker 的工程师查看日志，或账号状态里给出的原因，改正配置后向 worker 发送 SIGHUP 或重启它，任务会自动继续。",
		EN: "Ask the engineer who keeps the worker to see its log, or the account's state, for the cause, and to mend the configuration;" +
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
		ZH: "为这家门店调用了八次，都没有得到结果，最后一次的原因见说明（message）。门店可能已经关联成功，也可能没有。",
		EN: "Eight calls for this store brought no outcome; the last one's reason is in the message. It may or may not be associated.",
	}, Do: Text{
		ZH: "请过一会儿重试任务：已经关联的门店再提交一次也没有影响。如果仍然失败，请把 Request-Id 提供给微信支付技术支持。",
		EN: "Retry the job after a while: it does no harm to a store that is associated. If it fails again, give the request_id to" +
			" WeChat Pay's support.",
	}},
	{Code: job.Unreported, Happened: Text{
		ZH: "微信支付的应答里始终没有这家门店，既不在成功列表里，也不在失败列表里。",
		EN: "WeChat Pay's answers never named this store, neither among the successes nor among the failures.",
	}, Do: Text{
		ZH: "到品牌经营平台核对这个门店ID是否存在、是否属于该品牌；如果没有问题，请重试任务，并把 Request-Id 提供给微信支付技术支持。",
		EN: "Check in the brand's console at WeChat Pay that the store ID exists and is this brand's; if it is right, retry the job and give" +
			" the request_id to WeChat Pay's support.",
	}},

	{Code: string(job.Pending), Happened: Text{
		ZH: "这家门店还没有结果。", EN: "This store has no outcome yet.",
	}, Do: Text{ZH: "等任务结束后再看。", EN: "Look again when the job has ended."}},
	{Code: string(job.Unprocessed), Happened: Text{
		ZH: "还没有处理到这家门店，任务就结束了。", EN: "The job ended before this store was decided.",
	}, Do: Text{
		ZH: "先看任务的状态里写明的提前结束的原因，处理好后重试任务。",
		EN: "See why the job ended, which its state says; once that is mended, retry the job.",
	}},
	{Code: SetAside, Happened: Text{
		ZH: "清单的这一行没有正确的门店ID，没有提交。", EN: "This row of the list has no good store ID and was not sent.",
	}, Do: Text{ZH: "根据说明（message）改正这一行，再重新提交。", EN: "Mend the row as its message says, and submit it."}},
	{Code: NotInJob, Happened: Text{
		ZH: "这个任务里没有这家门店。", EN: "The job does not have this store.",
	}, Do: Text{
		ZH: "请核对任务和清单是否对应：这一行可能是任务提交之后才加进清单的。",
		EN: "See whether this is the list of that job: the row may have been added after it was submitted.",
	}},

	// What keeps an account from being served.
	{Code: job.LaneUnserved, Happened: Text{
		ZH: "目前没有 worker 服务这个账号，任务在等待。", EN: "No worker serves this account at the moment, and its jobs wait.",
	}, Do: Text{
		ZH: "请负责 worker 的工程师确认 worker 已经启动，并且配置里有这个账号；之后任务会自动继续。",
		EN: "Ask the engineer who keeps the worker to see that one is up and has the account in its configuration; then the jobs go on" +
			" by themselves.",
	}},
	{Code: job.LaneOutage, Happened: Text{
		ZH: "对微信支付的调用接连失败，worker 正在逐个试探，恢复之前不会有进展。没有门店因此失败。",
		EN: "Calls to WeChat Pay fail one after another, and single ones are tried until one passes. No store fails for it.",
	}, Do: Text{
		ZH: "一般等待即可，恢复后会自动继续。若长时间不恢复，请工程师检查 worker 到微信支付的网络。",
		EN: "Wait, as a rule: it goes on by itself. If it stays, ask an engineer to look at the worker's way to WeChat Pay.",
	}},
	{Code: job.LaneRefused, Happened: Text{
		ZH: "微信支付以 401 拒绝了这个账号：密钥、证书序列号、商户号（或品牌ID）或时钟有误。没有门店因此失败。",
		EN: "WeChat Pay refuses this account with 401: a key, serial number, identity or clock is wrong. No store fails for it.",
	}, Do: Text{
		ZH: "请负责 worker 的工程师用 worker check 检查并改正配置；之后任务会自动继续。",
		EN: "Ask the engineer who keeps the worker to try the set-up by worker check and mend it; then the jobs go on by themselves.",
	}},
	{Code: job.LaneConflict, Happened: Text{
		ZH: "另一套 worker 正以不同的商户（或品牌）或不同的微信支付地址服务同名账号，为避免结果混在一起，这里不服务它。没有门店因此失败。",
		EN: "Other workers serve an account of this name as another merchant or brand, or send to another host: so that no outcomes" +
			" are mixed, it is not served here. No store fails for it.",
	}, Do: Text{
		ZH: "请负责 worker 的工程师让两套环境各用各的 Redis（或不同的账号名）；若是有意更换配置，请先让旧的 worker 全部停下。",
		EN: "Ask the engineer who keeps the workers to give each installation a Redis of its own, or other names to its accounts; where" +
			" the change is meant, all workers with the former configuration have to stop first.",
	}},
	{Code: job.LaneThrottled, Happened: tooFast, Do: waits},
}
