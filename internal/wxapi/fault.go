package wxapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Bounds of what is kept of an answer's words, in bytes: they end in the ledger and in reports, once for every store.
const (
	maxCode    = 128
	maxMessage = 1024
	maxSnippet = 80 // of an answer that is none of WeChat Pay's
)

// judge says what an exchange means where it is not a verified 200, for which it gives nil. ids are the stores of the
// request.
func (c *Client) judge(x *exchange, ids []string) *Failure {
	if x.failure != nil {
		return x.finish(x.failure)
	}
	rep, now := x.reply, c.config.Clock()
	proof := c.checker.check(x.ctx, rep.header, rep.body, now)
	if proof.unknown != "" {
		c.noteStrange(proof.unknown, requestID(rep.header))
	}
	if rep.status == http.StatusOK {
		if proof.standing == proven {
			c.note(x, nil)
			return nil
		}
		return x.finish(unbelieved(proof))
	}
	if rep.status == http.StatusAccepted { // whatever it carries
		return x.finish(passing(i18n.M("wxapi.accepted")))
	}
	fault, ok := readFault(rep.body)
	if !ok && rep.status == http.StatusTooManyRequests { // a gateway's: nothing is decided by it, but less is sent
		return x.finish(&Failure{Class: job.ClassPace, Index: -1,
			Message: i18n.M("wxapi.gateway_limits", "answer", snippet(rep.body))})
	}
	if !ok {
		return x.finish(passing(i18n.M("wxapi.not_theirs", "answer", snippet(rep.body))))
	}
	number := errorNumber(requestID(rep.header))
	class, index := classify(rep.status, fault, number, ids)
	switch {
	case proof.standing == proven, proof.standing == unsigned:
	case proof.standing == outdated && class == job.ClassAccount:
		// The very sign of a wrong clock: WeChat Pay refuses the request's time, and its own looks wrong here.
	default:
		return x.finish(unbelieved(proof))
	}
	f := &Failure{Class: class, Index: index, Code: fault.code, Message: i18n.Plain(fault.words())}
	if class == job.ClassAccount {
		cause := signatureCause(&c.config, rep.header, fault.words(), now)
		if told, ok := readSignInformation(rep.body); ok {
			if changed := told.difference(x.request, x.auth); !changed.IsZero() {
				cause = changed
			} else {
				cause = i18n.M("wxapi.very_text", "cause", cause)
			}
		}
		if words := fault.words(); words != "" {
			cause = i18n.M("wxapi.says", "cause", cause, "words", words)
		}
		f.Message = cause
	}
	f.Number = number
	return x.finish(f)
}

// finish fills in what a failure has from the wire. A call whose effect nobody knows is unanswered: what proves
// nothing, a 5xx, and any failure after a first request that was cut off.
func (x *exchange) finish(f *Failure) *Failure {
	f.Sent, f.Elapsed, f.Way = x.sent, x.elapsed, x.way
	f.Unanswered = x.unknown || x.sent > 0 && f.Class == job.ClassPassingCall
	if x.reply != nil {
		f.Status, f.RequestID = x.reply.status, requestID(x.reply.header)
	}
	x.client.note(x, f)
	return f
}

func passing(message i18n.Message) *Failure {
	return &Failure{Class: job.ClassPassingCall, Index: -1, Message: message}
}

func unbelieved(p proof) *Failure {
	f := passing(i18n.M("wxapi.unbelieved", "reason", p.reason))
	f.Unproven = true
	return f
}

func malformed(err error) *Failure {
	f := passing(i18n.M("wxapi.malformed", "error", err))
	f.Err = err
	return f
}

// fault is an error answer's body.
type fault struct {
	code, message                 string
	field, value, issue, location string // of its detail
}

// readFault reads an error answer; false where it is none: no JSON object, or one without a code. Only the code is
// relied on: detail has other shapes than the documented one, and one that cannot be read is as none.
func readFault(body []byte) (fault, bool) {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return fault{}, false
	}
	f := fault{code: text(top["code"]), message: text(top["message"])}
	var detail map[string]json.RawMessage
	if json.Unmarshal(top["detail"], &detail) == nil {
		f.field, f.value = text(detail["field"]), text(detail["value"])
		f.issue, f.location = text(detail["issue"]), text(detail["location"])
	}
	return f, f.code != "" && len(f.code) <= maxCode
}

// text is a JSON string's content, or ""; of a number, as which a store ID may come back, its digits.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// words is what the answer says, for a person: the message, and what detail adds to it.
func (f fault) words() string {
	s := f.message
	switch {
	case strings.Contains(s, f.issue):
	case f.field != "":
		s += " (" + f.field + ": " + f.issue + ")"
	default:
		s += " (" + f.issue + ")"
	}
	return cut(strings.TrimSpace(s), maxMessage)
}

// requestID is the answer's Request-Id, which WeChat Pay's support asks for.
func requestID(h http.Header) string { return cut(h.Get(headerRequestID), maxCode) }

// errorNumber is the finer error number: the digits after a Request-Id's last "-"; "" where there are none.
func errorNumber(requestID string) string {
	i := strings.LastIndexByte(requestID, '-')
	if i < 0 {
		return ""
	}
	number := requestID[i+1:]
	for _, r := range number {
		if r < '0' || r > '9' {
			return ""
		}
	}
	return number
}

// snippet is the beginning of an answer that is none of WeChat Pay's: enough to recognize a proxy's page.
func snippet(body []byte) i18n.Message {
	if len(body) == 0 {
		return i18n.M("wxapi.empty")
	}
	return i18n.M("wxapi.begins", "text", cut(string(body[:min(len(body), 2*maxSnippet)]), maxSnippet))
}

// cut shortens s to at most n bytes, an ellipsis included, without breaking a character.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	end := n - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
