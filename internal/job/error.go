package job

import (
	"errors"
	"fmt"

	"github.com/storelink/storelink/internal/i18n"
)

// Error is an error that a person or a script is meant to see: a code for machines and a message for people.
// Everything else is internal, and told as such.
type Error struct {
	Code    string       // one of the Code constants: what a script branches on, and the exit status
	Message i18n.Message // what happened, where, and what to do next
	File    string       // of the operator's input, where it is about one
	Line    int          // 1-based; 0 where it is about none
	Job     string       // the job it is about, where it is about one
	Err     error        // what caused it
}

// The codes of errors, and so the exit status (ExitStatus) of the commands.
const (
	CodeUsage          = "usage"           // 2: the call is wrong
	CodeBadList        = "bad_list"        // 2: the store list is wrong
	CodeBadConfig      = "bad_config"      // 2: the configuration is wrong
	CodeUnknownAccount = "unknown_account" // 2
	CodeUnknownJob     = "unknown_job"     // 2
	CodePruneRefused   = "prune_refused"   // 2: the prune would remove too much
	CodeJobAtWork      = "job_at_work"     // 2: the target has a job at work
	CodeBadState       = "bad_state"       // 2: the job's state does not allow it

	CodeUnknownSchedule = "unknown_schedule" // 2

	CodeRedis       = "redis"       // 1: Redis cannot be reached, or refuses
	CodeTimeout     = "timeout"     // 1
	CodeLane        = "lane"        // 1: the account cannot be served
	CodeIO          = "io"          // 1: a file cannot be written
	CodeInternal    = "internal"    // 1
	CodeUnfinished  = "unfinished"  // 3: stores failed or were left unprocessed
	CodeInterrupted = "interrupted" // 130
)

// Error is the message in English, behind the place that it is about.
func (e *Error) Error() string { return e.AsMessage().In(i18n.English) }

// AsMessage is the message with the place that it is about.
func (e *Error) AsMessage() i18n.Message {
	switch {
	case e.File != "" && e.Line > 0:
		return i18n.M("system.at", "file", e.File, "line", e.Line, "message", e.Message)
	case e.File != "":
		return i18n.M("system.in", "file", e.File, "message", e.Message)
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Fail makes an Error: code is one of the Code constants, message is a code of i18n's table, and args are its arguments, as
// i18n.M has them. The first argument that is an error is what caused it.
func Fail(code, message string, args ...any) *Error {
	return &Error{Code: code, Message: i18n.M(message, args...), Err: i18n.Cause(args)}
}

// Wrap makes an Error of one that says enough itself, and keeps its place where it has one.
func Wrap(code string, err error) *Error {
	if e, ok := err.(*Error); ok { // what wraps one says more than it
		same := *e
		same.Code, same.Err = code, err
		return &same
	}
	return &Error{Code: code, Message: i18n.Of(err), Err: err}
}

// Errorf makes an Error of a sentence that is no message yet: Fail takes its place.
func Errorf(code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: i18n.Plain(err.Error()), Err: errors.Unwrap(err)}
}

// In is what err says in a language.
func In(err error, lang i18n.Lang) string { return i18n.Of(err).In(lang) }

// AsError gives the Error in err's chain; an error without one is CodeInternal.
func AsError(err error) *Error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	return &Error{Code: CodeInternal, Message: i18n.Of(err), Err: err}
}

// ExitStatus is what a command that failed with err exits with; 0 for nil.
func ExitStatus(err error) int {
	if err == nil {
		return 0
	}
	switch AsError(err).Code {
	case CodeUsage, CodeBadList, CodeBadConfig, CodeUnknownAccount, CodeUnknownJob, CodeJobAtWork, CodeBadState,
		CodePruneRefused:
		return 2
	case CodeUnfinished:
		return 3
	case CodeUnknownSchedule:
		return 2
	case CodeInterrupted:
		return 130
	}
	return 1
}
