package wxapi

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
)

// signInformation is what WeChat Pay tells with a refused signature: the text that it checked the signature over, its
// newlines as \n and its body cut short.
type signInformation struct {
	Method  string `json:"method"`
	URL     string `json:"url"`
	Message string `json:"truncated_sign_message"`
	Length  int    `json:"sign_message_length"` // of the whole text, in bytes
}

// readSignInformation reads detail.sign_information of an error answer; false where there is none.
func readSignInformation(body []byte) (signInformation, bool) {
	var answer struct {
		Detail struct {
			SignInformation *signInformation `json:"sign_information"`
		} `json:"detail"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Detail.SignInformation == nil {
		return signInformation{}, false
	}
	s := *answer.Detail.SignInformation
	if !strings.Contains(s.Message, "\n") {
		s.Message = strings.ReplaceAll(s.Message, `\n`, "\n")
	}
	return s, s.Message != ""
}

var (
	nonceField     = regexp.MustCompile(`nonce_str="([^"]*)"`)
	timestampField = regexp.MustCompile(`timestamp="([^"]*)"`)
)

// signLines are the names of the lines of the text that is signed.
var signLines = [...]i18n.Message{i18n.M("wxapi.line_method"), i18n.M("wxapi.line_path"), i18n.M("wxapi.line_timestamp"),
	i18n.M("wxapi.line_nonce"), i18n.M("wxapi.line_body")}

// difference compares the text that WeChat Pay checked with the one that was signed, and names the first line that
// differs, with both as far as they may be shown. "" where they are the same: then it is the key.
func (s signInformation) difference(r *request, auth string) i18n.Message {
	field := func(f *regexp.Regexp) string {
		if m := f.FindStringSubmatch(auth); m != nil {
			return m[1]
		}
		return ""
	}
	signed := [...]string{r.method, r.path, field(timestampField), field(nonceField), r.body}
	theirs := strings.SplitN(s.Message, "\n", len(signed))
	for i, line := range signed[:len(signed)-1] {
		checked := ""
		if i < len(theirs) {
			checked = theirs[i]
		}
		if i == len(theirs)-1 && strings.HasPrefix(line, checked) && len(checked) < len(line) {
			return i18n.Message{} // cut short there
		}
		if checked != line {
			return i18n.M("wxapi.line_changed", "line", signLines[i], "n", i+1, "signed", cut(line, maxCode), "got", cut(checked, maxCode))
		}
	}
	// The body is cut short, so its length decides; it is not shown: it may be long.
	length := len(r.body) + 1
	for _, line := range signed[:len(signed)-1] {
		length += len(line) + 1
	}
	shown := ""
	if len(theirs) == len(signed) {
		shown = strings.TrimRight(theirs[len(theirs)-1], "\n.…") // however it is said that it is cut short
	}
	if !strings.HasPrefix(r.body, shown) || s.Length > 0 && s.Length != length {
		if s.Length > 0 {
			return i18n.M("wxapi.body_length_changed", "signed", length, "got", s.Length)
		}
		return i18n.M("wxapi.body_changed")
	}
	return i18n.Message{}
}
