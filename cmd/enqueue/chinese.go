package main

// chinese has, by what it is in English, all that people are told in sentences. A format keeps its arguments; it may take
// them in another order (%[2]s).
var chinese = map[string]string{
	": %s":        "：%s",
	"warning: %s": "警告：%s",
	", %s":        "，%s",

	// Lists and tables.
	"There are no such jobs.":                                "没有这样的任务。",
	"No worker has published an account.":                    "还没有 worker 发布过账号。",
	"There are no schedules.":                                "没有定时任务。",
	"It has not run yet.":                                    "还没有运行过。",
	"(no room for %s: make the window wider, or use --json)": "（放不下这些列：%s。可以加宽窗口，或使用 --json）",
	"paused":                                "已暂停",
	"missed (%s)":                           "已错过（%s 次）",
	"%s in %s":                              "%s，共 %s",
	"%s: %s":                                "%s：%s",
	"%s, %s":                                "%s，%s",
	", and %s":                              "，另有 %s",
	"%s  (nothing is sent for them)":        "%s（无需发送）",
	"%s  (they stay: there was no --prune)": "%s（保留：没有使用 --prune）",
	"%s  by WeChat Pay's list after the writes":     "%s（写入后与微信支付列表核对）",
	"%s  (answered after the end, and not counted)": "%s（结束后才收到应答，不计入）",
	"  %s of them for stores sent before":           "  其中 %s 次为重发",
	"  %s refused for the pace (429)":               "  %s 次被限频（429）",
	"%s  %s listed":                                 "%s，已列出 %s",
	"at most %s":                                    "最多 %s",
	"the latest missed tick is made up for":         "补运行最近一次错过的",
	"none while it is paused":                       "已暂停，没有下次",
	"none":                                          "无",
	"line %d":                                       "第 %d 行",
	"%s by %s":                                      "%s，%s",

	// How a job goes and ends.
	"Job %s is %s%s%s":                "任务 %s %s%s%s",
	"Batch %s is %s%s%s":              "批量任务 %s %s%s%s",
	" in %s":                          "，用时 %s",
	"%s of %s, %s failed":             "已处理 %s / %s，失败 %s",
	", %s a second":                   "，每秒 %s",
	", %s left":                       "，还需 %s",
	"nothing moves: job %s waits%s%s": "没有进展：任务 %s 等待中%s%s",
	" until %s":                       "，到 %s",
	"nothing moves: job %s is paused%s; `enqueue resume %s` lets it go on":                    "没有进展：任务 %s 已暂停%s；执行 `enqueue resume %s` 可继续",
	"job %s is %s%s; calls in flight are finished":                                            "任务 %s %s%s；正在进行的调用会完成",
	"nothing moves: no worker serves account %s at the moment":                                "没有进展：目前没有 worker 服务账号 %s",
	"nothing moves: WeChat Pay cannot be worked with at the moment, single calls are tried%s": "没有进展：微信支付暂时不可用，正在逐个尝试调用%s",
	"nothing moves: account %s is another installation's at the moment%s":                     "没有进展：账号 %s 目前由另一套配置服务%s",
	"nothing moves: WeChat Pay refuses account %s%s":                                          "没有进展：微信支付拒绝账号 %s%s",
	"nothing moves: WeChat Pay asks to wait (429)%s":                                          "没有进展：微信支付要求等待（429）%s",
	"listing what is associated":                                                              "正在读取现有关联",
	"listing stores: calls for some went unanswered":                                          "正在读取现有关联：部分门店的调用没有收到应答",
	"%s  by WeChat Pay's list: calls for them went unanswered":                                "%s  由微信支付列表确认：对它们的调用没有收到应答",
	"listing again, to verify":                                                                "正在重新读取关联，以便核对",
	"the job moves again":                                                                     "任务恢复进展",
	"Redis answers again":                                                                     "Redis 已恢复应答",
	"Redis does not answer, still trying (%v)":                                                "Redis 没有应答，仍在尝试（%v）",
	"stopping: calls in flight are finished (a second Ctrl-C ends at once)":                   "正在停止：等待进行中的调用完成（再按一次 Ctrl-C 立即结束）",

	// What watch draws.
	"looking …":          "正在读取…",
	"No job is at work.": "没有正在处理的任务。",
	"and %s more":        "还有 %s",
	"Redis has not answered for %s, still trying (%v)": "Redis 已 %s没有应答，仍在尝试（%v）",
	"q or Ctrl-C leaves; the job goes on":              "按 q 或 Ctrl-C 退出；任务会继续",
	"q or Ctrl-C leaves; the jobs go on":               "按 q 或 Ctrl-C 退出；任务会继续",

	// What is asked before stores are taken away.
	" [y/N] ":                  "［y/N］",
	"Disassociate %s from %s?": "取消 %[2]s 与 %[1]s的关联？",
	"Bring %s in line with %s, and disassociate all others, at most %s?": "把%s同步为清单中的 %s，并取消其余全部关联（最多 %s）？",
	"%s targets": "%s 个对象",
	"Cancel %s (%s, %s)? Of %s, %s are done; the rest is left unprocessed.": "取消 %s（%s，%s）？共 %s，已处理 %s 家，其余不再处理。",

	// What was submitted.
	"The list: %s.":                   "清单：%s。",
	"Job %s: %s %s with %s, in %s%s.": "任务 %[1]s：%[2]s，%[3]s，%[4]s，分成 %[5]s%[6]s。",
	"`enqueue watch %s` follows it, `enqueue results %[1]s` writes its report.": "执行 `enqueue watch %s` 查看进度，`enqueue results %[1]s` 导出报告。",
	", %s dropped":           "，去掉 %s",
	", %s set aside":         "，另存 %s",
	"%s written to %s.":      "已将 %s写入 %s。",
	"Batch %s: %s for %s%s.": "批量任务 %s：%s，%s%s。",
	"It is sent at %s, and can be cancelled until then.":                            "将于 %s 发送，在此之前可以取消。",
	"Nothing was sent. The list is good: %s %s with %s, in %s and as many calls%s.": "没有发送任何内容。清单没有问题：%[1]s，%[2]s，%[3]s，分成 %[4]s，调用次数相同%[5]s。",
	"The account has no pace: how long it takes is up to WeChat Pay.":               "该账号没有限速：用时取决于微信支付。",
	"At %g calls a second": "按每秒 %g 次调用，",
	"Account %s is not in this configuration; at %g calls a second, as WeChat Pay allows,":                      "账号 %s 不在本配置中；按微信支付允许的每秒 %g 次调用，",
	" it takes %s; stores that must be sent again come on top, and other jobs of the account take their turns.": "需要%s；需要重发的门店另计，账号的其他任务会轮流进行。",
	"Nothing was sent, and nothing is wrong: %s for %s, in %s%s.":                                               "没有发送任何内容，检查没有问题：%s，%s，%s%s。",
	"as fast as it is answered":   "取决于应答速度",
	"at least %s":                 "至少 %s",
	"  %s %s, %s: %s":             "  %s %s，%s：%s",
	"Nothing was sent but %s. %s": "除 %s外没有发送任何内容。%s",
	"There is nothing to send.":   "没有需要发送的内容。",
	"The run lists anew, in %s%s, and then takes at least %s%s.":                   "正式运行会重新查询（%s%s），之后至少需要 %s%s。",
	"%s, %s of them settled by that list":                                          "%s，其中 %s 由该列表确认",
	"%s  %s succeeded, %s failed":                                                  "%s，成功 %s，失败 %s",
	"%s  (that list did not hold still: that a store is not on it proves nothing)": "%s（读取期间列表有变动：列表中没有某家门店不能作为依据）",
	"%s  (listed by WeChat Pay, and left alone: no store has such an ID)":          "%s（微信支付列出但不是门店 ID，不作处理）",
	"%s (dry run)":                  "%s（试运行）",
	", %s at %.4g calls a second":   "，%s（每秒 %.4g 次）",
	"The difference, %s, is in %s.": "差异（%s）已写入 %s。",
	"none is too much":              "没有多出的",
	"%s are too much and stay (--prune would disassociate them)":                   "%s 多出，保留不动（--prune 会取消其关联）",
	"%s are too much and are disassociated after that":                             "%s 多出，随后取消关联",
	"Job %s: %s of the list, %s in line; %s are missing and to be associated; %s.": "任务 %s：清单中 %s，%s 家已一致；缺少 %s，将进行关联；%s。",

	// Schedules.
	"Schedule %s is removed.": "定时任务 %s 已删除。",
	"Its last job goes on: `enqueue watch %s` follows it, `enqueue cancel %[1]s` stops it.": "它的上一个任务继续进行：`enqueue watch %s` 查看进度，`enqueue cancel %[1]s` 停止。",
	"Run %d of schedule %s has made job %s: `enqueue watch %[3]s` follows it.":              "定时任务 %[2]s 的第 %[1]d 次运行新建了任务 %[3]s：`enqueue watch %[3]s` 查看进度。",
	"Run %d of schedule %s is due: a worker does it, `enqueue schedule show %[2]s` tells.":  "定时任务 %[2]s 的第 %[1]d 次运行已到时间：由 worker 执行，`enqueue schedule show %[2]s` 查看结果。",
	"Run %d of schedule %s is %s: %s.":                                                      "定时任务 %[2]s 的第 %[1]d 次运行%[3]s：%[4]s。",
	"Schedule %s is added: %s %s with %s at %s (%s).%s":                                     "定时任务 %s 已添加：%s，%s，清单 %s，时间 %s（%s）。%s",
	"Schedule %s is replaced: %s %s with %s at %s (%s).%s":                                  "定时任务 %s 已替换：%s，%s，清单 %s，时间 %s（%s）。%s",
	" Its next tick is %s.": "下次运行：%s。",
	"It is still paused: `enqueue schedule resume %s` lets it go on.": "它仍处于暂停状态：执行 `enqueue schedule resume %s` 可继续。",
}

// chineseLabels are what rows and columns are called, where that is not catalogue's word.
var chineseLabels = map[string]string{
	"JOB": "任务", "STATE": "状态", "OPERATION": "操作", "ACCOUNT": "账号", "STOCK OR BUNDLE": "批次或批次组", "DONE": "已处理",
	"STORES": "门店", "FAILED": "失败", "CREATED": "提交时间", "LABEL": "标签", "MODE": "模式", "IDENTITY": "商户号/品牌",
	"CALLS A SECOND": "每秒调用次数", "WORKER": "WORKER", "SEEN": "最近在线", "REASON": "原因", "NAME": "名称", "CRON": "时间",
	"NEXT TICK": "下次运行", "LAST RUN": "上次运行", "IS": "结果", "RUN": "运行", "TICK": "应运行时间", "KIND": "类型",
	"WORKERS": "WORKER 数", "FAILURE": "失败代码", "WHAT HAPPENED": "发生了什么",
	"UNPROCESSED": "未处理", "MISSING": "缺少", "SURPLUS": "多出", "CONTRADICTED": "核对不符",

	"list": "清单", "ended": "结束时间", "cron": "时间", "prune": "取消多余关联", "column": "列", "ids": "ID 类型", "header": "表头", "sheet": "工作表", "notify": "通知", "catch up": "补运行",
	"added": "添加", "contradicted": "核对不符", "strange": "异常 ID", "associate": "需关联", "disassociate": "需取消关联",
}

// chineseCounted are what stands behind a number for what is counted.
var chineseCounted = map[string]string{
	"store": "家门店", "chunk": "个分块", "row": "行", "call": "次调用", "list call": "次查询", "target": "个对象", "repeat": "个重复门店",
	"bad row": "行问题数据", "other code": "个其他代码", "job": "个任务", "worker": "个 worker", "account": "个账号",
}
