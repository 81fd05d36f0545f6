package catalogue

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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

// A sentence that is said in other words by now would stay in English, and nobody would see it. Some are put together of
// parts: most of what stands in one, three words at a time, has to be said somewhere.
func TestSentencesAreStillSaid(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, text := range texts(t) {
		for _, three := range threes(text) {
			said[three] = true
		}
	}
	gap, ordered := regexp.MustCompile("%[dqsw]"), regexp.MustCompile(`%\[\d\]s`)
	for _, s := range append(sentences, messages...) {
		all := threes(s.EN)
		known := 0
		for _, three := range all {
			if said[three] {
				known++
			}
		}
		if known*3 < len(all)*2 {
			t.Errorf("nobody says %q: %d of %d", s.EN, known, len(all))
		}
		want, got := len(gap.FindAllString(s.EN, -1)), len(ordered.FindAllString(s.ZH, -1))+strings.Count(s.ZH, "%s")
		if got != want {
			t.Errorf("%q has %d gaps, and %q %d", s.EN, want, s.ZH, got)
		}
	}
}

var notWords = regexp.MustCompile(`%[-+.0-9\[\]]*[a-z%]|[:;,.()]`)

// threes are each three words of a text that follow one another without a gap.
func threes(text string) (all []string) {
	for _, part := range notWords.Split(text, -1) {
		words := strings.Fields(part)
		for i := range max(0, len(words)-2) {
			all = append(all, strings.Join(words[i:i+3], " "))
		}
	}
	return all
}

// texts are those of the code, with what is put together of literals in one.
func texts(t *testing.T) (all []string) {
	t.Helper()
	set := token.NewFileSet()
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "sentences.go" {
				return err
			}
			switch filepath.Ext(path) {
			case ".lua":
				text, err := os.ReadFile(path)
				all = append(all, string(text))
				return err
			case ".go":
				tree, err := parser.ParseFile(set, path, nil, 0)
				if err != nil {
					return err
				}
				ast.Inspect(tree, func(n ast.Node) bool {
					e, ok := n.(ast.Expr)
					if !ok {
						return true
					}
					if s, ok := folded(e); ok {
						all = append(all, s)
						return false
					}
					return true
				})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return append(all, "no such file or directory", "permission denied") // the system's
}

func folded(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, ok := folded(e.X)
		y, also := folded(e.Y)
		return x + y, ok && also
	}
	return "", false
}
