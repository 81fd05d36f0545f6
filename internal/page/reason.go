package page

import (
	"regexp"
	"strings"

	"github.com/storelink/storelink/internal/catalogue"
)

// reasons are the sentences of our own in which the ledger says why something is so, and how they are said in Chinese.
// What WeChat Pay or Redis said within them stays as it came.
var reasons = []struct {
	en *regexp.Regexp
	zh string
}{
	{regexp.MustCompile(`^by (\S+)$`), "操作人：$1"},
	{regexp.MustCompile(`^with batch (\S+)$`), "随批量任务 $1"},
	{regexp.MustCompile(`^calls fail, the last with: `), "调用连续失败，最近一次："},
	{regexp.MustCompile(`^(\d+) of (\d+) decided stores failed: more than the threshold of (\S+) %$`), "已处理的 $2 家门店中有 $1 家失败，超过了 $3% 的阈值"},
	{regexp.MustCompile(`^the request itself is refused: single stores of (\d+) chunks were refused alike, and no call of the job ever succeeded$`),
		"请求本身被拒绝：$1 个分块中的门店单独发送也同样被拒绝，任务没有任何一次调用成功"},
	{regexp.MustCompile(`^no worker was up$`), "当时没有 worker 在运行"},
	{regexp.MustCompile(`^no worker was up; a later tick is made up for$`), "当时没有 worker 在运行；只补运行之后的一次"},
	{regexp.MustCompile(`^retry of (\S+)$`), "重试 $1"},
}

// why says a reason in a language; one that is not known stands for itself.
func why(reason string, lang catalogue.Lang) string {
	if lang != catalogue.Chinese {
		return reason
	}
	for _, r := range reasons {
		if at := r.en.FindStringIndex(reason); at != nil {
			return strings.TrimSpace(r.en.ReplaceAllString(reason, r.zh))
		}
	}
	return reason
}
