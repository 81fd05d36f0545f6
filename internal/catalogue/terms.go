package catalogue

// Term names, in a language, what a document calls by a word of its own: a state, an operation, an outcome, a lane's state,
// a field. A word that is not known stands for itself.
func Term[T ~string](word T, l Lang) string {
	if t, ok := terms[string(word)]; ok {
		return t.In(l)
	}
	return string(word)
}

// terms are the words that everything which people read has in common: reports, messages, tables.
var terms = map[string]Text{
	"job": {"任务", "job"}, "batch": {"批量任务", "batch"}, "schedule": {"定时任务", "schedule"}, "account": {"账号", "account"},
	"brand": {"品牌", "brand"}, "coupon": {"商品券", "product coupon"}, "stock": {"批次", "stock"},
	"bundle": {"批次组", "stock bundle"}, "store": {"门店", "store"}, "stores": {"门店总数", "stores"},
	"target": {"对象", "target"}, "targets": {"对象", "targets"}, "accounts": {"账号", "accounts"},
	"state": {"状态", "state"}, "reason": {"原因", "reason"}, "operation": {"操作", "operation"}, "label": {"标签", "label"},
	"source": {"清单来源", "source"}, "submitted by": {"提交人", "submitted by"}, "priority": {"优先级", "priority"},
	"created": {"提交时间", "created"}, "due": {"预约时间", "due"}, "started": {"开始时间", "started"}, "ended at": {"结束时间", "ended"},
	"calls": {"调用次数", "calls"}, "code": {"代码", "code"}, "lane": {"账号状态", "lane"}, "phase": {"阶段", "phase"},
	"report": {"报告", "report"}, "next tick": {"下次运行", "next tick"},

	"succeeded": {"成功", "succeeded"}, "failed": {"失败", "failed"}, "pending": {"待处理", "pending"},
	"unprocessed": {"未处理", "unprocessed"}, "late": {"结束后才收到", "late"},

	"associate": {"关联门店", "associate"}, "disassociate": {"取消关联门店", "disassociate"}, "resync": {"同步门店", "resync"},

	"staging": {"读取清单中", "staging"}, "scheduled": {"已预约", "scheduled"}, "running": {"进行中", "running"},
	"paused": {"已暂停", "paused"}, "completed": {"已完成", "completed"}, "cancelling": {"取消中", "cancelling"},
	"cancelled": {"已取消", "cancelled"}, "aborting": {"中止中", "aborting"}, "aborted": {"已中止", "aborted"},

	"high": {"高", "high"}, "default": {"普通", "default"}, "low": {"低", "low"},
	"partner": {"服务商", "partner"},

	"idle": {"空闲", "idle"}, "serving": {"服务中", "serving"}, "throttled": {"被限频（429）", "throttled"},
	"outage": {"接口故障", "outage"}, "refused": {"被拒绝（401）", "refused"}, "conflict": {"配置冲突", "conflict"},
	"unserved": {"无 worker", "unserved"},

	"in line": {"已一致", "in line"}, "missing": {"缺少", "missing"}, "surplus": {"多出", "surplus"}, "too much": {"多出", "too much"},
	"contradicted": {"与微信支付列表不符", "contradicted"}, "confirmed": {"一致", "confirmed"},
	"list": {"读取现有关联", "list"}, "write": {"写入", "write"}, "verify": {"核对中", "verify"}, "planned": {"仅计划", "planned"},
	"verified": {"已核对", "verified"},

	"submitted": {"已提交", "submitted"}, "ended": {"已结束", "ended"}, "skipped": {"已跳过", "skipped"},
	"unchanged": {"清单未变", "unchanged"}, "missed": {"已错过", "missed"}, "tick": {"定时", "tick"},
	"caught_up": {"补运行", "caught_up"}, "manual": {"手动", "manual"},

	"associate-stock": {"关联（批次）", "associate-stock"}, "associate-bundle": {"关联（批次组）", "associate-bundle"},
	"disassociate-stock": {"取消关联（批次）", "disassociate-stock"}, "disassociate-bundle": {"取消关联（批次组）", "disassociate-bundle"},
	"list-stock": {"查询（批次）", "list-stock"},
}
