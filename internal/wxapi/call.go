package wxapi

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Call is one request that names stores: associate-stores or disassociate-stores.
type Call struct {
	Operation job.Operation // one of job.Writes
	Target    job.Target
	StoreIDs  []string // 1 to job.MaxStoresPerCall, each once

	// Ready, if set, is asked once the request is signed and a connection stands, before each time it is put on the wire
	// (so again before the spare host, and never for a host that cannot be reached): it waits for the pace. Its error
	// ends the call with nothing sent, as Class NotSent; after a first request that was cut off, as ClassPassingCall.
	Ready func(context.Context) error
}

// Answer is a verified 200: every store of the call is in exactly one of its lists, by its place in Call.StoreIDs.
type Answer struct {
	Succeeded []int          // named as a success, or failed with a code that says it was so before
	Failed    []StoreFailure // Class ClassStore or ClassPassingStore, as the configured codes say
	Missing   []int          // named in neither list, or in both: passing
	RequestID string         // the Request-Id header
	Sent      int            // requests put on the wire for this call; 2 where the first of them was cut off unanswered
	Elapsed   time.Duration  // from putting the last of them on the wire to the end of the answer
	Way       Way            // of the last of them
}

// StoreFailure is one store of an answer's failed_store_list; Code and Message as they came.
type StoreFailure struct {
	Index   int
	Code    string
	Message string
	Class   job.Class
}

// Failure is why a call has no Answer. It is the only error type that the calls return.
type Failure struct {
	Class   job.Class
	Status  int          // HTTP status; 0 where no answer came
	Code    string       // as it came, or "" (never invented)
	Message i18n.Message // as it came (Plain), or what happened
	Number  string       // the digits after the Request-Id's last "-"
	Index   int          // for ClassPoisoned: the place in Call.StoreIDs that detail.field names; -1 where none is named

	RequestID string
	Sent      int           // requests put on the wire; 0 means that WeChat Pay cannot have seen the call
	Elapsed   time.Duration // as in Answer
	Way       Way           // as in Answer

	// Unanswered: a request may have been carried out, and nobody knows. No answer came that can be believed, or one
	// that leaves it open (a 5xx); or a first request was cut off, whatever then was answered to the second.
	Unanswered bool

	// Unproven: an answer came whose signature is missing where it is needed, or does not hold: WeChat Pay's key as it is
	// configured may be wrong, or WeChat Pay tests its callers.
	Unproven bool

	Err error // the cause, where there is one (a *net.OpError, a context's error)
}

func (f *Failure) Error() string { return f.AsMessage().String() }

// AsMessage is what happened, with the answer's status and code.
func (f *Failure) AsMessage() i18n.Message {
	switch {
	case f.Code != "":
		return i18n.M("wxapi.answer_code", "status", f.Status, "code", f.Code, "message", f.Message)
	case f.Status != 0:
		return i18n.M("wxapi.answer", "status", f.Status, "message", f.Message)
	}
	return f.Message
}

func (f *Failure) Unwrap() error { return f.Err }
