package wxapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// request is one request, whichever host it goes to.
type request struct {
	method string
	path   string // with its query
	body   string // empty for GET
}

// reply is what a host answered, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// exchange is how one call went on the wire, over one host or two.
type exchange struct {
	client *Client
	ctx    context.Context // the caller's
	*request
	ready func(context.Context) error // may be nil

	auth     string    // the Authorization header in force
	signedAt time.Time // by the configured clock

	sent    int           // requests of which the host may have seen something
	elapsed time.Duration // of the last of them
	way     Way           // of the last of them
	unknown bool          // one of them was not answered
	reply   *reply        // of the last; nil where failure is set
	failure *Failure
}

// run signs the request and sends it until a host answers: to the second host where the first cannot be reached, or
// cuts the connection before it has answered. After a time-out it does not go on, since the call's time is used up;
// but the next call then begins with the other host.
//
// Sending a request again whose effect is unknown is harmless: associating a store is the same once and twice, and
// only a checked answer counts.
func (x *exchange) run() {
	if err := x.ctx.Err(); err != nil {
		x.stop(err)
		return
	}
	if !x.sign() {
		return
	}
	var troubles []error
	for _, host := range x.client.hosts.order() {
		if host == nil {
			break
		}
		err := x.try(host)
		if err == nil { // answered, or ended by a failure
			return
		}
		troubles = append(troubles, err)
		if _, onward := err.(*hostError); !onward {
			break
		}
	}
	if err := x.ctx.Err(); err != nil && x.sent == 0 {
		x.stop(err)
		return
	}
	err := errors.Join(troubles...)
	x.failure = &Failure{Class: job.ClassPassingCall, Index: -1, Message: i18n.Of(err), Err: err}
}

// try makes the call on one host. Its error is a *hostError where the other host may be tried; nil where the exchange
// has ended.
func (x *exchange) try(host *pool) error {
	if x.sent > 0 && !x.sign() { // a nonce is used once
		return nil
	}
	cn, err := host.get(x.ctx)
	if err != nil {
		return x.unreached(host, err)
	}
	if x.ready != nil {
		asked := time.Now()
		err := x.ready(x.ctx)
		switch {
		case err == nil && time.Since(asked) < idleLife:
		case err == nil:
			cn.Close() // it may have died while the call waited for the pace; send takes a new one
		default:
			host.put(cn)
			x.stop(err)
			return nil
		}
		if age := x.client.config.Clock().Sub(x.signedAt); (age > signatureLife || age < -signatureLife) && !x.sign() {
			host.put(cn)
			return nil
		}
	}
	start := time.Now()
	x.reply, err = x.send(host, cn)
	x.elapsed = time.Since(start)
	if err == nil {
		x.client.hostAnswered(host)
	}
	return err
}

// sign makes the Authorization header. Where it cannot, the exchange ends: the account's key is of no use.
func (x *exchange) sign() bool {
	now := x.client.config.Clock()
	auth, err := x.client.authorizer.authorize(x.ctx, x.request, now)
	if err != nil {
		// The cause is not repeated: it comes from where the private key is.
		x.failure = &Failure{Class: job.ClassAccount, Index: -1, Message: i18n.M("wxapi.cannot_sign")}
		return false
	}
	x.auth, x.signedAt = auth, now
	return true
}

// stop ends an exchange that was told to stop while it waited: nothing is on the wire, unless a first request was cut
// off before.
func (x *exchange) stop(err error) {
	x.failure = &Failure{Class: job.ClassNotSent, Index: -1, Message: i18n.M("wxapi.not_sent", "error", err), Err: err}
	if x.sent > 0 {
		x.failure.Class = job.ClassPassingCall
		x.failure.Message = i18n.M("wxapi.cut_off", "error", err)
	}
}

// unreached is the failure of making a connection, unless the caller stopped it.
func (x *exchange) unreached(host *pool, err error) error {
	if x.ctx.Err() != nil {
		return i18n.E("wxapi.stopped_connecting", "host", host.name, "error", x.ctx.Err())
	}
	x.client.hostFailed(host, err)
	return &hostError{i18n.M("wxapi.no_connection", "host", host.name, "error", err), err}
}

// hostError is a host that could not be reached, or that cut the connection before any part of an answer had come: the
// other host may do better.
type hostError struct {
	message i18n.Message
	err     error
}

func (e *hostError) Error() string           { return e.message.String() }
func (e *hostError) Unwrap() error           { return e.err }
func (e *hostError) AsMessage() i18n.Message { return e.message }
