package i18n

import "strings"

// Term is the message that names what a document calls by a word of its own: a state, an operation, an outcome, a lane's
// state, a field. A word that is not known stands for itself.
func Term[T ~string](word T) Message {
	m := Message{Code: "term." + strings.ReplaceAll(string(word), " ", "_"), text: string(word)}
	if word == "" {
		return Message{}
	}
	return m
}

// termTexts are the words that everything which people read has in common: reports, messages, tables. They are looked up by
// Term alone.
var termTexts = texts{
	"term.job":          {EN: "job", ZH: "任务"},
	"term.batch":        {EN: "batch", ZH: "批量任务"},
	"term.schedule":     {EN: "schedule", ZH: "定时任务"},
	"term.account":      {EN: "account", ZH: "账号"},
	"term.brand":        {EN: "brand", ZH: "品牌"},
	"term.coupon":       {EN: "product coupon", ZH: "商品券"},
	"term.stock":        {EN: "stock", ZH: "批次"},
	"term.bundle":       {EN: "stock bundle", ZH: "批次组"},
	"term.store":        {EN: "store", ZH: "门店"},
	"term.stores":       {EN: "stores", ZH: "门店总数"},
	"term.target":       {EN: "target", ZH: "对象"},
	"term.targets":      {EN: "targets", ZH: "对象"},
	"term.accounts":     {EN: "accounts", ZH: "账号"},
	"term.state":        {EN: "state", ZH: "状态"},
	"term.reason":       {EN: "reason", ZH: "原因"},
	"term.operation":    {EN: "operation", ZH: "操作"},
	"term.label":        {EN: "label", ZH: "标签"},
	"term.source":       {EN: "source", ZH: "清单来源"},
	"term.submitted_by": {EN: "submitted by", ZH: "提交人"},
	"term.priority":     {EN: "priority", ZH: "优先级"},
	"term.created":      {EN: "created", ZH: "提交时间"},
	"term.due":          {EN: "due", ZH: "预约时间"},
	"term.started":      {EN: "started", ZH: "开始时间"},
	"term.ended_at":     {EN: "ended", ZH: "结束时间"},
	"term.calls":        {EN: "calls", ZH: "调用次数"},
	"term.code":         {EN: "code", ZH: "代码"},
	"term.lane":         {EN: "lane", ZH: "账号状态"},
	"term.phase":        {EN: "phase", ZH: "阶段"},
	"term.report":       {EN: "report", ZH: "报告"},
	"term.next_tick":    {EN: "next tick", ZH: "下次运行"},

	"term.succeeded":   {EN: "succeeded", ZH: "成功"},
	"term.failed":      {EN: "failed", ZH: "失败"},
	"term.pending":     {EN: "pending", ZH: "待处理"},
	"term.unprocessed": {EN: "unprocessed", ZH: "未处理"},
	"term.late":        {EN: "late", ZH: "结束后才收到"},

	"term.associate":    {EN: "associate", ZH: "关联门店"},
	"term.disassociate": {EN: "disassociate", ZH: "取消关联门店"},
	"term.resync":       {EN: "resync", ZH: "同步门店"},

	"term.staging":    {EN: "staging", ZH: "读取清单中"},
	"term.scheduled":  {EN: "scheduled", ZH: "已预约"},
	"term.running":    {EN: "running", ZH: "进行中"},
	"term.paused":     {EN: "paused", ZH: "已暂停"},
	"term.completed":  {EN: "completed", ZH: "已完成"},
	"term.cancelling": {EN: "cancelling", ZH: "取消中"},
	"term.cancelled":  {EN: "cancelled", ZH: "已取消"},
	"term.aborting":   {EN: "aborting", ZH: "中止中"},
	"term.aborted":    {EN: "aborted", ZH: "已中止"},

	"term.high":    {EN: "high", ZH: "高"},
	"term.default": {EN: "default", ZH: "普通"},
	"term.low":     {EN: "low", ZH: "低"},
	"term.partner": {EN: "partner", ZH: "服务商"},

	"term.idle":      {EN: "idle", ZH: "空闲"},
	"term.serving":   {EN: "serving", ZH: "服务中"},
	"term.throttled": {EN: "throttled", ZH: "被限频（429）"},
	"term.outage":    {EN: "outage", ZH: "接口故障"},
	"term.refused":   {EN: "refused", ZH: "被拒绝（401）"},
	"term.conflict":  {EN: "conflict", ZH: "配置冲突"},
	"term.unserved":  {EN: "unserved", ZH: "无 worker"},

	"term.in_line":      {EN: "in line", ZH: "已一致"},
	"term.missing":      {EN: "missing", ZH: "缺少"},
	"term.surplus":      {EN: "surplus", ZH: "多出"},
	"term.too_much":     {EN: "too much", ZH: "多出"},
	"term.settled":      {EN: "settled", ZH: "由列表确认"},
	"term.contradicted": {EN: "contradicted", ZH: "与微信支付列表不符"},
	"term.confirmed":    {EN: "confirmed", ZH: "一致"},
	"term.list":         {EN: "list", ZH: "读取现有关联"},
	"term.write":        {EN: "write", ZH: "写入"},
	"term.verify":       {EN: "verify", ZH: "核对中"},
	"term.planned":      {EN: "planned", ZH: "仅计划"},
	"term.verified":     {EN: "verified", ZH: "已核对"},

	"term.submitted": {EN: "submitted", ZH: "已提交"},
	"term.ended":     {EN: "ended", ZH: "已结束"},
	"term.skipped":   {EN: "skipped", ZH: "已跳过"},
	"term.unchanged": {EN: "unchanged", ZH: "清单未变"},
	"term.missed":    {EN: "missed", ZH: "已错过"},
	"term.tick":      {EN: "tick", ZH: "定时"},
	"term.caught_up": {EN: "caught_up", ZH: "补运行"},
	"term.manual":    {EN: "manual", ZH: "手动"},

	"term.associate-stock":     {EN: "associate-stock", ZH: "关联（批次）"},
	"term.associate-bundle":    {EN: "associate-bundle", ZH: "关联（批次组）"},
	"term.disassociate-stock":  {EN: "disassociate-stock", ZH: "取消关联（批次）"},
	"term.disassociate-bundle": {EN: "disassociate-bundle", ZH: "取消关联（批次组）"},
	"term.list-stock":          {EN: "list-stock", ZH: "查询（批次）"},
}
