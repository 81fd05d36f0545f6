package job

import (
	"errors"
	"fmt"
)

// Error is an error that a person or a script is meant to see: a code for machines and one sentence for people.
// Everything else is internal, and told as such.
type Error struct {
	Code    string // one of the Code constants
	Message string // one sentence: what happened, where, and what to do next
	File    string // of the operator's input, where it is about one
	Line    int    // 1-based; 0 where it is about none
	Job     string // the job it is about, where it is about one
	Err     error  // what caused it
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

func (e *Error) Error() string {
	s := e.Message
	switch {
	case e.File != "" && e.Line > 0:
		s = fmt.Sprintf("%s:%d: %s", e.File, e.Line, s)
	case e.File != "":
		s = e.File + ": " + s
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; %w is understood.
func Errorf(code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// AsError gives the Error in err's chain; an error without one is CodeInternal.
func AsError(err error) *Error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	return &Error{Code: CodeInternal, Message: err.Error(), Err: err}
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
