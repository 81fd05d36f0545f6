package notify

import (
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// robotMessage is a WeCom robot's message in Markdown (document/path/91770).
type robotMessage struct {
	Type     string        `json:"msgtype"`
	Markdown robotMarkdown `json:"markdown"`
}

type robotMarkdown struct {
	Content string `json:"content"`
}

// maxRobotText is how long a message's content may be, in bytes of UTF-8: a longer one is refused (errcode 40058).
const maxRobotText = 4096

// The robot's error codes that pass (document/path/90313).
const (
	robotBusy       = -1    // 系统繁忙: WeCom asks to try again in a while
	robotRate       = 45009 // more than 20 messages in this minute
	robotConcurrent = 45033 // too many messages at once
)

// robotPasses says whether a code passes, and how long the robot is to be left alone.
func robotPasses(code int) (bool, time.Duration) {
	switch code {
	case robotRate:
		return true, time.Minute // the allowance is that of a minute
	case robotBusy, robotConcurrent:
		return true, 0
	}
	return false, 0
}

// said is what a robot says of itself, on one line, without its key; of a relay's address, the path may be the key.
func said(text string, u *url.URL) string {
	if !isRobot(u) {
		for part := range strings.SplitSeq(u.Path, "/") {
			if part != "" {
				text = strings.ReplaceAll(text, part, "***")
			}
		}
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if v != "" {
				text = strings.ReplaceAll(text, v, "***")
			}
		}
	}
	return plain(text, maxSaid)
}

// plain gives a text on one line, cut to a number of characters, without what cannot be shown.
func plain(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return s
}

// markdown keeps a text from outside (a label, a reason) from meaning anything in the robot's Markdown, which knows no
// escapes: what would begin a mention (<@all>), a link or a colour is written in full width.
var markdown = strings.NewReplacer("<", "＜", ">", "＞", "[", "［", "]", "］", "(", "（", ")", "）", "*", "＊", "`", "｀", "#", "＃")
