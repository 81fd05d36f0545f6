package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

// words are in Chinese what the documents of a job, a batch and a schedule have, in the order in which they are told.
// What is not among them is left out.
var words = []struct{ key, word string }{
	{"state", "状态"}, {"meaning", "说明"}, {"outcome", "结果"}, {"reason", "原因"}, {"error", "原因"}, {"code", "错误代码"},
	{"schedule", "定时任务"}, {"batch", "批量任务"}, {"name", "名称"}, {"run", "第几次运行"}, {"kind", "触发方式"}, {"tick", "应运行时间"},
	{"missed", "错过次数"},
	{"job", "任务"}, {"operation", "操作"}, {"account", "账号"}, {"brand_id", "品牌"}, {"product_coupon_id", "商品券"}, {"stock_id", "批次"},
	{"stock_bundle_id", "批次组"}, {"label", "标签"}, {"source", "来源"}, {"submitted_by", "提交人"}, {"targets", "对象数"}, {"jobs", "各任务"}, {"total", "门店总数"},
	{"succeeded", "成功"}, {"failed", "失败"}, {"unprocessed", "未处理"}, {"pending", "待处理"}, {"failures", "失败代码"}, {"resync", "与清单的差异"},
	{"created_at", "创建时间"}, {"started_at", "开始时间"}, {"ended_at", "结束时间"}, {"next", "下次运行"},
}

// titles are how an event is told of, by its type: what it is about, and what happened to that.
var titles = map[string]string{"job": "任务", "batch": "批量任务", "schedule": "定时任务", "ended": "已结束", "failed": "失败", "started": "已开始",
	"skipped": "已跳过", "missed": "已错过", "unchanged": "无需运行", "gone": "结果不明", "paused": "已暂停", "resumed": "已恢复"}

// meanings say in Chinese why a schedule's run made no job, by the event's type and the run's code, or its type alone: the
// reason that the run has is in English, with the names of files and stores.
var meanings = map[string]string{
	"schedule.failed":                       "没能生成任务，本次没有任何改动",
	"schedule.failed " + job.CodeBadList:    "清单无法使用，或有不正确的行；本次没有任何改动",
	"schedule.failed " + job.CodeUsage:      "worker 的配置（sources）不允许读取这份清单；本次没有任何改动",
	"schedule.failed " + job.CodeIO:         "多次尝试都没能读到清单；本次没有任何改动",
	"schedule.failed " + job.CodeTimeout:    "多次尝试都没能按时读完清单；本次没有任何改动",
	"schedule.skipped":                      "这个定时任务在生成任务前被替换了，本次跳过",
	"schedule.skipped " + job.CodeJobAtWork: "上一个任务或同一对象的其他任务还没有结束，本次跳过",
	"schedule.missed":                       "到点时没有为该账号服务的 worker，本次没有运行",
	"schedule.unchanged":                    "清单与上次相同，其中的门店已全部成功，无需再运行",
	"schedule.gone":                         "任务已不在 Redis 中，无法得知它的结果",
}

// beijing is the time that a message tells times in: China has one time zone, without summer time.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// The bounds of a message's parts, in characters.
const (
	maxValue  = 200
	maxCounts = 5 // codes, or states
)

// robotText writes an event as a message for people.
func robotText(e Event) (string, error) {
	document, err := subject(e)
	if err != nil {
		return "", err
	}
	if m := meaning(e.Type, document["code"]); m != "" && document != nil {
		document["meaning"] = m
	}
	var b strings.Builder
	b.WriteString("### 门店关联 " + title(e.Type) + "\n")
	end := "<font color=\"comment\">" + e.At.In(beijing).Format("2006-01-02 15:04:05") + " · " + clean(e.ID) + "</font>"
	for _, w := range words {
		said := tell(w.key, document[w.key])
		if said == "" {
			continue
		}
		line := "> " + w.word + "：" + said + "\n"
		if b.Len()+len(line)+len("> …\n")+len(end) > maxRobotText {
			b.WriteString("> …\n")
			break
		}
		b.WriteString(line)
	}
	b.WriteString(end)
	return b.String(), nil
}

// meaning says in Chinese what an event means; empty where that is not known.
func meaning(kind string, code any) string {
	code, _ = code.(string)
	if m, ok := meanings[fmt.Sprint(kind, " ", code)]; ok {
		return m
	}
	return meanings[kind]
}

// title is an event's type in Chinese; a type that is not known stands as it is.
func title(kind string) string {
	what, happened, _ := strings.Cut(kind, ".")
	if titles[what] == "" || titles[happened] == "" {
		return clean(kind)
	}
	return titles[what] + titles[happened]
}

// subject gives what an event is about as the document that a JSON hook would get.
func subject(e Event) (map[string]any, error) {
	about := e.Schedule
	if e.Batch != nil {
		about = e.Batch
	}
	if e.Job != nil {
		about = e.Job
	}
	text, err := json.Marshal(about)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var document map[string]any
	if err := d.Decode(&document); err != nil {
		return nil, nil // it is no object: the event's type and ID say enough
	}
	if document["job"] == document["batch"] { // a batch's status has its ID as both
		delete(document, "job")
	}
	return document, nil
}

// tell is what a key's value says; empty where it says nothing.
func tell(key string, v any) string {
	switch v := v.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return at.In(beijing).Format("2006-01-02 15:04:05")
		}
		said := clean(v)
		switch key {
		case "state", "operation", "kind":
			said = clean(catalogue.Term(v, catalogue.Chinese))
		case "reason", "error", "source":
			said = clean(catalogue.Sentence(v, catalogue.Chinese))
		}
		return coloured(key, v, said)
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return clean(v.String())
		}
		if n == 0 && (key == "pending" || key == "unprocessed") {
			return ""
		}
		if n != 0 && (key == "failed" || key == "unprocessed") {
			return `<font color="warning">` + count(n) + "</font>"
		}
		return count(n)
	case []any:
		if len(v) > 0 {
			return count(int64(len(v)))
		}
	case map[string]any:
		switch key {
		case "failures":
			return counts(v, clean)
		case "resync":
			return drift(v)
		case "jobs":
			return counts(v, func(state string) string { return clean(catalogue.Term(state, catalogue.Chinese)) })
		}
		if message, ok := v["message"].(string); ok { // an error with its code
			return clean(catalogue.Sentence(message, catalogue.Chinese))
		}
	}
	return ""
}

// drift is what a resync found, of the fields that its document has under resync; empty before it has found anything. One
// that does what another left undone has compared nothing, and wants nothing.
func drift(r map[string]any) string {
	if phase, _ := r["phase"].(string); phase == string(job.PhaseList) {
		return ""
	}
	wanted, _ := r["wanted"].(json.Number)
	var parts []string
	for _, key := range []string{"in_line", "missing", "surplus", "contradicted"} {
		n, _ := r[key].(json.Number)
		value, _ := n.Int64() // none where there is none
		text := catalogue.Term(strings.ReplaceAll(key, "_", " "), catalogue.Chinese) + " " + count(value)
		switch {
		case key != "contradicted" && wanted == "0":
		case key != "contradicted":
			parts = append(parts, text)
		case value > 0:
			parts = append(parts, `<font color="warning">`+text+"</font>")
		}
	}
	return strings.Join(parts, "，")
}

func coloured(key, v, said string) string {
	switch {
	case said == "" || key != "state":
		return said
	case v == "completed":
		return `<font color="info">` + said + "</font>"
	case v == "aborted" || v == "cancelled" || v == "failed" || v == "missed":
		return `<font color="warning">` + said + "</font>"
	}
	return said
}

// counts lists what there is most of: the codes that stores failed with, the states that jobs are in.
func counts(all map[string]any, word func(string) string) string {
	by := map[string]int64{}
	for name, v := range all {
		if n, ok := v.(json.Number); ok {
			by[name], _ = n.Int64() // one that is no count is as none
		}
	}
	maps.DeleteFunc(by, func(_ string, n int64) bool { return n == 0 })
	order := slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		if by[a] != by[b] {
			return int(min(1, max(-1, by[b]-by[a])))
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for i, name := range order {
		if i == maxCounts {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprintf("%s %s", word(name), count(by[name])))
	}
	return strings.Join(parts, "，")
}

func clean(s string) string { return markdown.Replace(plain(s, maxValue)) }

// count writes a number so that a person can read it: 1,234,567.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(digits) - 3; i > from; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
