package catalogue

import (
	"strings"
	"testing"
)

func TestSentencesAreKnownByTheirForm(t *testing.T) {
	t.Parallel()
	for english, want := range map[string]string{
		"list.csv:5: 4 rows of the list have no good store ID, nothing was sent (mend the list, or go on without these rows by --set-aside" +
			" FILE):\n  line 5, column 门店编号: \"1.5: E+08\": the number is not a whole one: give the column the format Text and enter the" +
			" store ID again\n  … and 1,000 more": "list.csv:5：清单中有 4 行没有正确的门店ID，没有发送任何内容（请改正清单，或用 --set-aside FILE 把这些行另存，其余照常提交）：" +
			"\n  第 5 行，“门店编号”列：\"1.5: E+08\"：不是整数：请把该列设为“文本”格式后重新填写门店ID\n  ……另有 1,000 行",
		"1 store failed and 2,000 stores left unprocessed: `enqueue results J` tells which, `enqueue retry J` sends them again": "1 家门店失败，" +
			"2,000 家门店未处理：执行 `enqueue results J` 查看明细，执行 `enqueue retry J` 重新发送",
		"by root@vm":                "操作人 root@vm",
		"19.5 of 20 calls a second": "每秒 19.5 次调用，配额 20 次",
		"19.4 of 20 calls a second; a call was rate limited 3 min ago; another client uses about 5 calls a second; waiting for Redis: 240 ms a round trip": "每秒 19.4 次调用，配额 20 次；3 分钟前有调用被限流；另有客户端每秒约用 5 次调用；等待 Redis：往返需 240 毫秒",
		"associate-stock: WeChat Pay refused calls for their rate (429): nobody calls for a while":                                                         "associate-stock：调用被微信支付限流（429），暂停一会儿",
		"600 of 1000 decided stores failed: more than the threshold of 50 %":                                                                               "已处理的 1000 家门店中有 600 家失败，超过 50% 的失败阈值",
		`'\x1b' cannot stand in a store ID, which has only 0-9, A-Z, a-z, _ and -`:                                                                         `门店ID里不能有 '\x1b'，只能由 0-9、A-Z、a-z、_ 和 - 组成`,
		// What is not known, and what WeChat Pay says, stays.
		"HTTP 400 PARAM_ERROR: store %d: no such store":          "HTTP 400 PARAM_ERROR: store %d: no such store",
		"HTTP 403 NO_AUTH: by nobody":                            "HTTP 403 NO_AUTH: by nobody",
		"calls fail, the last with: HTTP 503: no worker was up":  "调用接连失败，最近一次：HTTP 503: no worker was up",
		"by nobody (and others)":                                 "by nobody (and others)",
		"/srv/a.csv: the list broke off after 10 of 2,000 bytes": "/srv/a.csv：清单在 10 / 2,000 字节处中断",
		"": "", ": ": ": ", strings.Repeat("a: ", 600) + "b": strings.Repeat("a: ", 600) + "b", // and at once "100%d (%s)": "100%d (%s)",
	} {
		if got := Sentence(english, Chinese); got != want {
			t.Errorf("%q\nbecomes %q\nwant    %q", english, got, want)
		}
		if got := Sentence(english, English); got != english {
			t.Errorf("in English, %q becomes %q", english, got)
		}
	}
}

func TestMessagesOfStoresKeepWeChatPaysWords(t *testing.T) {
	t.Parallel()
	for english, want := range map[string]string{
		"8 calls were made for it; the last: SYSTEM_ERROR 系统异常 (a call for it went unanswered: it may have been carried out)": "" +
			"为它调用了 8 次；最近一次：SYSTEM_ERROR 系统异常（有一次调用没有收到应答：可能已经生效）",
		"8 calls were made for it; the last: no connection to 127.0.0.1": "为它调用了 8 次；最近一次：无法连接 127.0.0.1",
		"cancelled": "cancelled", "by nobody": "by nobody", "门店不存在": "门店不存在", // WeChat Pay's
	} {
		if got := Message(english, Chinese); got != want {
			t.Errorf("%q\nbecomes %q\nwant    %q", english, got, want)
		}
		if got := Message(english, English); got != english {
			t.Errorf("in English, %q becomes %q", english, got)
		}
	}
}
