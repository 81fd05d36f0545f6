// Package notify tells others that a job or a batch has ended, or what became of a schedule's run that made no job: it posts
// an event to a completion hook, once for each call of Send. Retrying is its caller's, which learns from a Failure whether
// that makes sense. It connects to nothing that the configuration's rules for addresses (package egress) do not allow,
// follows no redirect, and must never show a hook's address beyond its host: the path or the query of one is as good as a
// password.
//
// # A JSON hook
//
// The event is posted as a JSON document (Event), with two headers:
//
//	Storelink-Event-Id: 20261123-182754-h5z6sle3
//	Storelink-Signature: t=1795459674,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
//
// These are the events, with what they are about:
//
//	job.ended           job       the job's status, as enqueue status --json has it
//	batch.ended         batch     the batch's, likewise
//	schedule.failed     schedule  a run whose list could not be read, or was no good
//	schedule.skipped    schedule  a run that came while the last job, or another on the target, was at work
//	schedule.missed     schedule  a tick, or several in a row, that no worker came to
//	schedule.unchanged  schedule  a run that had nothing to do: the list is the same, and every store of it succeeded
//	schedule.gone       schedule  a run whose job was gone from Redis before its end could be noted
//
// So of each run of a schedule there is one: that of its job, or one of these. They have the schedule's name, what it does,
// the run (run, kind, tick, state, reason, code, missed, …; as enqueue schedule show --json has it) and the next tick.
//
// An answer of 2xx takes the event; what it says is not read. An event comes at least once: whoever takes it tells
// repeats by its ID, which is the same for each attempt, and may get events in another order than they happened in.
//
// The signature is made as Stripe makes its own (docs.stripe.com/webhooks, "Verify webhook signatures manually"), so that
// what is known to check those checks ours. To check it:
//
//  1. Split the header at "," into parts, and each part at "=" into a name and a value. t is the time of the attempt, in
//     seconds since 1970; v1 is a signature. Others are to be passed over: they may be of a later scheme.
//  2. Make the signed text: the value of t, ".", and the body as it came, byte by byte.
//  3. Compute the HMAC of it with SHA-256 under the secret, in lower-case hexadecimal.
//  4. Compare it with each v1 in constant time, and t with the clock: what is older than some minutes (Tolerance) may be
//     a copy that somebody else sends again.
//
// Verify does this.
//
// # A WeCom robot
//
// The robot of a WeCom group (企业微信群机器人, developer.work.weixin.qq.com/document/path/91770) is sent a message in
// Chinese. Its key is in its address, so nothing is signed. A robot takes 20 messages a minute, and a Markdown message
// of at most 4,096 bytes. It answers HTTP 200 whatever happens, and says what by an errcode. The same message can be sent
// to another address, behind which something of the user's passes it on: there HTTP 2xx without an errcode is a yes.
package notify

import (
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
)

// Format is how a hook is told.
type Format string

// The formats.
const (
	JSON  Format = "json"  // a signed JSON document; what an empty format means
	WeCom Format = "wecom" // the message of a WeCom robot
)

// ParseFormat reads a format as a person types it; the empty string is JSON.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case "":
		return JSON, nil
	case JSON, WeCom:
		return f, nil
	}
	return "", job.Errorf(job.CodeUsage, "the format %q of a notification is not known: it is json or wecom", s)
}

// Hook is where an event goes: a hook that the configuration names, or an address. Its address is a secret, whatever the
// format: a Hook that is printed or logged shows its name, or the host alone. Marshalled to JSON it is whole, so that it
// can be kept with what it belongs to.
type Hook struct {
	Name   string `json:"name,omitempty"` // one of Options.Named, which has the rest
	URL    string `json:"url,omitempty"`
	Format Format `json:"format,omitempty"` // JSON where empty
}

// HookOf is a job's hook.
func HookOf(h job.Hook) Hook { return Hook{Name: h.Name, URL: h.URL, Format: Format(h.Format)} }

// String is the hook's name, or its format and its address without what may be secret in it.
func (h Hook) String() string {
	if h.Name != "" {
		return h.Name
	}
	format := h.Format
	if format == "" {
		format = JSON
	}
	return string(format) + " " + shown(h.URL)
}

// GoString is what %#v prints.
func (h Hook) GoString() string { return h.String() }

// LogValue is what slog writes.
func (h Hook) LogValue() slog.Value { return slog.StringValue(h.String()) }

// shown is an address as it may be shown.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "[secret]"
	}
	return egress.ShownHost(u)
}

// Event is what is told: the document of a JSON hook.
type Event struct {
	ID       string      `json:"id"`                // the same for each attempt at this event
	Type     string      `json:"type"`              // one of those above
	At       time.Time   `json:"at"`                // when it happened
	Attempt  int         `json:"attempt,omitempty"` // from 1; 0 where the caller does not count
	Job      *job.Status `json:"job,omitempty"`     // what it is about: one of these
	Batch    any         `json:"batch,omitempty"`
	Schedule any         `json:"schedule,omitempty"`
}

// Failure is why an event was not taken. It is the only error type that Send returns.
type Failure struct {
	Passing    bool          // another attempt may succeed; otherwise none will
	RetryAfter time.Duration // what the hook asks to be left alone for, at most an hour; 0 where it says nothing
	Status     int           // the answer's HTTP status; 0 where none came
	Code       int           // a WeCom robot's errcode; 0 where there is none
	Message    string        // one sentence for a person, with the hook's host and nothing secret
	Err        error         // the cause, where there is one (context.Canceled, a *net.OpError, a *job.Error)
}

func (f *Failure) Error() string { return f.Message }

func (f *Failure) Unwrap() error { return f.Err }

// robotHost is where WeCom's robots are, and robotPath is how the address of every one of them ends.
const (
	robotHost = "qyapi.weixin.qq.com"
	robotPath = "/cgi-bin/webhook/send"
)

// isRobot says whether an address leads to a WeCom robot; any other may have a relay behind it that takes its messages.
func isRobot(u *url.URL) bool { return strings.HasSuffix(u.Path, robotPath) }

// checkShape refuses an address that cannot take what its format is: a robot's without its key, or one at WeCom that is no
// robot's.
func checkShape(u *url.URL, format Format) error {
	robot := isRobot(u)
	switch {
	case format != WeCom && format != JSON && format != "":
		_, err := ParseFormat(string(format))
		return err
	case format == WeCom && (robot && u.Query().Get("key") == "" || !robot && strings.EqualFold(u.Hostname(), robotHost)):
		return job.Errorf(job.CodeUsage, "the address at %s is not that of a WeCom robot, which ends in %s?key=…: copy it whole from the"+
			" robot's page", u.Host, robotPath)
	case format != WeCom && robot:
		return job.Errorf(job.CodeUsage, "the address at %s is that of a WeCom robot, which does not understand the JSON document: choose"+
			" the format wecom", u.Host)
	}
	return nil
}
